import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDateTime, type WallTime } from "../../../src/kernel/time.ts";
import { countAssets } from "../../../src/operations/assets/assetCounts.ts";
import { listGeoClusters } from "../../../src/operations/map/geoClusters.ts";
import { everyAsset, type AssetFilter } from "../../../src/records/assets/assetFilters.ts";
import type { Grouping } from "../../../src/records/assets/counts/periods.ts";
import { FIRST_COUNT_SCAN_ROWS } from "../../../src/records/assets/counts/scannedCounts.ts";
import { openDatabase } from "../../../src/records/database.ts";
import type { Box } from "../../../src/records/map/mapCells.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";
import { insertMember } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";

const OWNER_ID = "intuser_seeded";

/** A viewer who joined the libraries: their owner reads the same rows (sharedLibraries.test.ts). */
const principal = {
  userId: "intuser_joined",
  libraryIds: null,
  action: "read" as const,
  actions: ["read"] as const,
  isSession: false,
  isOwner: false,
};
const sizes = [100, 100_000];
const seeded = new Map<number, Seeded>();
const counted = countingD1(env.DB);

beforeAll(async () => {
  for (const size of sizes) {
    const made = await seedLibrary(OWNER_ID, size);
    await insertMember(made.libraryId, principal.userId);
    seeded.set(size, made);
  }
}, 120_000);

function library(size: number): Seeded {
  const found = seeded.get(size);
  if (found === undefined) throw new Error(`no library of ${size}`);
  return found;
}

function time(text: string): WallTime {
  const parsed = parseDateTime(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

async function countRows(where: string, size: number): Promise<number> {
  const row = await env.DB.prepare(`SELECT count(*) AS n FROM assets WHERE library_id = ? AND ${where}`)
    .bind(library(size).libraryId)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

const LIMIT = 20;

async function countMonths(size: number, filter: Partial<AssetFilter>, groupBy: Grouping = "month") {
  counted.reset();
  const page = await countAssets(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
    libraryId: library(size).libraryId,
    filter: { ...everyAsset, ...filter },
    groupBy,
    startingAfterUs: null,
    limit: LIMIT,
  });
  return { ...page, rowsRead: counted.counts.rowsRead, roundTrips: counted.counts.roundTrips };
}

async function readClusters(size: number, box: Box, cellDegrees: number, filter: Partial<AssetFilter> = {}) {
  counted.reset();
  const question = { libraryId: library(size).libraryId, filter: { ...everyAsset, ...filter } };
  const grid = { box, cellDegrees };
  const found = await listGeoClusters(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
    ...question,
    grid,
  }).catch(() => null);
  return { found, rowsRead: counted.counts.rowsRead, roundTrips: counted.counts.roundTrips };
}

/** The library's row, the membership in it, and one more month that detects a next page. */
const EXTRA_ROWS = 3;
/** The album's row, and the membership in its library. */
const ALBUM_ROWS = 2;
/** One row for each index range of a statement, and the rows that a request reads in any case. */
const MAX_INPUT_ROWS = 60;
const EARTH = { west: -180, south: -90, east: 180, north: 90 };

describe.each(sizes)("a library of %i assets", (size) => {
  it("reads one row per returned month and two more", async () => {
    for (const filter of [
      {},
      { state: "trashed" },
      { before: time("2015-06-01T00:00:00") },
      { after: time("2012-12-31T23:59:59.999999"), before: time("2014-01-01T00:00:00") },
    ] as const) {
      const page = await countMonths(size, filter);
      expect(page.rowsRead).toBeLessThanOrEqual(page.buckets.length + EXTRA_ROWS);
      expect(page.roundTrips).toBe(1);
    }
    const everything = await countMonths(size, { state: "all" });
    expect(everything.rowsRead).toBeLessThanOrEqual(2 * (everything.buckets.length + EXTRA_ROWS));
    const album = await countMonths(size, { albumId: library(size).albumId });
    expect(album.rowsRead).toBeLessThanOrEqual(album.buckets.length + EXTRA_ROWS + ALBUM_ROWS);
  });

  it("reads one row per month without matches", async () => {
    const rows = await env.DB.prepare("SELECT count(*) AS n FROM month_counts WHERE library_id = ? AND trashed = 0")
      .bind(library(size).libraryId)
      .first<{ n: number }>();
    const page = await countMonths(size, { albumFilter: "in_album" });
    expect(page.rowsRead).toBeLessThanOrEqual((rows?.n ?? 0) + EXTRA_ROWS);
  });

  it("reads single assets only for a month split by a date bound", async () => {
    const june = "local_us >= 1402531200000000 AND local_us < 1404172800000000";
    const inside = await countRows(`trashed_at IS NULL AND ${june}`, size);
    // From 2014-06-12 on: the rest of June.
    const page = await countMonths(size, {
      after: time("2014-06-11T23:59:59.999999"),
      before: time("2015-01-01T00:00:00"),
    });
    expect(page.buckets.reduce((sum, { assets }) => sum + assets, 0)).toBe(
      await countRows("trashed_at IS NULL AND local_us >= 1402531200000000 AND local_us < 1420070400000000", size),
    );
    expect(page.rowsRead).toBeLessThanOrEqual(inside + 3 * page.buckets.length + 5);
    // Twenty newer months fill the page, so June is not counted.
    const early = await countMonths(size, { after: time("2014-06-11T23:59:59.999999") });
    expect(early.rowsRead).toBeLessThanOrEqual(3 * LIMIT + 5);
  });

  it.each([
    ["day", 1],
    ["week", 7],
    ["month", 1],
    ["year", 12],
  ] as const)(
    "reads the days or months of a %s with any media type, ratings and album flag",
    async (groupBy, periods) => {
      const most = periods * (LIMIT + 1) + EXTRA_ROWS;
      for (const filter of [{}, { before: time("2015-06-01T00:00:00") }, { state: "trashed" }] as const) {
        for (const order of ["desc", "asc"] as const) {
          const page = await countMonths(size, { ...filter, order }, groupBy);
          expect(page.rowsRead).toBeLessThanOrEqual(most);
          expect(page.roundTrips).toBe(1);
        }
      }
      for (const filter of [
        { mediaType: "video" },
        { ratings: [1, 2, 3, 4] },
        { mediaType: "image", ratings: [0], albumFilter: "not_in_album" },
        { ratings: [5] },
      ] as const) {
        const page = await countMonths(size, filter, groupBy);
        const months = 120;
        const isByDay = groupBy === "day" || groupBy === "week";
        expect(page.buckets.length).toBeGreaterThan(0);
        // Days without a match are read only in months with one.
        expect(page.rowsRead).toBeLessThanOrEqual(months + EXTRA_ROWS + (isByDay ? 31 * page.buckets.length : 0));
        expect(page.roundTrips).toBe(1);
      }
    },
  );

  it("reads days, not assets, up to a day that a date bound splits", async () => {
    const day = "local_us >= 1402531200000000 AND local_us < 1402617600000000";
    const onDay = await countRows(`trashed_at IS NULL AND ${day}`, size);
    for (const groupBy of ["day", "week", "month", "year"] as const) {
      const page = await countMonths(size, { before: time("2014-06-12T12:00:00") }, groupBy);
      expect(page.rowsRead).toBeLessThanOrEqual(onDay + 31 + 3 * 147 + EXTRA_ROWS);
    }
  });

  it("reads few assets beside those of the page at a place, or in an album by day", async () => {
    const atPlace = await countRows("trashed_at IS NULL AND latitude IS NOT NULL", size);
    const inAlbum = await countRows("trashed_at IS NULL AND album_count > 0", size);
    for (const [filter, assets, rowsPerAsset] of [
      [{ box: { west: 5, south: 45, east: 15, north: 55 } }, atPlace, 1],
      [{ box: EARTH, mediaType: "video" }, atPlace, 1],
      [{ box: EARTH, ratings: [5] }, atPlace, 1],
      [{ albumId: library(size).albumId, ratings: [0] }, inAlbum, 2],
    ] as const) {
      const days = await countMonths(size, filter, "day");
      // SQLite reads each row once more to group it.
      const perAsset = rowsPerAsset + 1;
      expect(days.rowsRead).toBeLessThanOrEqual(perAsset * Math.min(assets, FIRST_COUNT_SCAN_ROWS) + MAX_INPUT_ROWS);
      expect(days.roundTrips).toBe(1);
      const years = await countMonths(size, filter, "year");
      expect(years.rowsRead).toBeLessThanOrEqual(perAsset * assets + 5 * MAX_INPUT_ROWS);
      expect(years.roundTrips).toBeLessThanOrEqual(7);
    }
    // No trashed asset has a position: the trash is read once, in the order of its index.
    const inTrash = await countRows("trashed_at IS NOT NULL", size);
    const trash = await countMonths(size, { state: "trashed", box: EARTH }, "day");
    expect(trash.buckets).toEqual([]);
    expect(trash.rowsRead).toBeLessThanOrEqual(2 * inTrash + MAX_INPUT_ROWS);
  });

  it("reads three rows per returned cell and few coarser cells for a grid aligned with the pyramid", async () => {
    const { found, rowsRead, roundTrips } = await readClusters(size, EARTH, 10);
    expect(found?.length).toBe(size === 100 ? found?.length : 648);
    expect(rowsRead).toBeLessThanOrEqual(3 * ((found?.length ?? 0) + 8) + 5);
    expect(roundTrips).toBe(1);
    expect(found?.reduce((sum, { assets }) => sum + assets, 0)).toBe(
      await countRows("trashed_at IS NULL AND latitude IS NOT NULL", size),
    );
  });

  it("reads the cells at the edges of a country, not the library", async () => {
    const box = { west: 5, south: 45, east: 15, north: 55 };
    for (const cellDegrees of [1, 0.5, 0.43]) {
      const { found, rowsRead } = await readClusters(size, box, cellDegrees);
      expect(rowsRead).toBeLessThanOrEqual(300 + 5 * (found?.length ?? 0));
    }
  });

  it("reads the assets with a rating, or those of a place, whichever are fewer", async () => {
    const country = { west: 2, south: 42, east: 14, north: 54 };
    const inCountry = "trashed_at IS NULL AND longitude BETWEEN 2 AND 14 AND latitude BETWEEN 42 AND 54";
    // The cells around the box have about twice its area. Reading the choice takes the months and these cells.
    const around = 2 * (await countRows(inCountry, size));
    const choice = 120 + 500;
    for (const ratings of [[5], [1, 2, 3, 4]]) {
      const isRated = `trashed_at IS NULL AND rating IN (${ratings.join()})`;
      const fewer = Math.min(around, await countRows(isRated, size));
      const matches = await countRows(`${inCountry} AND ${isRated}`, size);
      const { found, rowsRead, roundTrips } = await readClusters(size, country, 3, { ratings });
      expect(found?.reduce((sum, { assets }) => sum + assets, 0)).toBe(matches);
      expect(rowsRead).toBeLessThanOrEqual(choice + 2 * fewer + MAX_INPUT_ROWS);
      expect(roundTrips).toBe(2);
      const years = await countMonths(size, { box: country, ratings }, "year");
      expect(years.buckets.reduce((sum, { assets }) => sum + assets, 0)).toBe(matches);
      expect(years.rowsRead).toBeLessThanOrEqual(choice + 2 * fewer + MAX_INPUT_ROWS);
      expect(years.roundTrips).toBe(2);
    }
  });

  it("reads no more for a media type, whose cells have totals of their own", async () => {
    for (const mediaType of ["image", "video"] as const) {
      const { found, rowsRead, roundTrips } = await readClusters(size, EARTH, 10, { mediaType });
      expect(rowsRead).toBeLessThanOrEqual(3 * ((found?.length ?? 0) + 8) + 648);
      expect(roundTrips).toBe(1);
      expect(found?.reduce((sum, { assets }) => sum + assets, 0)).toBe(
        await countRows(`trashed_at IS NULL AND latitude IS NOT NULL AND media_type = '${mediaType}'`, size),
      );
      const country = await readClusters(size, { west: 5, south: 45, east: 15, north: 55 }, 0.43, { mediaType });
      expect(country.rowsRead).toBeLessThanOrEqual(300 + 5 * (country.found?.length ?? 0));
      const tooFine = await readClusters(size, EARTH, 0.001, { mediaType });
      // Cells without a video are read too, and skipped.
      expect(tooFine.rowsRead).toBeLessThanOrEqual(80_000);
    }
  });

  it("rejects a grid that is too fine before reading the whole library", async () => {
    const { found, rowsRead, roundTrips } = await readClusters(size, EARTH, 0.001);
    expect(found === null).toBe(size > 1000);
    expect(rowsRead).toBeLessThanOrEqual(60_000);
    expect(roundTrips).toBe(size > 1000 ? 2 : 3);
  });
});
