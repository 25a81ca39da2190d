import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDateTime, type WallTime } from "../../../src/kernel/time.ts";
import { countByMonth } from "../../../src/operations/assets/counts.ts";
import { clusterByPlace } from "../../../src/operations/map/geoClusters.ts";
import { everyAsset, type AssetFilter } from "../../../src/records/assets/assetFilters.ts";
import { openDatabase } from "../../../src/records/database.ts";
import type { Box } from "../../../src/records/map/mapCells.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";

const who = { userId: "intuser_seeded", libraryIds: null, actions: ["read"] as const, managesKeys: false };
const sizes = [100, 100_000];
const seeded = new Map<number, Seeded>();
const counted = countingD1(env.DB);

beforeAll(async () => {
  for (const size of sizes) seeded.set(size, await seedLibrary(who.userId, size));
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

async function months(size: number, filter: Partial<AssetFilter>) {
  counted.reset();
  const page = await countByMonth(openDatabase(counted.binding, "nearest"), who, {
    libraryId: library(size).libraryId,
    filter: { ...everyAsset, ...filter },
    personIds: null,
    limit: LIMIT,
  });
  return { ...page, rowsRead: counted.counts.rowsRead, roundTrips: counted.counts.roundTrips };
}

async function clusters(size: number, box: Box, cellDegrees: number) {
  counted.reset();
  const question = { libraryId: library(size).libraryId, filter: everyAsset, personIds: null };
  const grid = { box, cellDegrees };
  const found = await clusterByPlace(openDatabase(counted.binding, "nearest"), who, { ...question, grid }).catch(
    () => null,
  );
  return { found, rowsRead: counted.counts.rowsRead, roundTrips: counted.counts.roundTrips };
}

/** The library's row, and the one month more that tells of a next page. */
const BESIDES = 2;
const EARTH = { west: -180, south: -90, east: 180, north: 90 };

describe.each(sizes)("of a library of %i assets", (size) => {
  it("a page of counts reads a row for each month it gives, and two besides", async () => {
    for (const filter of [
      {},
      { state: "trashed" },
      { before: time("2015-06-01T00:00:00") },
      { after: time("2012-12-31T23:59:59.999999"), before: time("2014-01-01T00:00:00") },
    ] as const) {
      const page = await months(size, filter);
      expect(page.rowsRead).toBeLessThanOrEqual(page.buckets.length + BESIDES);
      expect(page.roundTrips).toBe(2);
    }
    const everything = await months(size, { state: "all" });
    expect(everything.rowsRead).toBeLessThanOrEqual(2 * (everything.buckets.length + BESIDES));
    const album = await months(size, { albumId: library(size).albumId });
    expect(album.rowsRead).toBeLessThanOrEqual(album.buckets.length + BESIDES + 1);
  });

  it("months without what is asked for are stepped over, a row each", async () => {
    const rows = await env.DB.prepare("SELECT count(*) AS n FROM month_counts WHERE library_id = ? AND trashed = 0")
      .bind(library(size).libraryId)
      .first<{ n: number }>();
    const page = await months(size, { albumFilter: "in_album" });
    expect(page.rowsRead).toBeLessThanOrEqual((rows?.n ?? 0) + BESIDES);
  });

  it("a month that a bound cuts is read asset by asset, and no other is", async () => {
    const june = "local_us >= 1402531200000000 AND local_us < 1404172800000000";
    const inside = await countRows(`trashed_at IS NULL AND ${june}`, size);
    // From 2014-06-12 on: the rest of June.
    const page = await months(size, { after: time("2014-06-11T23:59:59.999999"), before: time("2015-01-01T00:00:00") });
    expect(page.buckets.reduce((sum, { assets }) => sum + assets, 0)).toBe(
      await countRows("trashed_at IS NULL AND local_us >= 1402531200000000 AND local_us < 1420070400000000", size),
    );
    expect(page.rowsRead).toBeLessThanOrEqual(inside + 3 * page.buckets.length + 5);
    // With twenty months before it there is no room for June on this page, so it isn't counted.
    const early = await months(size, { after: time("2014-06-11T23:59:59.999999") });
    expect(early.rowsRead).toBeLessThanOrEqual(3 * LIMIT + 5);
  });

  it("a map in round cells reads three rows for each cell of its pyramid that it gives, and few above them", async () => {
    const { found, rowsRead, roundTrips } = await clusters(size, EARTH, 10);
    expect(found?.length).toBe(size === 100 ? found?.length : 648);
    expect(rowsRead).toBeLessThanOrEqual(3 * ((found?.length ?? 0) + 8) + 5);
    expect(roundTrips).toBe(2);
    expect(found?.reduce((sum, { assets }) => sum + assets, 0)).toBe(
      await countRows("trashed_at IS NULL AND latitude IS NOT NULL", size),
    );
  });

  it("a map of a country reads what its edges cut, not the library", async () => {
    const box = { west: 5, south: 45, east: 15, north: 55 };
    for (const cellDegrees of [1, 0.5, 0.43]) {
      const { found, rowsRead } = await clusters(size, box, cellDegrees);
      expect(rowsRead).toBeLessThanOrEqual(300 + 5 * (found?.length ?? 0));
    }
  });

  it("a grid that is too fine is refused before the library is read to its end", async () => {
    const { found, rowsRead, roundTrips } = await clusters(size, EARTH, 0.001);
    expect(found === null).toBe(size > 1000);
    expect(rowsRead).toBeLessThanOrEqual(60_000);
    expect(roundTrips).toBe(size > 1000 ? 2 : 3);
  });
});
