import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { parseDateTime } from "../../../src/kernel/time.ts";
import { call } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { seededRandom } from "../../support/random.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
} from "../../support/clients/tenants.ts";

interface Counts {
  data: { time_bucket: string; count: number }[];
  has_more: boolean;
}

interface SeededAsset {
  id: string;
  local_us: number;
  local_offset_minutes: number | null;
  trashed_at: number | null;
  album_count: number;
  media_type: string;
  rating: number | null;
  latitude: number | null;
  longitude: number | null;
  in_first: number;
}

const random = seededRandom(7);
const randomBelow = (count: number): number => Math.floor(random() * count);
function pick<T>(values: readonly T[]): T {
  const value = values[randomBelow(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

let owner: { userId: string; libraryId: string };
let token: string;
let albumId: string;
let seededAssets: SeededAsset[];

/** Capture times near the ends of days, weeks, months and years, which reveal off-by-one errors, and elsewhere. */
function randomCaptureTime(): string {
  const month = `${2022 + randomBelow(3)}-${String(1 + randomBelow(12)).padStart(2, "0")}`;
  const day = pick([
    "01T00:00:00",
    "01T00:00:00.000001",
    "01T09:30:00",
    "02T23:59:59",
    "08T13:00:00",
    "15T12:00:00",
    "16T00:00:00",
    "28T23:59:59.999999",
  ]);
  return `${month}-${day}${pick(["", "Z", "+14:00", "-11:00", "+05:30"])}`;
}

/** In Munich, around the 180th meridian, and at random. */
function randomPosition(): [longitude: number, latitude: number] | null {
  return pick([
    null,
    [11.5 + random() / 10, 48.1 + random() / 10],
    [179.9, -17],
    [-179.9, -17.1],
    [random() * 360 - 180, random() * 180 - 90],
  ] as const satisfies ([number, number] | null)[]);
}

async function addToAlbum(assetIds: string[], album: string): Promise<void> {
  const rows = JSON.stringify(assetIds.map((id) => [newId("albumAsset"), id]));
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, trashed_at, created_at, updated_at)
       SELECT r.value ->> 0, a.library_id, ?2, a.id, a.local_us, a.trashed_at, 0, 0 FROM json_each(?1) r JOIN assets a ON a.id = r.value ->> 1`,
    ).bind(rows, album),
    env.DB.prepare(
      "UPDATE assets SET album_count = album_count + 1 WHERE id IN (SELECT value ->> 1 FROM json_each(?))",
    ).bind(rows),
  ]);
}

beforeAll(async () => {
  const userId = await insertUser();
  owner = { userId, libraryId: await insertLibrary(userId) };
  token = (await insertKey({ userId, lastUsedAt: Date.now() })).secret;
  albumId = await insertAlbum(owner);
  const special = ["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00", "0001-01-01T00:00:00", "2024-02-29T12:00:00"];
  const ids = await insertAssets(owner, [
    ...special.map((text) => ({ capturedAt: text })),
    ...Array.from({ length: 500 }, (_, i) => ({
      capturedAt: randomCaptureTime(),
      trashedAt: i % 4 === 0 ? 1000 + i : null,
      mediaType: pick(["image", "image", "video"] as const),
      rating: pick([null, null, 0, 1, 2, 3, 4, 5]),
      position: randomPosition(),
    })),
  ]);
  await addToAlbum(
    ids.filter((_, i) => i % 3 === 0),
    albumId,
  );
  await addToAlbum(
    ids.filter((_, i) => i % 5 === 0),
    await insertAlbum(owner),
  );
  seededAssets = (
    await env.DB.prepare(
      `SELECT id, local_us, local_offset_minutes, trashed_at, album_count, media_type, rating, latitude, longitude,
         EXISTS (SELECT 1 FROM album_assets l WHERE l.album_id = ?2 AND l.asset_id = assets.id) AS in_first
       FROM assets WHERE library_id = ?1`,
    )
      .bind(owner.libraryId, albumId)
      .all<SeededAsset>()
  ).results;
});

async function fetchCounts(query: string): Promise<Counts> {
  const response = await call("GET", `/api/assets/counts?${query}`, { token });
  expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
  return await response.json<Counts>();
}

const HOUR_US = 3600 * 1_000_000;

/** Contract §1.4: bounds are exclusive; aware bounds compare as UTC if the asset's offset is known. */
function isBeyond(asset: SeededAsset, text: string, sign: 1 | -1): boolean {
  const bound = parseDateTime(text);
  if (bound === null) throw new Error(text);
  const offset = bound.offsetMinutes === null ? null : asset.local_offset_minutes;
  if (offset === null) return sign * (asset.local_us - bound.wallUs) > 0;
  const instant = bound.wallUs - ((bound.offsetMinutes ?? 0) / 60) * HOUR_US;
  return sign * (asset.local_us - (offset / 60) * HOUR_US - instant) > 0;
}

const DAY_MS = (24 * HOUR_US) / 1000;

/** The first day of a bucket, as YYYY-MM-DD. */
function bucketName(grouping: string, localUs: number): string {
  const dayMs = Math.floor(localUs / 1000 / DAY_MS) * DAY_MS;
  const weekday = (new Date(dayMs).getUTCDay() + 6) % 7;
  const day = new Date(grouping === "week" ? dayMs - weekday * DAY_MS : dayMs).toISOString().slice(0, 10);
  if (grouping === "year") return `${day.slice(0, 4)}-01-01`;
  return grouping === "month" ? `${day.slice(0, 7)}-01` : day;
}

function distanceM(a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [dLat, dLon] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)];
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}

function isAtPlace({ latitude, longitude }: SeededAsset, parameters: URLSearchParams): boolean {
  const numbers = (name: string): number[] => (parameters.get(name) ?? "").split(",").map(Number);
  if (parameters.has("bbox")) {
    const [west = 0, south = 0, east = 0, north = 0] = numbers("bbox");
    if (latitude === null || longitude === null || latitude < south || latitude > north) return false;
    return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
  }
  if (!parameters.has("center")) return true;
  const [centerLongitude = 0, centerLatitude = 0] = numbers("center");
  if (latitude === null || longitude === null) return false;
  const center = { latitude: centerLatitude, longitude: centerLongitude };
  return distanceM({ latitude, longitude }, center) <= Number(parameters.get("radius"));
}

function isMatch(asset: SeededAsset, parameters: URLSearchParams): boolean {
  const [after, before] = [parameters.get("local_datetime_after"), parameters.get("local_datetime_before")];
  const state = parameters.get("state") ?? "live";
  const ratings = parameters.get("ratings")?.split(",").map(Number) ?? null;
  return (
    (state === "all" || (asset.trashed_at !== null) === (state === "trashed")) &&
    (parameters.get("album_id") === null || asset.in_first === 1) &&
    (parameters.get("album_filter") !== "in_album" || asset.album_count > 0) &&
    (parameters.get("album_filter") !== "not_in_album" || asset.album_count === 0) &&
    (parameters.get("media_type") ?? asset.media_type) === asset.media_type &&
    (ratings === null || ratings.includes(asset.rating ?? 0)) &&
    isAtPlace(asset, parameters) &&
    (after === null || isBeyond(asset, after, 1)) &&
    (before === null || isBeyond(asset, before, -1))
  );
}

function recount(parameters: URLSearchParams): Counts["data"] {
  const buckets = new Map<string, number>();
  for (const asset of seededAssets.filter((each) => isMatch(each, parameters))) {
    const name = bucketName(parameters.get("group_by") ?? "month", asset.local_us);
    buckets.set(name, (buckets.get(name) ?? 0) + 1);
  }
  const sign = parameters.get("order") === "asc" ? 1 : -1;
  return [...buckets]
    .toSorted(([a], [b]) => sign * (a < b ? -1 : 1))
    .map(([name, count]) => ({ time_bucket: `${name}T00:00:00`, count }));
}

/** A random bound, sometimes exactly at the start of a bucket. */
function randomBound(offset: string): string {
  const text = randomCaptureTime().replace(/(Z|[+-]\d\d:\d\d)$/, "");
  return text + offset;
}

const PLACES: Record<string, string>[] = [
  { bbox: "11,48,12,49" },
  { bbox: "-180,-90,180,90" },
  { bbox: "170,-30,-170,10" },
  { center: "11.55,48.15", radius: "5000" },
  { center: "-179.95,-17.05", radius: "50000" },
];

function randomQuery(): URLSearchParams {
  const parameters = new URLSearchParams({
    state: pick(["live", "trashed", "all"]),
    group_by: pick(["day", "week", "month", "year"]),
    order: pick(["asc", "desc"]),
  });
  const album = randomBelow(5);
  if (album === 1) parameters.set("album_id", albumId);
  if (album === 2) parameters.set("album_filter", "in_album");
  if (album === 3) parameters.set("album_filter", "not_in_album");
  if (randomBelow(3) === 0) parameters.set("media_type", pick(["image", "video"]));
  if (randomBelow(3) === 0) parameters.set("ratings", pick(["0", "5", "0,3", "1,2,3,4,5", "4,5", "0,1,2,3,4,5"]));
  if (randomBelow(4) === 0) for (const [name, value] of Object.entries(pick(PLACES))) parameters.set(name, value);
  const zone = pick([[""], ["Z", "+14:00", "-10:30", "+01:00"]]);
  if (randomBelow(2) === 0) parameters.set("local_datetime_after", randomBound(pick(zone)));
  if (randomBelow(2) === 0) parameters.set("local_datetime_before", randomBound(pick(zone)));
  return parameters;
}

/** Every page of a query. Pages that are not the last are full. */
async function fetchAllPages(parameters: URLSearchParams, limit: number): Promise<Counts["data"]> {
  const seen: Counts["data"] = [];
  for (let cursor: string | null = null; ; cursor = seen.at(-1)?.time_bucket ?? "none") {
    const query = new URLSearchParams({ ...Object.fromEntries(parameters), limit: String(limit) });
    if (cursor !== null) query.set("starting_after_bucket", cursor);
    const page = await fetchCounts(query.toString());
    seen.push(...page.data);
    if (!page.has_more) return seen;
    expect(page.data, decodeURIComponent(query.toString())).toHaveLength(limit);
  }
}

/** The number of assets of the list with the same filters. */
async function countList(parameters: URLSearchParams): Promise<number> {
  let count = 0;
  for (let cursor: string | null = null; ;) {
    const query = new URLSearchParams(parameters);
    query.delete("group_by");
    query.set("include", "");
    query.set("limit", "200");
    if (cursor !== null) query.set("starting_after_id", cursor);
    const response = await call("GET", `/api/assets?${query.toString()}`, { token });
    expect(response.status, query.toString()).toBe(200);
    const page = await response.json<{ data: { id: string }[]; has_more: boolean }>();
    count += page.data.length;
    cursor = page.data.at(-1)?.id ?? null;
    if (!page.has_more) return count;
  }
}

describe("GET /api/assets/counts", () => {
  it("matches a recount for 500 random queries, page by page", { timeout: 120_000 }, async () => {
    let empty = 0;
    for (let i = 0; i < 500; i++) {
      const parameters = randomQuery();
      const expected = recount(parameters);
      const limit = pick([1, 3, 20, 200]);
      const pages = limit < 20 && expected.length > 12 * limit ? 200 : limit;
      expect(await fetchAllPages(parameters, pages), decodeURIComponent(parameters.toString())).toEqual(expected);
      if (expected.length === 0) empty += 1;
    }
    expect(empty).toBeLessThan(200);
  });

  it("adds up to the number of assets in the list with the same filters", { timeout: 60_000 }, async () => {
    for (let i = 0; i < 60; i++) {
      const parameters = randomQuery();
      const counts = await fetchAllPages(parameters, 200);
      const sum = counts.reduce((total, { count }) => total + count, 0);
      expect(await countList(parameters), decodeURIComponent(parameters.toString())).toBe(sum);
    }
  });

  it("continues newest first when the last bucket is passed as local_datetime_before", async () => {
    for (const filter of ["", "state=all", "album_filter=in_album&state=trashed", "group_by=day&media_type=video"]) {
      const all = recount(new URLSearchParams(filter));
      const seen: Counts["data"] = [];
      let next = "";
      for (let more = true; more && seen.length <= all.length;) {
        const page = await fetchCounts(`${filter}&limit=9${next}`);
        seen.push(...page.data);
        more = page.has_more;
        next = `&local_datetime_before=${page.data.at(-1)?.time_bucket}`;
      }
      expect(seen, filter).toEqual(all);
    }
  });

  it("continues after the bucket that contains the cursor", async () => {
    const all = recount(new URLSearchParams("group_by=year"));
    const [newest] = all;
    const cursor = newest?.time_bucket.replace("-01-01", "-06-15");
    expect((await fetchCounts(`group_by=year&starting_after_bucket=${cursor}`)).data).toEqual(all.slice(1));
    expect((await fetchCounts(`group_by=year&order=asc&starting_after_bucket=${cursor}`)).data).toEqual([]);
  });

  it("returns 20 buckets by default and at most 200", async () => {
    const page = await fetchCounts("");
    expect(page.data).toHaveLength(20);
    expect(page.has_more).toBe(true);
    expect((await fetchCounts("limit=1")).data).toEqual(page.data.slice(0, 1));
  });

  it("returns buckets without a UTC offset, also before 1970", async () => {
    const buckets: Record<string, string[]> = {
      day: ["1970-01-01", "1969-12-31", "0001-01-01"],
      month: ["1970-01-01", "1969-12-01", "0001-01-01"],
      year: ["1970-01-01", "1969-01-01", "0001-01-01"],
    };
    for (const [grouping, days] of Object.entries(buckets)) {
      const { data } = await fetchCounts(`group_by=${grouping}&state=all&local_datetime_before=1971-01-01`);
      expect(data).toEqual(days.map((day) => ({ time_bucket: `${day}T00:00:00`, count: 1 })));
    }
    const weeks = await fetchCounts("group_by=week&state=all&local_datetime_before=1971-01-01");
    expect(weeks.data).toEqual([
      { time_bucket: "1969-12-29T00:00:00", count: 2 },
      { time_bucket: "0001-01-01T00:00:00", count: 1 },
    ]);
  });

  it("accepts bounds at the limits of the calendar and bounds that exclude everything", async () => {
    for (const query of [
      "local_datetime_before=0000-01-01",
      "local_datetime_before=0000-01-01T00:00:00%2B14:00",
      "local_datetime_after=9999-12-31T23:59:59.999999",
      "local_datetime_after=9999-12-31T23:59:59-14:00&state=all",
      "local_datetime_after=2024-01-01&local_datetime_before=2024-01-01",
      "local_datetime_after=2024-06-01&local_datetime_before=2022-01-01",
    ]) {
      expect(await fetchCounts(query), query).toEqual({ data: [], has_more: false });
    }
    const all = await fetchCounts(
      "local_datetime_after=0000-01-01&local_datetime_before=9999-12-31T23:59:59&limit=200",
    );
    expect(all.data).toEqual(recount(new URLSearchParams()));
  });

  it("returns nothing for a person under either parameter name", async () => {
    const person = newId("person");
    for (const query of [`person_ids=${person}`, `person_ids=${person},${newId("person")}`, `person_id=${person}`]) {
      expect(await fetchCounts(query)).toEqual({ data: [], has_more: false });
    }
    expect((await fetchCounts("person_ids=")).data).toHaveLength(20);
  });

  it("excludes assets of an emptied trash immediately", async () => {
    const userId = await insertUser();
    const library = { userId, libraryId: await insertLibrary(userId) };
    const key = (await insertKey({ userId })).secret;
    const [first = ""] = await insertAssets(library, [
      { capturedAt: "2024-01-05T00:00:00", trashedAt: 1000 },
      { capturedAt: "2024-02-05T00:00:00", trashedAt: 2000 },
    ]);
    await addToAlbum([first], await insertAlbum(library));
    const trashed = async (): Promise<unknown> =>
      (await (await call("GET", "/api/assets/counts?state=trashed", { token: key })).json<Counts>()).data;
    expect(await trashed()).toHaveLength(2);
    await env.DB.prepare("UPDATE libraries SET trash_cleared_at = 1000 WHERE id = ?").bind(library.libraryId).run();
    expect(await trashed()).toEqual([{ time_bucket: "2024-02-01T00:00:00", count: 1 }]);
    await env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(first).run();
    expect(await trashed()).toEqual([{ time_bucket: "2024-02-01T00:00:00", count: 1 }]);
  });
});

describe("invalid count queries", () => {
  it.each([
    ["limit=0", "limit"],
    ["limit=201", "limit"],
    ["limit=x", "limit"],
    ["group_by=hour", "group_by"],
    ["group_by=", "group_by"],
    ["order=newest", "order"],
    ["media_type=audio", "media_type"],
    ["ratings=6", "ratings"],
    ["bbox=1,2,3", "bbox"],
    ["center=11,48", "radius"],
    ["radius=100", "center"],
    ["bbox=1,2,3,4&center=11,48&radius=100", "bbox"],
    ["state=gone", "state"],
    ["album_filter=some", "album_filter"],
    ["album_id=asset_BM3nUmJ6fkBqBADyz5FEiu", "album_id"],
    ["library_id=lib_1", "library_id"],
    ["person_ids=person_1", "person_ids"],
    [`person_ids=${Array.from({ length: 201 }, () => "person_BM3nUmJ6fkBqBADyz5FEiu").join()}`, "person_ids"],
    ["person_id=person_BM3nUmJ6fkBqBADyz5FEiu&person_ids=person_BM3nUmJ6fkBqBADyz5FEiu", "person_id"],
    ["album_filter=not_in_album&album_id=album_BM3nUmJ6fkBqBADyz5FEiu", "album_filter"],
    ["local_datetime_after=2024-02-30", "local_datetime_after"],
    ["local_datetime_before=soon", "local_datetime_before"],
    ["local_datetime_after=2024-01-01T00:00:00Z&local_datetime_before=2024-02-01T00:00:00", "local_datetime_before"],
    ["starting_after_bucket=soon", "starting_after_bucket"],
    ["starting_after_bucket=2024-01-01T00:00:00Z", "starting_after_bucket"],
    ["starting_after_bucket=", "starting_after_bucket"],
  ])("%s returns 422", async (query, parameter) => {
    const body = await expectError(await call("GET", `/api/assets/counts?${query}`, { token }), 422);
    expect(body.detail).toEqual(
      expect.arrayContaining([expect.objectContaining({ loc: expect.arrayContaining([parameter]) })]),
    );
  });

  it("return 404 for foreign and unknown ids", async () => {
    const stranger = await insertTenant();
    for (const query of [
      `library_id=${stranger.libraryId}`,
      `album_id=${stranger.albumId}`,
      `album_id=${newId("album")}`,
      `library_id=${newId("library")}`,
      `library_id=${owner.libraryId}&album_id=${stranger.albumId}`,
    ]) {
      await expectError(await call("GET", `/api/assets/counts?${query}`, { token }), 404);
    }
  });

  it("return 400 if the library is ambiguous and 404 if it is outside the key's scope", async () => {
    const userId = await insertUser();
    const [one, two] = [await insertLibrary(userId), await insertLibrary(userId)];
    const wide = (await insertKey({ userId })).secret;
    await expectError(await call("GET", "/api/assets/counts", { token: wide }), 400);
    const narrow = (await insertKey({ userId, libraryIds: [one] })).secret;
    expect((await call("GET", "/api/assets/counts", { token: narrow })).status).toBe(200);
    await expectError(await call("GET", `/api/assets/counts?library_id=${two}`, { token: narrow }), 404);
  });
});
