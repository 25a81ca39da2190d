import { beforeAll, describe, expect, it } from "vitest";
import { MAX_RATINGS } from "../../../src/kernel/rating.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset, expectError, type AssetResponse } from "../../support/clients/responses.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
  readEvents,
} from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { appendVersion, editedJpeg, expectVersion, readAsset } from "../../support/clients/versions.ts";

let token: string;
/** By rating: null, 0 to 5. All but the last have a position; the odd ones are videos. */
const ids = new Map<number | null, string>();
const RATINGS = [null, 0, 1, 2, 3, 4, 5];

beforeAll(async () => {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  token = (await insertKey({ userId, lastUsedAt: Date.now() })).secret;
  const rows = RATINGS.map((rating, i) => ({
    rating,
    capturedAt: `2024-05-${20 - i}T00:00:00`,
    mediaType: i % 2 === 1 ? ("video" as const) : ("image" as const),
    position: [10 + i / 100, 50] as [number, number],
  }));
  const inserted = await insertAssets({ userId, libraryId }, rows);
  for (const [i, rating] of RATINGS.entries()) ids.set(rating, inserted[i] ?? "");
});

const GEO = "geo-clusters?bbox=-180,-90,180,90&cell_size=10&";

async function listed(query: string): Promise<string[]> {
  const response = await call("GET", `/api/assets?${query}`, { token });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json<{ data: { id: string }[] }>()).data.map(({ id }) => id);
}

async function onMap(query: string): Promise<number> {
  const response = await call("GET", `/api/assets/${GEO}${query}`, { token });
  expect(response.status, await response.clone().text()).toBe(200);
  const { data } = await response.json<{ data: { count: number }[] }>();
  return data.reduce((sum, { count }) => sum + count, 0);
}

const idsOf = (...ratings: (number | null)[]): string[] => ratings.map((rating) => ids.get(rating) ?? "");

describe("the ratings filter of lists and the map", () => {
  it.each([
    { query: "ratings=5", ratings: [5] },
    { query: "ratings=5&ratings=4", ratings: [4, 5] },
    { query: "ratings=5,4", ratings: [4, 5] },
    { query: "ratings=5,5,%204", ratings: [4, 5] },
    { query: "ratings[]=5&ratings[]=4", ratings: [4, 5] },
    { query: "ratings%5B%5D=5&ratings%5B%5D=4", ratings: [4, 5] },
    { query: "ratings%5b%5d=5&ratings=1", ratings: [1, 5] },
    { query: "ratings=0", ratings: [null, 0] },
    { query: `ratings=${"5,".repeat(MAX_RATINGS)}`, ratings: [5] },
    { query: "ratings=0&ratings=3", ratings: [null, 0, 3] },
    { query: "ratings=0,1,2,3,4,5", ratings: RATINGS },
    { query: "ratings=1,2,3,4,5", ratings: [1, 2, 3, 4, 5] },
  ])("matches exactly the assets with one of the ratings: $query", async ({ query, ratings }) => {
    expect(await listed(query)).toEqual(idsOf(...ratings));
    expect(await onMap(query)).toBe(ratings.length);
    const box = "bbox=9,49,11,51";
    expect(await listed(`${query}&${box}`)).toEqual(idsOf(...ratings));
  });

  it("is combined with other filters", async () => {
    expect(await listed("ratings=5&media_type=video")).toEqual([]);
    expect(await listed("ratings=5,4&media_type=video")).toEqual(idsOf(4));
    expect(await listed("ratings=0&album_filter=in_album")).toEqual([]);
    expect(await listed("ratings=0,5&state=all&order=asc")).toEqual(idsOf(5, 0, null));
    expect(await listed(`ratings=4,5&ids=${idsOf(1, 4).join()}`)).toEqual(idsOf(4));
    expect(await listed("ratings=4,5&bbox=10.055,49,11,51")).toEqual(idsOf(5));
    expect(await onMap("ratings=4,5&local_datetime_after=2024-05-14T12:00:00")).toBe(1);
  });

  it.each(["-1", "6", "2.5", "", "five", "null", "5,6", "05", "5&ratings=9", "5,".repeat(MAX_RATINGS + 1)])(
    "refuses %o with 422",
    async (value) => {
      for (const name of ["ratings", "ratings[]"]) {
        const path = `/api/assets?${name}=${value}`;
        expect((await call("GET", path, { token })).status, path).toBe(422);
        const geo = `/api/assets/${GEO}${name}=${value}`;
        expect((await call("GET", geo, { token })).status, geo).toBe(422);
      }
    },
  );
});

/** A unique copy of a photo whose XMP has 3 stars. */
async function uploadRated(): Promise<AssetResponse> {
  const bytes = await new Blob([await sampleBytes("mongolels.jpg"), uniqueBytes(24)]).arrayBuffer();
  return await expectAsset(await uploadWithoutConsumer(new Uint8Array(bytes), { name: "mongolels.jpg" }), 201);
}

async function rate(id: string, rating: unknown): Promise<AssetResponse> {
  return await expectAsset(await call("PATCH", `/api/assets/${id}`, { json: { rating } }), 200);
}

async function isListed(id: string, ratings: string): Promise<boolean> {
  const { data } = await (await call("GET", `/api/assets?ids=${id}&ratings=${ratings}`)).json<{ data: unknown[] }>();
  return data.length === 1;
}

describe("the rating of a photo", () => {
  it("is the user's, else the file's", async () => {
    const { id, metadata } = await uploadRated();
    expect(metadata?.["rating"]).toBe(3);
    expect(await isListed(id, "3")).toBe(true);
    for (const { rating, effective } of [
      { rating: 5, effective: 5 },
      { rating: 0, effective: 0 },
      { rating: 1, effective: 1 },
      { rating: null, effective: 3 },
    ]) {
      expect((await rate(id, rating)).metadata?.["rating"]).toBe(effective);
      for (const stars of [0, 1, 2, 3, 4, 5]) {
        expect([rating, stars, await isListed(id, String(stars))]).toEqual([rating, stars, stars === effective]);
      }
    }
  });

  it("is unchanged by updates without it, and by what updates bring in addition", async () => {
    const { id } = await uploadRated();
    await rate(id, 4);
    for (const change of [
      { description: "a" },
      { latitude: 1, longitude: 2 },
      { original_datetime: "2001-01-01T00:00:00" },
      { is_favorite: true },
    ]) {
      const asset = await expectAsset(await call("PATCH", `/api/assets/${id}`, { json: change }), 200);
      expect(asset.metadata?.["rating"]).toBe(4);
      expect(await isListed(id, "4")).toBe(true);
    }
  });

  it("changes for many photos at once, each to its own", async () => {
    const assets = [await uploadRated(), await uploadRated(), await uploadRated(), await uploadRated()];
    const [first, second, third, fourth] = assets.map(({ id }) => id);
    await rate(third ?? "", 2);
    const updates = [
      { id: first, change: { rating: 5, is_favorite: true } },
      { id: second, change: { description: "kept at 3 stars" } },
      { id: third, change: { rating: null } },
      { id: fourth, change: { rating: 1 } },
      { id: fourth, change: { rating: 0, latitude: 1, longitude: 2 } },
    ];
    expect((await call("POST", "/api/assets/bulk-update", { json: { updates } })).status).toBe(200);
    for (const [id, rating] of [
      [first, 5],
      [second, 3],
      [third, 3],
      [fourth, 0],
    ]) {
      expect([rating, await isListed(String(id), String(rating))]).toEqual([rating, true]);
      const { metadata } = await expectAsset(await call("GET", `/api/assets/${id}?include=metadata,legacy`), 200);
      expect(metadata?.["rating"]).toBe(rating);
    }
  });

  it.each([-1, 6, 2.5, "5", true, [5], 1e300])("of %o is refused with 422, also among many", async (rating) => {
    const { id } = await uploadRated();
    await expectError(await call("PATCH", `/api/assets/${id}`, { json: { rating } }), 422);
    const updates = [{ id, change: { rating } }];
    await expectError(await call("POST", "/api/assets/bulk-update", { json: { updates } }), 422);
    expect(await isListed(id, "3")).toBe(true);
  });

  it("sends the event of changed metadata, and none if it stays", async () => {
    const tenant = await insertTenant();
    const id = tenant.assetId;
    const { lastSeq } = await readEvents();
    for (const rating of [5, 5, null, null]) {
      await expectAsset(await call("PATCH", `/api/assets/${id}`, { json: { rating }, token: tenant.secret }), 200);
    }
    const { events } = await readEvents(lastSeq);
    expect(events.map(({ event_type, entity_id }) => [event_type, entity_id])).toEqual([
      ["metadata_updated", id],
      ["metadata_updated", id],
    ]);
  });

  it("stays through an edited version, the trash and an album", async () => {
    const { id } = await uploadRated();
    await rate(id, 5);
    await expectVersion(await appendVersion(id, await editedJpeg()), 201);
    expect((await readAsset(id)).metadata?.["rating"]).toBe(5);
    expect(await isListed(id, "5")).toBe(true);
    await call("POST", "/api/assets/trash", { json: { ids: [id] } });
    for (const state of ["trashed", "all"]) {
      for (const ratings of ["5", "0,1,2,3,4"]) {
        const path = `/api/assets?state=${state}&ratings=${ratings}&include=`;
        const { data } = await (await call("GET", path)).json<{ data: { id: string }[] }>();
        expect([state, ratings, data.some((asset) => asset.id === id)]).toEqual([state, ratings, ratings === "5"]);
      }
    }
    await call("POST", "/api/assets/restore", { json: { ids: [id] } });
    expect(await isListed(id, "5")).toBe(true);
  });

  it("is not that of a file outside of 0 to 5", async () => {
    const { id } = await uploadRated();
    for (const rating of [-1, 6, 99]) {
      await sqlAll("UPDATE assets SET file_metadata = json_set(file_metadata, '$.rating', ?) WHERE id = ?", rating, id);
      const { metadata } = await expectAsset(await call("GET", `/api/assets/${id}?include=metadata,legacy`), 200);
      expect(metadata?.["rating"]).toBe(0);
    }
  });
});
