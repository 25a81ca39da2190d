import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDateTime } from "../../../src/kernel/time.ts";
import { everyColumnGroup, listAssets, type ListAssetsParams } from "../../../src/operations/assets/assets.ts";
import { everyAsset } from "../../../src/records/assets/assetFilters.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { testContext } from "../../support/context.ts";
import { FEW_RATINGS, MANY_RATINGS, scatteredPositions, seedLibrary, type Seeded } from "../../support/rows/seed.ts";

type Filter = Partial<ListAssetsParams["filter"]>;

const principal = {
  userId: "intuser_rated",
  libraryIds: null,
  actions: ["read"] as const,
  isSession: false,
  isOwner: false,
};
const SIZE = 100_000;
const PAGE = 20;
/** Ranges of the index: both media types, in albums or not, for each of at most five ratings. */
const RANGES_PER_RATING = 4;
/** The library, the cursor, and one row beyond the page. */
const FIXED_ROWS = 3;
const counted = countingD1(env.DB);
const libraries = new Map<string, Seeded>();

const distributions = { "few rated assets": FEW_RATINGS, "nearly all rated": MANY_RATINGS };

beforeAll(async () => {
  for (const [name, ratings] of Object.entries(distributions)) {
    libraries.set(name, await seedLibrary(principal.userId, SIZE, scatteredPositions, ratings));
  }
}, 240_000);

async function listPage(libraryId: string, filter: Filter, startingAfterId: string | null = null) {
  counted.reset();
  const page = await listAssets(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
    libraryId,
    filter: { ...everyAsset, ...filter },
    startingAfterId,
    limit: PAGE,
    groups: everyColumnGroup,
  });
  return { ...page, rowsRead: counted.counts.rowsRead };
}

async function expected(libraryId: string, where: string, isAscending: boolean): Promise<string[]> {
  const order = isAscending ? "local_us, id" : "local_us DESC, id DESC";
  const { results } = await env.DB.prepare(
    `SELECT id FROM assets WHERE library_id = ? AND trashed_at IS NULL AND ${where} ORDER BY ${order}`,
  )
    .bind(libraryId)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

const [after, before] = [parseDateTime("2014-03-01T00:00:00"), parseDateTime("2014-09-01T00:00:00")];

/** Filters beside the ratings, with their condition in SQL. */
const others: { name: string; filter: Filter; where: string }[] = [
  { name: "nothing else", filter: {}, where: "1" },
  { name: "oldest first", filter: { order: "asc" }, where: "1" },
  { name: "photos", filter: { mediaType: "image" }, where: "media_type = 'image'" },
  { name: "videos", filter: { mediaType: "video" }, where: "media_type = 'video'" },
  { name: "in albums", filter: { albumFilter: "in_album" }, where: "album_count > 0" },
  {
    name: "photos in no album, oldest first",
    filter: { mediaType: "image", albumFilter: "not_in_album", order: "asc" },
    where: "media_type = 'image' AND album_count = 0",
  },
  {
    name: "half a year",
    filter: { after, before },
    where: `local_us > ${after?.wallUs} AND local_us < ${before?.wallUs}`,
  },
  {
    name: "videos of half a year",
    filter: { mediaType: "video", after, before },
    where: `media_type = 'video' AND local_us > ${after?.wallUs} AND local_us < ${before?.wallUs}`,
  },
];

const combinations = [[0], [1], [2], [3], [4], [5], [4, 5], [0, 5], [1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]];

describe.each(Object.keys(distributions))("a page by rating in a library with %s", (distribution) => {
  it.each(combinations.map((ratings) => ({ ratings })))(
    "reads rows in proportion to the page, with every other filter: $ratings",
    async ({ ratings }) => {
      const libraryId = libraries.get(distribution)?.libraryId ?? "";
      for (const { name, filter, where } of others) {
        const rated = `coalesce(rating, 0) IN (${ratings.join(", ")}) AND ${where}`;
        const ids = await expected(libraryId, rated, filter.order === "asc");
        const budget = PAGE + FIXED_ROWS + RANGES_PER_RATING * ratings.length;
        const first = await listPage(libraryId, { ...filter, ratings });
        expect([name, first.assets.map(({ id }) => id)]).toEqual([name, ids.slice(0, PAGE)]);
        expect([name, first.hasMore]).toEqual([name, ids.length > PAGE]);
        expect([name, Math.max(first.rowsRead, budget)]).toEqual([name, budget]);
        const deep = Math.max(0, ids.length - PAGE - 5);
        const from = ids[deep];
        if (from === undefined) continue;
        const deepest = await listPage(libraryId, { ...filter, ratings }, from);
        expect([name, deepest.assets.map(({ id }) => id)]).toEqual([name, ids.slice(deep + 1, deep + 1 + PAGE)]);
        // Each range looks up the cursor's key.
        expect(deepest.rowsRead).toBeLessThanOrEqual(budget + RANGES_PER_RATING * ratings.length);
      }
    },
  );

  it("reads few rows for the few rated assets of the whole Earth", async () => {
    const libraryId = libraries.get(distribution)?.libraryId ?? "";
    const box = { west: -180, south: -90, east: 180, north: 90 };
    const ids = await expected(libraryId, "rating = 5 AND latitude IS NOT NULL", false);
    const page = await listPage(libraryId, { box, ratings: [5] });
    expect(page.assets.map(({ id }) => id)).toEqual(ids.slice(0, PAGE));
    const [rated] = (
      await env.DB.prepare("SELECT count(*) AS n FROM assets WHERE library_id = ? AND rating = 5")
        .bind(libraryId)
        .all<{ n: number }>()
    ).results;
    // The matches, and again to find whether the scan ended.
    expect(page.rowsRead).toBeLessThanOrEqual(2 * (rated?.n ?? 0) + FIXED_ROWS + RANGES_PER_RATING);
  });
});
