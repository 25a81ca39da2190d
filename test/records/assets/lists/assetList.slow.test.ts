import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDateTime, type WallTime } from "../../../../src/kernel/time.ts";
import {
  boxAround,
  everyColumnGroup,
  listAssets,
  type ListAssetsParams,
} from "../../../../src/operations/assets/assets.ts";
import { everyAsset } from "../../../../src/records/assets/assetFilters.ts";
import { SCAN_ROWS_PER_STATEMENT } from "../../../../src/records/assets/lists/assetList.ts";
import { coveringCells } from "../../../../src/records/map/mapCells.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { cellAt } from "../../../../src/records/assets/sortKeys.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../../support/rows/seed.ts";
import { insertMember } from "../../../support/clients/tenants.ts";
import { testContext } from "../../../support/context.ts";

type Filter = ListAssetsParams["filter"];

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

function time(text: string): WallTime {
  const parsed = parseDateTime(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

const PAGE = 20;
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

async function listPage(size: number, filter: Partial<Filter>, startingAfterId: string | null = null, limit = PAGE) {
  counted.reset();
  const page = await listAssets(testContext({ db: openDatabase(counted.binding, "nearest") }), principal, {
    libraryId: library(size).libraryId,
    filter: { ...everyAsset, ...filter },
    startingAfterId,
    limit,
    groups: everyColumnGroup,
  });
  const read = (pattern: RegExp) =>
    counted.counts.statements.filter((s) => pattern.test(s.sql)).reduce((sum, s) => sum + s.rowsRead, 0);
  return { ...page, assetRows: read(/\bassets\b/), roundTrips: counted.counts.roundTrips };
}

/** The ids that a filter matches, selected from the table. */
async function expected(size: number, where: string, order = "local_us DESC, id DESC"): Promise<string[]> {
  const sql = `SELECT id FROM assets WHERE library_id = ?1 AND ${where} ORDER BY ${order}`;
  const rows = await env.DB.prepare(sql).bind(library(size).libraryId).all<{ id: string }>();
  return rows.results.map((row) => row.id);
}

const after = time("2014-03-01T00:00:00");
const before = time("2014-09-01T00:00:00");
const us = (bound: WallTime): number => bound.wallUs;

interface Case {
  name: string;
  filter: (size: number) => Partial<Filter>;
  where: string;
  order?: string;
  /** Rows allowed beyond n + 2. */
  extra?: number;
}

const live = "trashed_at IS NULL";
// A media type is one index range per album flag, and a flag one per media type: each reads one row more, and looks up the cursor.
const cases: Case[] = [
  { name: "no filter", filter: () => ({}), where: live },
  { name: "ascending", filter: () => ({ order: "asc" }), where: live, order: "local_us, id" },
  // Live assets and the trash are one index range each.
  { name: "state=all", filter: () => ({ state: "all" }), where: "1", extra: 2 },
  {
    name: "state=trashed",
    filter: () => ({ state: "trashed" }),
    where: "trashed_at IS NOT NULL",
    order: "trashed_at DESC, id DESC",
    // When the trash was cleared, and the cursor.
    extra: 2,
  },
  {
    name: "media_type=video",
    filter: () => ({ mediaType: "video" }),
    where: `${live} AND media_type = 'video'`,
    extra: 2,
  },
  { name: "in_album", filter: () => ({ albumFilter: "in_album" }), where: `${live} AND album_count > 0`, extra: 2 },
  {
    name: "not_in_album",
    filter: () => ({ albumFilter: "not_in_album" }),
    where: `${live} AND album_count = 0`,
    extra: 2,
  },
  { name: "after", filter: () => ({ after }), where: `${live} AND local_us > ${us(after)}` },
  { name: "before", filter: () => ({ before }), where: `${live} AND local_us < ${us(before)}` },
  {
    name: "both dates, ascending",
    filter: () => ({ after, before, order: "asc" }),
    where: `${live} AND local_us > ${us(after)} AND local_us < ${us(before)}`,
    order: "local_us, id",
  },
  {
    name: "media type and dates",
    filter: () => ({ mediaType: "video", after, before }),
    where: `${live} AND media_type = 'video' AND local_us > ${us(after)} AND local_us < ${us(before)}`,
    extra: 2,
  },
  {
    name: "state=all and dates",
    filter: () => ({ state: "all", after, before }),
    where: `local_us > ${us(after)} AND local_us < ${us(before)}`,
    extra: 2,
  },
  // A member is a membership row and its asset row; the album's row comes first.
  {
    name: "album",
    filter: (size) => ({ albumId: library(size).albumId }),
    where: `${live} AND album_count > 0`,
    extra: PAGE + 2,
  },
  {
    name: "album and dates",
    filter: (size) => ({ albumId: library(size).albumId, after, before }),
    where: `${live} AND album_count > 0 AND local_us > ${us(after)} AND local_us < ${us(before)}`,
    extra: PAGE + 2,
  },
  { name: "stack", filter: (size) => ({ stackId: library(size).stackId }), where: `${live} AND stack_id IS NOT NULL` },
];

/** Filters that are combined in pairs, with their condition in SQL; at most one of a group. */
const singles: { name: string; group: string; filter: (size: number) => Partial<Filter>; where: string }[] = [
  { name: "state=trashed", group: "state", filter: () => ({ state: "trashed" }), where: "trashed_at IS NOT NULL" },
  { name: "state=all", group: "state", filter: () => ({ state: "all" }), where: "1" },
  { name: "media_type=video", group: "media", filter: () => ({ mediaType: "video" }), where: "media_type = 'video'" },
  { name: "media_type=image", group: "media", filter: () => ({ mediaType: "image" }), where: "media_type = 'image'" },
  { name: "in_album", group: "flag", filter: () => ({ albumFilter: "in_album" }), where: "album_count > 0" },
  { name: "not_in_album", group: "flag", filter: () => ({ albumFilter: "not_in_album" }), where: "album_count = 0" },
  { name: "album", group: "album", filter: (size) => ({ albumId: library(size).albumId }), where: "album_count > 0" },
  { name: "stack", group: "stack", filter: (size) => ({ stackId: library(size).stackId }), where: "stack_id <> ''" },
  {
    name: "dates",
    group: "dates",
    filter: () => ({ after, before }),
    where: `local_us > ${us(after)} AND local_us < ${us(before)}`,
  },
  {
    name: "a country",
    group: "box",
    filter: () => ({ box: { west: 5, south: 45, east: 15, north: 55 } }),
    where: "latitude BETWEEN 45 AND 55 AND longitude BETWEEN 5 AND 15",
  },
  {
    name: "the Earth",
    group: "box",
    filter: () => ({ box: { west: -180, south: -90, east: 180, north: 90 } }),
    where: "latitude IS NOT NULL",
  },
];

const pairs = singles.flatMap((one, i) =>
  singles
    .slice(i + 1)
    .filter((other) => other.group !== one.group)
    .map((other) => ({ name: `${one.name} and ${other.name}`, one, other })),
);

/** Groups of which one index serves every pair. */
const SERVED_GROUPS = new Set(["media", "flag", "dates"]);

describe("a page by two filters in a library of 100,000 assets", () => {
  const size = 100_000;
  it.each(pairs)("reads a limited number of rows and returns the expected page: $name", async ({ one, other }) => {
    const state = [one, other].find(({ group }) => group === "state");
    const where = `${state === undefined ? `${live} AND ` : ""}${one.where} AND ${other.where}`;
    const order = state?.name === "state=trashed" ? "trashed_at DESC, id DESC" : "local_us DESC, id DESC";
    const ids = await expected(size, where, order);
    const page = await listPage(size, { ...one.filter(size), ...other.filter(size) });
    expect(page.assets.map((asset) => asset.id)).toEqual(ids.slice(0, page.assets.length));
    expect(page.hasMore).toBe(ids.length > page.assets.length);
    expect(page.assets.length).toBeGreaterThanOrEqual(Math.min(ids.length, 1));
    const isServed = SERVED_GROUPS.has(one.group) && SERVED_GROUPS.has(other.group);
    if (isServed) expect(page.assetRows).toBeLessThanOrEqual(PAGE + 4);
    const largest = Math.max(...counted.counts.statements.map(({ rowsRead }) => rowsRead));
    expect(largest).toBeLessThanOrEqual(SCAN_ROWS_PER_STATEMENT + PAGE + 30);
  });

  it("reads no more than a few rows for two filters that exclude each other", async () => {
    const page = await listPage(size, { albumFilter: "in_album", mediaType: "video" });
    expect(page.assets).toEqual([]);
    expect(page.hasMore).toBe(false);
    expect(page.assetRows).toBeLessThanOrEqual(4);
  });

  it("scans the assets of a map box in several statements for filters that no index serves", async () => {
    const box = { west: -180, south: -90, east: 180, north: 90 };
    const page = await listPage(size, { box, albumFilter: "in_album", mediaType: "video" });
    expect(page.assets).toEqual([]);
    expect(page.hasMore).toBe(false);
    const scans = counted.counts.statements.filter(({ rowsRead }) => rowsRead > 1000);
    expect(scans.length).toBeGreaterThan(4);
    expect(Math.max(...scans.map(({ rowsRead }) => rowsRead))).toBeLessThanOrEqual(SCAN_ROWS_PER_STATEMENT + 30);
    expect(page.assetRows).toBeLessThanOrEqual(2 * size + 10);
  });
});

describe.each(sizes)("a page of a library of %i assets", (size) => {
  it.each(cases)(
    "reads at most n + 2 asset rows and returns the expected page: $name",
    async ({ filter, where, order, extra = 0 }) => {
      const ids = await expected(size, where, order);
      const first = await listPage(size, filter(size));
      expect(first.assets.map((asset) => asset.id)).toEqual(ids.slice(0, PAGE));
      expect(first.hasMore).toBe(ids.length > PAGE);
      expect(first.assetRows).toBeLessThanOrEqual(PAGE + 2 + extra);

      const deep = Math.max(0, ids.length - PAGE - 5);
      const from = ids[deep];
      if (from === undefined) return;
      const deepest = await listPage(size, filter(size), from);
      expect(deepest.assets.map((asset) => asset.id)).toEqual(ids.slice(deep + 1, deep + 1 + PAGE));
      expect(deepest.assetRows).toBeLessThanOrEqual(PAGE + 2 + extra);
      // Without a row behind it, the cursor itself is checked.
      expect(deepest.roundTrips).toBe(deepest.assets.length > 0 ? 1 : 2);
    },
  );

  it("reads one row per requested id", async () => {
    const all = await expected(size, live);
    const ids = all.filter((_, i) => i % Math.max(1, Math.floor(all.length / 20)) === 0).slice(0, PAGE);
    const page = await listPage(size, { ids: [...ids, "asset_2222222222222222222222"] });
    expect(page.assets.map((asset) => asset.id)).toEqual(ids);
    expect(page.assetRows).toBeLessThanOrEqual(ids.length + 2);
  });

  it("reads only the assets within 14 hours in addition for a date with an offset", async () => {
    const bound = time("2014-03-01T00:00:00+02:00");
    const hour = 3600 * 1_000_000;
    const instant = us(bound) - 2 * hour;
    const where = `${live} AND CASE WHEN local_offset_minutes IS NULL THEN local_us < ${us(bound)} ELSE local_us - local_offset_minutes * 60000000 < ${instant} END`;
    const margin = await expected(
      size,
      `${live} AND local_us BETWEEN ${instant - 14 * hour} AND ${instant + 14 * hour}`,
    );
    const ids = await expected(size, where);
    const page = await listPage(size, { before: bound });
    expect(page.assets.map((asset) => asset.id)).toEqual(ids.slice(0, PAGE));
    expect(page.assetRows).toBeLessThanOrEqual(PAGE + 2 + margin.length);
  });

  const boxes = {
    "a country": { west: 5, south: 45, east: 15, north: 55 },
    "a city": { west: 2.2, south: 48.8, east: 2.5, north: 48.9 },
    "across the date line": { west: 170, south: -40, east: -170, north: -10 },
    "the whole Earth": { west: -180, south: -90, east: 180, north: 90 },
  };
  it.each(Object.entries(boxes))(
    "reads only the assets in the covering cells in addition for a map box: %s",
    async (_name, box) => {
      const longitudes =
        box.west <= box.east
          ? `longitude BETWEEN ${box.west} AND ${box.east}`
          : `(longitude >= ${box.west} OR longitude <= ${box.east})`;
      const inside = `latitude BETWEEN ${box.south} AND ${box.north} AND ${longitudes}`;
      const ids = await expected(size, `${live} AND ${inside}`);
      const { level, cells } = coveringCells(box);
      const rows = await env.DB.prepare(
        `SELECT latitude, longitude FROM assets WHERE library_id = ?1 AND ${live} AND latitude IS NOT NULL AND NOT (${inside})`,
      )
        .bind(library(size).libraryId)
        .all<{ latitude: number; longitude: number }>();
      const rim = rows.results.filter((row) => cells.includes(cellAt(level, row.latitude, row.longitude))).length;
      const page = await listPage(size, { box });
      expect(page.assets.map((asset) => asset.id)).toEqual(ids.slice(0, PAGE));
      expect(page.assetRows).toBeLessThanOrEqual(PAGE + 2 + cells.length + rim);
      expect(cells.length).toBeLessThanOrEqual(25);
    },
  );

  it("returns the assets within a radius", async () => {
    const circle = { latitude: 48.85, longitude: 2.35, radiusM: 50_000 };
    const box = boxAround(circle.latitude, circle.longitude, circle.radiusM);
    const page = await listPage(size, { box, circle }, null, 200);
    const distance = (latitude: number, longitude: number): number => {
      const rad = Math.PI / 180;
      const cosine =
        Math.sin(latitude * rad) * Math.sin(circle.latitude * rad) +
        Math.cos(latitude * rad) * Math.cos(circle.latitude * rad) * Math.cos((longitude - circle.longitude) * rad);
      return 6_371_008.8 * Math.acos(Math.min(1, cosine));
    };
    const rows = await env.DB.prepare(
      `SELECT id, latitude, longitude FROM assets WHERE library_id = ?1 AND ${live} AND latitude IS NOT NULL ORDER BY local_us DESC, id DESC`,
    )
      .bind(library(size).libraryId)
      .all<{ id: string; latitude: number; longitude: number }>();
    const near = rows.results
      .filter((row) => distance(row.latitude, row.longitude) <= circle.radiusM)
      .map((row) => row.id);
    expect(page.assets.map((asset) => asset.id)).toEqual(near.slice(0, 200));
  });

  it("merges 30-day buckets of the trash when it is filtered by date", async () => {
    const where = `trashed_at IS NOT NULL AND local_us > ${us(after)} AND local_us < ${us(before)}`;
    const ids = await expected(size, where, "trashed_at DESC, id DESC");
    const month = 30 * 24 * 3600 * 1_000_000;
    const rim = await expected(
      size,
      `trashed_at IS NOT NULL AND (local_us BETWEEN ${us(after) - month} AND ${us(after)} OR local_us BETWEEN ${us(before)} AND ${us(before) + month})`,
    );
    const page = await listPage(size, { state: "trashed", after, before });
    expect(page.assets.map((asset) => asset.id)).toEqual(ids.slice(0, PAGE));
    // Seven buckets, two ends of the span, and the rows of the first and last bucket outside the range.
    expect(page.assetRows).toBeLessThanOrEqual(PAGE + 2 + 7 + 2 + rim.length);
  });
});
