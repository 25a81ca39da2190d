import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { parseDateTime } from "../../../src/kernel/time.ts";
import { call } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { seededRandom } from "../../support/random.ts";
import { monthName } from "../../support/rows/summaries.ts";
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
  local_us: number;
  local_offset_minutes: number | null;
  trashed_at: number | null;
  album_count: number;
  in_first: number;
}

const random = seededRandom(7);
const randomBelow = (count: number): number => Math.floor(random() * count);

let owner: { userId: string; libraryId: string };
let token: string;
let albumId: string;
let seededAssets: SeededAsset[];

/** Capture times near month boundaries, which reveal off-by-one-microsecond and offset errors, and elsewhere. */
function randomCaptureTime(): string {
  const month = `${2022 + randomBelow(3)}-${String(1 + randomBelow(12)).padStart(2, "0")}`;
  const day = ["01T00:00:00", "01T00:00:00.000001", "01T09:30:00", "15T12:00:00", "28T23:59:59.999999"][randomBelow(5)];
  const offset = ["", "Z", "+14:00", "-11:00", "+05:30"][randomBelow(5)];
  return `${month}-${day}${offset}`;
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
    ...Array.from({ length: 300 }, (_, i) => ({
      capturedAt: randomCaptureTime(),
      trashedAt: i % 4 === 0 ? 1000 + i : null,
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
      `SELECT local_us, local_offset_minutes, trashed_at, album_count,
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

function recount(parameters: URLSearchParams): Counts["data"] {
  const [after, before] = [parameters.get("local_datetime_after"), parameters.get("local_datetime_before")];
  const state = parameters.get("state") ?? "live";
  const matches = seededAssets.filter(
    (asset) =>
      (state === "all" || (asset.trashed_at !== null) === (state === "trashed")) &&
      (parameters.get("album_id") === null || asset.in_first === 1) &&
      (parameters.get("album_filter") !== "in_album" || asset.album_count > 0) &&
      (parameters.get("album_filter") !== "not_in_album" || asset.album_count === 0) &&
      (after === null || isBeyond(asset, after, 1)) &&
      (before === null || isBeyond(asset, before, -1)),
  );
  const months = new Map<number, number>();
  for (const asset of matches) months.set(monthName(asset.local_us), (months.get(monthName(asset.local_us)) ?? 0) + 1);
  return [...months]
    .toSorted(([a], [b]) => b - a)
    .map(([month, count]) => {
      const digits = String(month).padStart(6, "0");
      return { time_bucket: `${digits.slice(0, 4)}-${digits.slice(4)}-01T00:00:00`, count };
    });
}

/** A random bound, sometimes exactly at a month boundary. */
function randomBound(offset: string): string {
  const text = randomCaptureTime().replace(/(Z|[+-]\d\d:\d\d)$/, "");
  return text + offset;
}

function randomQuery(): URLSearchParams {
  const parameters = new URLSearchParams({ limit: "200", state: ["live", "trashed", "all"][randomBelow(3)] ?? "live" });
  const album = randomBelow(4);
  if (album === 1) parameters.set("album_id", albumId);
  if (album === 2) parameters.set("album_filter", "in_album");
  if (album === 3) parameters.set("album_filter", "not_in_album");
  const zone = randomBelow(2) === 0 ? [""] : ["Z", "+14:00", "-10:30", "+01:00"];
  const offset = (): string => zone[randomBelow(zone.length)] ?? "";
  if (randomBelow(3) > 0) parameters.set("local_datetime_after", randomBound(offset()));
  if (randomBelow(3) > 0) parameters.set("local_datetime_before", randomBound(offset()));
  return parameters;
}

describe("GET /api/assets/counts", () => {
  it("matches a recount for 250 random queries", { timeout: 60_000 }, async () => {
    let empty = 0;
    for (let i = 0; i < 250; i++) {
      const parameters = randomQuery();
      const expected = recount(parameters);
      expect(await fetchCounts(parameters.toString()), decodeURIComponent(parameters.toString())).toEqual({
        data: expected,
        has_more: false,
      });
      if (expected.length === 0) empty += 1;
    }
    expect(empty).toBeLessThan(150);
  });

  it.each([
    [
      "local_datetime_before",
      ["", "state=all", "album_filter=in_album&state=trashed", "local_datetime_after=2022-06-15"],
    ],
    ["starting_after_bucket", ["", "local_datetime_before=2024-03-15", "local_datetime_after=2022-06-15&state=all"]],
  ])("continues newest first when the last bucket is passed as %s", async (cursor, filters) => {
    for (const filter of filters) {
      const all = recount(new URLSearchParams(filter));
      const seen: Counts["data"] = [];
      let next = "";
      for (let more = true; more && seen.length <= all.length;) {
        const page = await fetchCounts(`${filter}&limit=3${next}`);
        expect(page.data.length).toBeLessThanOrEqual(3);
        seen.push(...page.data);
        more = page.has_more;
        if (more) expect(page.data).toHaveLength(3);
        next = `&${cursor}=${page.data.at(-1)?.time_bucket}`;
      }
      expect(seen, filter).toEqual(all);
    }
  });

  it("returns 20 buckets by default and at most 200", async () => {
    const page = await fetchCounts("");
    expect(page.data).toHaveLength(20);
    expect(page.has_more).toBe(true);
    expect((await fetchCounts("limit=1")).data).toEqual(page.data.slice(0, 1));
  });

  it("returns buckets without a UTC offset, also before 1970", async () => {
    const { data } = await fetchCounts("limit=200&state=all&local_datetime_before=1971-01-01");
    expect(data).toEqual([
      { time_bucket: "1970-01-01T00:00:00", count: 1 },
      { time_bucket: "1969-12-01T00:00:00", count: 1 },
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
    ["group_by=day", "group_by"],
    ["group_by=", "group_by"],
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
    ["starting_after_bucket=2024-01-01&local_datetime_after=2022-01-01T00:00:00Z", "starting_after_bucket"],
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
