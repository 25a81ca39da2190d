/** Rows that lists and counts by people read at 100,000 assets. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDateTime } from "../../../src/kernel/time.ts";
import { listAssets, type ListAssetsParams } from "../../../src/operations/assets/assets.ts";
import { countAssets } from "../../../src/operations/assets/assetCounts.ts";
import { everyAsset } from "../../../src/records/assets/assetFilters.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { testContext } from "../../support/context.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";
import { seedPeople, shownAs, type SeededPerson } from "../../support/rows/seedPeople.ts";

type Filter = Partial<ListAssetsParams["filter"]>;

const principal = {
  userId: "intuser_people",
  libraryIds: null,
  actions: ["read"] as const,
  isSession: false,
  isOwner: false,
};
const SIZE = 100_000;
const PAGE = 20;
/** The library, the cursor of each range, and the ends of ranges. */
const FIXED_ROWS = 8;
/** A row of the people's range, and the asset. */
const ROWS_PER_ASSET = 2;
const counted = countingD1(env.DB);
let library: Seeded;
let people: Record<SeededPerson, string>;

beforeAll(async () => {
  library = await seedLibrary(principal.userId, SIZE);
  people = await seedPeople(library);
  await env.DB.prepare(
    "UPDATE albums SET asset_count = (SELECT count(*) FROM album_assets WHERE album_id = ?1 AND trashed_at IS NULL) WHERE id = ?1",
  )
    .bind(library.albumId)
    .run();
}, 400_000);

async function listPage(names: SeededPerson[], filter: Filter = {}, startingAfterId: string | null = null) {
  counted.reset();
  const page = await listAssets(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
    libraryId: library.libraryId,
    filter: { ...everyAsset, personIds: names.map((name) => people[name]), ...filter },
    startingAfterId,
    limit: PAGE,
    groups: new Set(),
  });
  const { rowsRead, roundTrips } = counted.counts;
  return { ids: page.assets.map(({ id }) => id), hasMore: page.hasMore, rowsRead, roundTrips };
}

async function expected(names: SeededPerson[], where = "trashed_at IS NULL", order = "DESC"): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT id FROM (SELECT *, row_number() OVER (ORDER BY sort_key) - 1 AS n FROM assets WHERE library_id = ?)
     WHERE ${where} AND ${names.map(shownAs).join(" AND ")} ORDER BY local_us ${order}, id ${order}`,
  )
    .bind(library.libraryId)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

const combinations: SeededPerson[][] = [
  ["everywhere"],
  ["even"],
  ["rare"],
  ["even", "odd"],
  ["odd", "even"],
  ["everywhere", "even"],
  ["parent", "child"],
  ["rare", "everywhere"],
  ["parent", "child", "even"],
];
const [after, before] = [parseDateTime("2014-03-01T00:00:00"), parseDateTime("2014-09-01T00:00:00")];

describe("a page by people at 100,000 assets", () => {
  it.each(combinations.map((names) => ({ names })))(
    "reads rows in proportion to the page: $names",
    async ({ names }) => {
      const filters: [Filter, string, string][] = [
        [{}, "trashed_at IS NULL", "DESC"],
        [{ order: "asc" }, "trashed_at IS NULL", "ASC"],
        [
          { after, before },
          `trashed_at IS NULL AND local_us > ${after?.wallUs} AND local_us < ${before?.wallUs}`,
          "DESC",
        ],
      ];
      for (const [filter, where, order] of filters) {
        const ids = await expected(names, where, order);
        const first = await listPage(names, filter);
        expect([first.ids, first.hasMore]).toEqual([ids.slice(0, PAGE), ids.length > PAGE]);
        // Three people are checked one by one, and a page that isn't full is scanned to its end.
        const scans = ids.length > PAGE || names.length === 1 ? 1 : 2;
        const perAsset = ROWS_PER_ASSET + (names.length > 2 ? names.length + 6 : 0);
        const budget = scans * ((PAGE + 1) * perAsset + FIXED_ROWS) + (names.length > 2 ? 4 * FIXED_ROWS : 0);
        expect(first.rowsRead, JSON.stringify(filter)).toBeLessThanOrEqual(budget);
        const from = ids[Math.max(0, ids.length - PAGE - 5)];
        if (from === undefined || ids.length <= PAGE + 5) continue;
        const deep = await listPage(names, filter, from);
        expect(deep.ids).toEqual(ids.slice(ids.indexOf(from) + 1, ids.indexOf(from) + 1 + PAGE));
        expect(deep.rowsRead).toBeLessThanOrEqual(budget + FIXED_ROWS);
        expect(deep.roundTrips).toBe(1);
      }
    },
  );

  it("finds the few assets of two people who are on half of the library each", async () => {
    const page = await listPage(["even", "odd"]);
    expect(page.ids).toHaveLength(3);
    expect(page.rowsRead).toBeLessThan(30);
  });

  it("reads an album or the people, whichever has fewer assets", async () => {
    const inAlbum = `id IN (SELECT asset_id FROM album_assets WHERE album_id = '${library.albumId}') AND trashed_at IS NULL`;
    for (const names of [["rare"], ["everywhere"], ["even", "odd"]] satisfies SeededPerson[][]) {
      const ids = await expected(names, inAlbum);
      const page = await listPage(names, { albumId: library.albumId });
      expect(page.ids).toEqual(ids.slice(0, PAGE));
    }
    expect((await listPage(["rare"], { albumId: library.albumId })).rowsRead).toBeLessThan(100);
  });
});

describe("counts by people at 100,000 assets", () => {
  const count = async (names: SeededPerson[], groupBy: "day" | "month" | "year") => {
    counted.reset();
    const page = await countAssets(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
      libraryId: library.libraryId,
      filter: { ...everyAsset, personIds: names.map((name) => people[name]) },
      groupBy,
      startingAfterUs: null,
      limit: PAGE,
    });
    return { assets: page.buckets.reduce((sum, { assets }) => sum + assets, 0), ...counted.counts };
  };

  it("read a row for each month of one person", async () => {
    const months = await count(["everywhere"], "month");
    expect(months.rowsRead).toBeLessThanOrEqual(PAGE + FIXED_ROWS);
    expect(months.assets).toBeGreaterThan(10_000);
    const years = await count(["everywhere"], "year");
    expect(years.assets).toBe((await expected(["everywhere"])).length);
    expect(years.rowsRead).toBeLessThanOrEqual(130 + FIXED_ROWS);
  });

  it("read the assets of the days of a page, and only the common ones of two people", async () => {
    const days = await count(["everywhere"], "day");
    expect(days.rowsRead).toBeLessThanOrEqual(2 * ROWS_PER_ASSET * 600);
    const pair = await count(["even", "odd"], "year");
    expect(pair.assets).toBe(3);
    expect(pair.rowsRead).toBeLessThan(30);
  });
});
