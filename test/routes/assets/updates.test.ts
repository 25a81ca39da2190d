import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { requeueOverdue } from "../../../src/operations/maintenance/sweeps.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { createApiKey, createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset, expectError, type AssetResponse } from "../../support/clients/responses.ts";
import { call, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { seedLibrary } from "../../support/rows/seed.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertTenant,
  readEvents,
  type Tenant,
} from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import { changeTasks, finishOtherTasks, readTasks, type TaskRow } from "../../support/rows/taskRows.ts";

const quiet = { QUEUE: recordingQueue().binding };
let tenant: Tenant;
let owner: { userId: string; libraryId: string };

beforeAll(async () => {
  owner = await getRootOwner();
  tenant = await insertTenant();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A unique copy of a sample: readers ignore the appended bytes. */
async function uniqueSample(name: string): Promise<Uint8Array> {
  const tail = uniqueBytes(24);
  tail.set([0, 0, 0, 24, ...new TextEncoder().encode("free")]);
  const bytes = await new Blob([await sampleBytes(name), tail]).arrayBuffer();
  return new Uint8Array(bytes);
}

async function uploadSample(name: string, fileCreatedAt = "2020-01-01T00:00:00+05:00"): Promise<AssetResponse> {
  return await expectAsset(await uploadWithoutConsumer(await uniqueSample(name), { name, fileCreatedAt }), 201);
}

async function uploadWithoutMetadata(fileCreatedAt = "2024-05-06T07:08:09"): Promise<AssetResponse> {
  return await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { fileCreatedAt }), 201);
}

async function send(id: string, json: unknown, options: CallOptions = {}): Promise<Response> {
  return await call("PATCH", `/api/assets/${id}`, { ...options, json, env: { ...quiet, ...options.env } });
}

async function patch(id: string, json: unknown, options: CallOptions = {}): Promise<AssetResponse> {
  return await expectAsset(await send(id, json, options), 200);
}

async function bulk(updates: unknown, options: CallOptions = {}): Promise<Response> {
  return await call("POST", "/api/assets/bulk-update", {
    ...options,
    json: { updates },
    env: { ...quiet, ...options.env },
  });
}

async function get(id: string): Promise<AssetResponse> {
  return await expectAsset(await call("GET", `/api/assets/${id}?include=metadata,legacy`), 200);
}

async function listIds(query: string, token?: string): Promise<string[]> {
  const options = token === undefined ? {} : { token };
  const response = await call("GET", `/api/assets?include=&limit=200&${query}`, options);
  expect(response.status, query).toBe(200);
  return (await response.json<{ data: { id: string }[] }>()).data.map(({ id }) => id);
}

async function lastSeq(): Promise<number> {
  return (await readEvents()).lastSeq;
}

/** Events recorded after `seq`. */
async function eventsAfter(seq: number): Promise<string[]> {
  return (await readEvents(seq)).events.map(({ event_type, entity_id }) => `${event_type} ${entity_id}`);
}

async function geocodingTasks(id: string): Promise<TaskRow[]> {
  return (await readTasks(id)).filter((task) => task.task_type === "reverse_geocoding");
}

const BERLIN = { latitude: 52.52, longitude: 13.405 };
const TOKYO = { latitude: 35.6762, longitude: 139.6503 };

describe("an upload with coordinates", () => {
  it("has a time zone and offset immediately and a pending geocoding task", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    expect(asset.metadata).toMatchObject({
      original_datetime: "2019-07-16T10:26:11",
      timezone: "Africa/Nairobi",
      city: null,
      display_label: null,
    });
    expect(asset.local_datetime).toBe("2019-07-16T10:26:11+03:00");
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "pending" }]);
  });

  it("keeps an offset from the camera, the video or file_created_at", async () => {
    expect(await uploadSample("IMG_7943.HEIC")).toMatchObject({
      local_datetime: "2026-03-23T15:57:20.001+01:00",
      metadata: { timezone: "Europe/Prague" },
    });
    const film = await uploadSample("0002_with-gps.mov");
    expect(film.local_datetime).toBe("2019-07-24T11:25:40+03:00");
    expect(await geocodingTasks(film.id)).toHaveLength(1);
    for (const time of ["2020-01-01T00:00:00+05:00", "2020-01-01T00:00:00"]) {
      const { id } = await uploadWithoutMetadata(time);
      expect((await patch(id, BERLIN)).local_datetime).toBe(time);
    }
  });

  it("creates no geocoding task without coordinates", async () => {
    const asset = await uploadSample("cyclamen_persicum.jpg");
    expect(asset.metadata?.timezone).toBeNull();
    expect(await geocodingTasks(asset.id)).toEqual([]);
  });
});

describe("a user's caption", () => {
  it("overrides the caption from the file until it is removed", async () => {
    const asset = await uploadSample("thompson-springs.jpg");
    const fileCaption = asset.metadata?.description;
    expect(fileCaption).toMatch(/^Early winter scene/);
    const captioned = await patch(asset.id, { description: "Utah, 2018" });
    expect(captioned.metadata?.description).toBe("Utah, 2018");
    expect(captioned.exif?.description).toBe("Utah, 2018");
    expect((await get(asset.id)).metadata?.description).toBe("Utah, 2018");
    expect((await patch(asset.id, { description: null })).metadata?.description).toBe(fileCaption);
    expect((await get(asset.id)).metadata?.description).toBe(fileCaption);
  });

  it("leaves the AI-generated description unchanged", async () => {
    const asset = await uploadWithoutMetadata();
    await sqlAll("UPDATE assets SET description = 'A dog.' WHERE id = ?", asset.id);
    const captioned = await patch(asset.id, { description: "Rex" });
    expect([captioned.description, captioned.metadata?.description]).toEqual(["A dog.", "Rex"]);
  });

  it("hides the caption from the file if empty", async () => {
    const asset = await uploadSample("thompson-springs.jpg");
    expect((await patch(asset.id, { description: "" })).metadata?.description).toBe("");
  });

  it("is stored unchanged character by character", async () => {
    const asset = await uploadWithoutMetadata();
    for (const description of ["  two\nlines\t ", "𝕏 \u{1F600} ä ß \" ' \\ {} $.a", "\u0000a", "x".repeat(16_384)]) {
      await patch(asset.id, { description });
      expect((await get(asset.id)).metadata?.description).toBe(description);
    }
  });

  it("has lone surrogates replaced, so that every JSON parser accepts it", async () => {
    const asset = await uploadWithoutMetadata();
    expect((await patch(asset.id, { description: "half \ud83d, whole \ud83d\ude00" })).metadata).toMatchObject({
      description: "half \ufffd, whole \ud83d\ude00",
    });
  });

  it("returns the full asset: every group, every variant and the legacy keys", async () => {
    const asset = await uploadWithoutMetadata();
    const captioned = await patch(asset.id, { description: "all" });
    expect(Object.keys(captioned).toSorted()).toEqual(Object.keys(asset).toSorted());
    expect(Object.keys(captioned.asset_urls ?? {}).toSorted()).toEqual(Object.keys(asset.asset_urls ?? {}).toSorted());
    expect(captioned).toMatchObject({ faces: [], people: [], metrics: {}, file_data: { checksum: asset.checksum } });
  });
});

describe("a user's location", () => {
  it("hides the file's place names, altitude and zone until it is removed", async () => {
    const asset = await uploadSample("thompson-springs.jpg");
    const fileNames = { city: "Thompson Springs", state: "Utah", country: "United States", timezone: "America/Denver" };
    expect(asset.metadata).toMatchObject({ ...fileNames, altitude: 1483.9, latitude: 39.115 });
    expect(asset.metadata?.display_label).toBe("Thompson Springs, Utah");
    const moved = await patch(asset.id, BERLIN);
    const nowhere = { city: null, state: null, country: null, altitude: null, display_label: null };
    expect(moved.metadata).toMatchObject({ ...BERLIN, ...nowhere, timezone: "Europe/Berlin" });
    expect(moved.exif).toMatchObject({ ...BERLIN, city: null, altitude: null });
    // Geocoded names of the new location replace the file's, which describe the old one.
    const derived = JSON.stringify({
      timezone: "Europe/Berlin",
      city: "Berlin",
      country: "Germany",
      countryCode: "DE",
    });
    await sqlAll("UPDATE assets SET derived_metadata = ? WHERE id = ?", derived, asset.id);
    expect((await get(asset.id)).metadata).toMatchObject({
      city: "Berlin",
      state: null,
      display_label: "Berlin, Germany",
    });
    const back = await patch(asset.id, { latitude: null, longitude: null });
    expect(back.metadata).toEqual({ ...asset.metadata, updated_at: back.metadata?.updated_at });
    const [row] = await sqlAll("SELECT user_metadata AS u, derived_metadata AS d FROM assets WHERE id = ?", asset.id);
    expect(row).toEqual({ u: "{}", d: '{"timezone":"America/Denver"}' });
  });

  it("overrides place names of a file without coordinates", async () => {
    const asset = await uploadSample("new_location_shown.png");
    const label = "Schafjückenweg 2, Rastede, Niedersachsen";
    expect(asset.metadata).toMatchObject({ city: "Rastede", latitude: null, display_label: label });
    expect((await patch(asset.id, TOKYO)).metadata).toMatchObject({ ...TOKYO, city: null, timezone: "Asia/Tokyo" });
    const back = await patch(asset.id, { latitude: null, longitude: null });
    expect(back.metadata).toMatchObject({ city: "Rastede", latitude: null, timezone: null });
  });

  it("changes nothing if it equals the file's coordinates: names stay and geocoding is not repeated", async () => {
    const asset = await uploadSample("thompson-springs.jpg");
    const { latitude, longitude } = asset.metadata ?? {};
    await changeTasks(asset.id, { status: "success" });
    const pinned = await patch(asset.id, { latitude, longitude });
    expect(pinned.metadata).toMatchObject({ city: "Thompson Springs", altitude: 1483.9, latitude, longitude });
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "success" }]);
  });

  it("creates and enqueues one geocoding task per move", async () => {
    const asset = await uploadWithoutMetadata();
    const queue = recordingQueue();
    await patch(asset.id, BERLIN, { env: { QUEUE: queue.binding } });
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "pending", retry_count: 0 }]);
    await changeTasks(asset.id, { status: "success", result: "x", retries: 3, completedAt: 5, error: "e" });
    await patch(asset.id, TOKYO, { env: { QUEUE: queue.binding } });
    expect(await geocodingTasks(asset.id)).toMatchObject([
      { status: "pending", retry_count: 0, result: null, completed_at: null },
    ]);
    expect(queue.sent).toEqual([{ assetId: asset.id }, { assetId: asset.id }]);
    // Removing the coordinates creates no geocoding task.
    await changeTasks(asset.id, { status: "success" });
    await patch(asset.id, { latitude: null, longitude: null }, { env: { QUEUE: queue.binding } });
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "success" }]);
    expect(queue.sent).toHaveLength(2);
  });

  it.each([
    [90, 180],
    [-90, -180],
    [0, 0],
    [-0, 1e-300],
    [89.99999999999999, 179.99999999999997],
  ])("accepts extreme coordinates: %d, %d", async (latitude, longitude) => {
    const asset = await uploadWithoutMetadata();
    const { metadata } = await patch(asset.id, { latitude, longitude });
    expect([Number(metadata?.latitude) + 0, metadata?.longitude]).toEqual([latitude + 0, longitude]);
    expect(metadata?.timezone).toEqual(expect.any(String));
    const [row] = await sqlAll("SELECT latitude, longitude FROM assets WHERE id = ?", asset.id);
    expect([Number(row?.["latitude"]) + 0, row?.["longitude"]]).toEqual([latitude + 0, longitude]);
  });
});

describe("a user's capture time", () => {
  it("changes the local time, and removing it restores the file's exactly", async () => {
    for (const [name, local] of [
      ["cyclamen_persicum.jpg", "2007-12-06T14:33:18"],
      ["0002_with-gps.mov", "2019-07-24T11:25:40+03:00"],
      ["0006_adobe_coords.jpg", "2019-07-16T10:26:11+03:00"],
    ] as const) {
      const asset = await uploadSample(name);
      expect(asset.local_datetime).toBe(local);
      const dated = await patch(asset.id, { original_datetime: "2001-02-03T04:05:06.789-07:00" });
      expect(dated.local_datetime).toBe("2001-02-03T04:05:06.789-07:00");
      expect(dated.metadata?.original_datetime).toBe("2001-02-03T04:05:06.789-07:00");
      const back = await patch(asset.id, { original_datetime: null });
      expect(back.local_datetime).toBe(local);
      expect(back.metadata?.original_datetime).toBe(asset.metadata?.original_datetime);
    }
  });

  it("restores a video's container creation date when removed, although no metadata tag records it", async () => {
    const film = await uploadSample("video_rotate.mp4");
    expect(film.metadata?.original_datetime).toBeNull();
    expect(film.local_datetime).not.toBe("2020-01-01T00:00:00+05:00");
    await patch(film.id, { original_datetime: "2001-02-03T04:05:06" });
    expect((await patch(film.id, { original_datetime: null })).local_datetime).toBe(film.local_datetime);
  });

  it("falls back to file_created_at if the file has no capture time", async () => {
    const asset = await uploadWithoutMetadata("2024-05-06T07:08:09.123456+05:30");
    await patch(asset.id, { original_datetime: "1826-06-01T12:00:00Z", ...BERLIN });
    expect((await get(asset.id)).local_datetime).toBe("1826-06-01T12:00:00+00:00");
    const back = await patch(asset.id, { original_datetime: null });
    expect(back.local_datetime).toBe("2024-05-06T07:08:09.123456+05:30");
    expect(back.metadata?.original_datetime).toBeNull();
  });

  it("can be removed from rows that never stored the file's own time", async () => {
    const [photo = "", film = "", placed = ""] = await insertAssets(owner, [
      { capturedAt: "2011-01-01T10:00:00" },
      { capturedAt: "2011-01-02T10:00:00+02:00", mediaType: "video" },
      { capturedAt: "2024-01-01T00:00:00Z" },
    ]);
    for (const [id, local] of [
      [photo, "2011-01-01T10:00:00"],
      [film, "2011-01-02T10:00:00+02:00"],
      [placed, "2024-01-01T00:00:00"],
    ] as const) {
      await patch(id, { original_datetime: "2001-02-03T04:05:06" });
      await patch(id, { original_datetime: "2002-02-03T04:05:06" });
      expect((await patch(id, { original_datetime: null })).local_datetime).toBe(local);
    }
    // The next move must not treat the offset derived from the zone as the camera's.
    expect((await patch(photo, BERLIN)).local_datetime).toBe("2011-01-01T10:00:00+01:00");
    expect((await patch(photo, TOKYO)).local_datetime).toBe("2011-01-01T10:00:00+09:00");
    expect((await patch(photo, { latitude: null, longitude: null })).local_datetime).toBe("2011-01-01T10:00:00");
  });

  it("keeps the offset sent with it and derives none from the location", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    for (const [sent, shown] of [
      ["2019-07-16T10:26:11Z", "2019-07-16T10:26:11+00:00"],
      ["2019-07-16T10:26:11+14:00", "2019-07-16T10:26:11+14:00"],
      ["2019-07-16T10:26:11", "2019-07-16T10:26:11"],
      ["1700-01-01", "1700-01-01T00:00:00"],
      ["2200-12-31T23:59:59.999999", "2200-12-31T23:59:59.999999"],
    ]) {
      const dated = await patch(asset.id, { original_datetime: sent });
      expect([dated.local_datetime, dated.metadata?.original_datetime]).toEqual([shown, shown]);
    }
  });

  it("from the file follows the location's offset in summer and winter", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    expect((await patch(asset.id, BERLIN)).local_datetime).toBe("2019-07-16T10:26:11+02:00");
    const winter = await uploadSample("cyclamen_persicum.jpg");
    expect((await patch(winter.id, BERLIN)).local_datetime).toBe("2007-12-06T14:33:18+01:00");
    const back = await patch(winter.id, { latitude: null, longitude: null });
    expect(back.local_datetime).toBe("2007-12-06T14:33:18");
    const own = await uploadSample("IMG_7943.HEIC");
    expect((await patch(own.id, TOKYO)).local_datetime).toBe("2026-03-23T15:57:20.001+01:00");
  });
});

describe("an invalid update", () => {
  const invalidChanges: [string, unknown, string][] = [
    ["half a position", { latitude: 1 }, "longitude"],
    ["the other half", { longitude: 1 }, "longitude"],
    ["half of nothing", { latitude: null }, "longitude"],
    ["a number and nothing", { latitude: 1, longitude: null }, "longitude"],
    ["nothing and a number", { latitude: null, longitude: 1 }, "longitude"],
    ["a latitude beyond the pole", { latitude: 90.0000001, longitude: 0 }, "latitude"],
    ["a longitude beyond the date line", { latitude: 0, longitude: -180.5 }, "longitude"],
    ["coordinates in text", { latitude: "52.5", longitude: 13 }, "latitude"],
    ["coordinates that are truths", { latitude: true, longitude: 13 }, "latitude"],
    ["a caption that is a number", { description: 7 }, "description"],
    ["a caption that is a list", { description: ["a"] }, "description"],
    ["a caption as long as a book", { description: "x".repeat(16_385) }, "description"],
    ["a time that is none", { original_datetime: "yesterday" }, "original_datetime"],
    ["an empty time", { original_datetime: "" }, "original_datetime"],
    ["a time in seconds", { original_datetime: 1_700_000_000 }, "original_datetime"],
    ["a day that no month has", { original_datetime: "2023-02-29T00:00:00" }, "original_datetime"],
    ["a year before all cameras", { original_datetime: "1699-12-31T23:59:59" }, "original_datetime"],
    ["a year that is a typing error", { original_datetime: "20240-01-01T00:00:00" }, "original_datetime"],
    ["a year far from now", { original_datetime: "2201-01-01T00:00:00Z" }, "original_datetime"],
    ["an offset that no zone has", { original_datetime: "2024-01-01T00:00:00+15:00" }, "original_datetime"],
  ];
  it.each(invalidChanges)("names the field: %s", async (_, change, field) => {
    const asset = await uploadWithoutMetadata();
    const seq = await lastSeq();
    const single = await expectError(await send(asset.id, change), 422);
    expect(single.detail).toMatchObject([{ loc: ["body", field] }]);
    const good = { id: asset.id, change: { description: "good" } };
    const many = await expectError(await bulk([good, { id: asset.id, change }]), 422);
    expect(many.detail).toMatchObject([{ loc: ["body", "updates", 1, "change", field] }]);
    expect(await eventsAfter(seq)).toEqual([]);
    expect((await get(asset.id)).metadata?.description).toBeNull();
  });

  it.each(["[]", "null", '"x"', "7"])("returns 422 for a body that is not an object: %s", async (body) => {
    const { id } = await uploadWithoutMetadata();
    const options = { body, headers: { "content-type": "application/json" } };
    await expectError(await call("PATCH", `/api/assets/${id}`, options), 422);
    await expectError(await call("POST", "/api/assets/bulk-update", options), 422);
  });

  it("returns 400 for NaN and 422 for a number out of range", async () => {
    const { id } = await uploadWithoutMetadata();
    const headers = { "content-type": "application/json" };
    const body = '{"latitude": NaN, "longitude": 1}';
    await expectError(await call("PATCH", `/api/assets/${id}`, { body, headers }), 400);
    const huge = '{"latitude": 1e999, "longitude": 1}';
    await expectError(await call("PATCH", `/api/assets/${id}`, { body: huge, headers }), 422);
  });

  it("returns 404 for unknown or foreign assets and 403 without the action", async () => {
    const change = { description: "mine now" };
    for (const id of [newId("asset"), tenant.assetId]) await expectError(await send(id, change), 404);
    await expectError(await send("asset_nonsense", change), 422);
    await expectError(await send(newId("stack"), change), 422);
    const asset = await uploadWithoutMetadata();
    const elsewhere = await createLibrary();
    const { secret: narrow } = await insertKey({ userId: owner.userId, libraryIds: [elsewhere] });
    await expectError(await send(asset.id, change, { token: narrow }), 404);
    await expectError(await bulk([{ id: asset.id, change }], { token: narrow }), 404);
    const reader = await createApiKey({ actions: ["read"] });
    await expectError(await send(asset.id, change, { token: reader }), 403);
    await expectError(await bulk([{ id: asset.id, change }], { token: reader }), 403);
    const seen = await call("GET", `/api/assets/${tenant.assetId}?include=metadata`, { token: tenant.secret });
    expect((await expectAsset(seen, 200)).metadata?.description).toBeNull();
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", elsewhere);
  });
});

describe("an update without changes", () => {
  it("writes no row and no event: empty, unknown key or repeated", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    const change = { description: "same", ...BERLIN, original_datetime: "2024-07-15T12:00:00+02:00" };
    const first = await patch(asset.id, change);
    await changeTasks(asset.id, { status: "success" });
    const seq = await lastSeq();
    const database = countingD1(env.DB);
    const queue = recordingQueue();
    const options = { env: { DB: database.binding, QUEUE: queue.binding } };
    for (const same of [{}, { nonsense: 1, file_name: "x" }, change, { description: "same" }, BERLIN]) {
      expect(await patch(asset.id, same, options)).toEqual(first);
      expect((await bulk([{ id: asset.id, change: same }], options)).status).toBe(200);
    }
    const empty = await patch(asset.id, { ...change, original_datetime: "2024-07-15T10:00:00Z" });
    expect(empty.local_datetime).toBe("2024-07-15T10:00:00+00:00");
    expect(database.counts.rowsWritten).toBe(0);
    expect(queue.sent).toEqual([]);
    expect((await eventsAfter(seq)).filter((line) => !line.includes(asset.id))).toEqual([]);
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "success" }]);
  });

  it("includes removing a value that no user has set", async () => {
    const asset = await uploadSample("thompson-springs.jpg");
    const seq = await lastSeq();
    const nothing = { description: null, latitude: null, longitude: null, original_datetime: null };
    expect(await patch(asset.id, nothing)).toEqual(asset);
    expect(await eventsAfter(seq)).toEqual([]);
  });
});

describe("the change feed", () => {
  it("records metadata_updated, and asset_updated if the local time changes", async () => {
    const asset = await uploadWithoutMetadata();
    let seq = await lastSeq();
    const eventTypesAfter = async (change: unknown): Promise<string[]> => {
      await patch(asset.id, change);
      const lines = await eventsAfter(seq);
      seq = await lastSeq();
      return lines.map((line) => line.replace(` ${asset.id}`, ""));
    };
    expect(await eventTypesAfter({ description: "a" })).toEqual(["metadata_updated"]);
    expect(await eventTypesAfter(BERLIN)).toEqual(["metadata_updated"]);
    const dated = { original_datetime: "2024-07-15T12:00:00+02:00" };
    expect(await eventTypesAfter(dated)).toEqual(["metadata_updated", "asset_updated"]);
    // The same instant at another UTC offset.
    expect(await eventTypesAfter({ original_datetime: "2024-07-15T10:00:00Z" })).toEqual([
      "metadata_updated",
      "asset_updated",
    ]);
    const { events } = await readEvents(seq - 2);
    expect(events).toEqual([
      {
        library_id: owner.libraryId,
        event_type: "metadata_updated",
        entity_type: "metadata",
        entity_id: asset.id,
        payload: null,
      },
      {
        library_id: owner.libraryId,
        event_type: "asset_updated",
        entity_type: "asset",
        entity_id: asset.id,
        payload: { stack_id: null },
      },
    ]);
    const naive = await uploadSample("0006_adobe_coords.jpg");
    seq = await lastSeq();
    await patch(naive.id, BERLIN);
    expect(await eventsAfter(seq)).toEqual([`metadata_updated ${naive.id}`, `asset_updated ${naive.id}`]);
  });

  it("comes with a later updated_at of both asset and metadata", async () => {
    const asset = await uploadWithoutMetadata();
    const { updated_at, metadata } = await patch(asset.id, { description: "later" });
    expect(updated_at > asset.updated_at).toBe(true);
    expect((metadata?.updated_at ?? "") > (asset.metadata?.updated_at ?? "")).toBe(true);
    expect(metadata?.created_at).toBe(asset.metadata?.created_at);
  });
});

describe("lists after an update", () => {
  it("follow in order, naive and aware date filters and map", async () => {
    const library = await createLibrary();
    const where = { userId: owner.userId, libraryId: library };
    const [a = "", b = "", c = ""] = await insertAssets(where, [
      { capturedAt: "2015-01-01T00:00:00" },
      { capturedAt: "2016-01-01T00:00:00" },
      { capturedAt: "2017-01-01T00:00:00", position: [13.4, 52.5] },
    ]);
    const all = `library_id=${library}`;
    expect(await listIds(all)).toEqual([c, b, a]);
    await patch(a, { original_datetime: "2018-06-01T00:30:00+02:00" });
    expect(await listIds(all)).toEqual([a, c, b]);
    expect(await listIds(`${all}&media_type=image&order=asc`)).toEqual([b, c, a]);
    expect(await listIds(`${all}&local_datetime_after=2018-01-01T00:00:00`)).toEqual([a]);
    expect(await listIds(`${all}&local_datetime_before=2016-01-01T00:00:00`)).toEqual([]);
    expect(
      await listIds(`${all}&local_datetime_before=2018-05-31T22:31:00Z&local_datetime_after=2018-05-31T22:29:00Z`),
    ).toEqual([a]);
    expect(await listIds(`${all}&local_datetime_after=2018-05-31T22:31:00Z`)).toEqual([]);
    const berlin = `${all}&bbox=13,52,14,53`;
    expect(await listIds(berlin)).toEqual([c]);
    await patch(a, BERLIN);
    expect(await listIds(berlin)).toEqual([a, c]);
    await patch(a, TOKYO);
    expect(await listIds(berlin)).toEqual([c]);
    expect(await listIds(`${all}&center=139.65,35.67&radius=5000`)).toEqual([a]);
    await patch(a, { latitude: null, longitude: null, original_datetime: null });
    expect(await listIds(`${all}&bbox=-180,-90,180,90`)).toEqual([c]);
    expect(await listIds(all)).toEqual([c, b, a]);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", library);
  });

  it("follow for trashed assets too", async () => {
    const [trashed = ""] = await insertAssets(owner, [
      { trashedAt: 1_700_000_000_000, capturedAt: "2015-01-01T00:00:00" },
    ]);
    const dated = await patch(trashed, { original_datetime: "1901-01-01T00:00:00" });
    expect(dated.trashed_at).not.toBeNull();
    expect(
      await listIds(`state=trashed&local_datetime_before=1902-01-01T00:00:00&library_id=${owner.libraryId}`),
    ).toEqual([trashed]);
  });
});

describe("albums after an update", () => {
  interface AlbumAnswer {
    start_date: string | null;
    end_date: string | null;
    album_cover_asset_id: string | null;
    updated_at: string;
  }

  async function album(id: string): Promise<AlbumAnswer> {
    return await (await call("GET", `/api/albums/${id}`)).json<AlbumAnswer>();
  }

  async function filled(taken: string[]): Promise<{ id: string; members: string[] }> {
    const id = await insertAlbum(owner);
    const members = await insertAssets(
      owner,
      taken.map((time) => ({ capturedAt: time })),
    );
    const response = await call("POST", `/api/albums/${id}/assets`, { json: { asset_ids: members } });
    expect(response.status).toBe(200);
    return { id, members };
  }

  it("follow in dates, cover and order, with one event each", async () => {
    const { id, members } = await filled(["2015-01-01T00:00:00", "2016-01-01T00:00:00", "2017-01-01T00:00:00+01:00"]);
    const other = await filled(["2015-06-01T00:00:00"]);
    const [a = "", b = "", c = ""] = members;
    let seq = await lastSeq();
    await patch(a, { original_datetime: "2019-01-01T00:00:00+02:00" });
    expect(await album(id)).toMatchObject({
      start_date: "2016-01-01T00:00:00",
      end_date: "2019-01-01T00:00:00+02:00",
      album_cover_asset_id: a,
    });
    expect((await readEvents(seq)).events.filter((event) => event.entity_type === "album")).toMatchObject([
      { event_type: "album_updated", entity_id: id, payload: { album_cover_asset_id: a }, library_id: owner.libraryId },
    ]);
    expect(await listIds(`album_id=${id}`)).toEqual([a, c, b]);
    // The same wall clock at another UTC offset is another date.
    await patch(a, { original_datetime: "2019-01-01T00:00:00" });
    expect((await album(id)).end_date).toBe("2019-01-01T00:00:00");
    // A time within the range, or a caption, leaves the album's dates unchanged and records no album event.
    seq = await lastSeq();
    const before = await album(id);
    await patch(c, { original_datetime: "2017-06-01T00:00:00" });
    await patch(a, { description: "the last one" });
    expect(await album(id)).toEqual(before);
    expect((await eventsAfter(seq)).filter((line) => line.startsWith("album"))).toEqual([]);
    expect(await album(other.id)).toMatchObject({ start_date: "2015-06-01T00:00:00" });
  });

  it("follow for each of many assets updated at once", async () => {
    const one = await filled(["2015-01-01T00:00:00", "2016-01-01T00:00:00"]);
    const two = await filled(["2017-01-01T00:00:00"]);
    await call("POST", `/api/albums/${two.id}/assets`, { json: { asset_ids: [one.members[0]] } });
    const seq = await lastSeq();
    const change = { original_datetime: "2020-02-02T02:02:02" };
    const updates = [...one.members, ...two.members].map((id) => ({ id, change }));
    expect((await bulk(updates)).status).toBe(200);
    for (const { id } of [one, two]) {
      expect(await album(id)).toMatchObject({ start_date: "2020-02-02T02:02:02", end_date: "2020-02-02T02:02:02" });
    }
    const lines = (await eventsAfter(seq)).filter((line) => line.startsWith("album"));
    expect(lines.toSorted()).toEqual([`album_updated ${one.id}`, `album_updated ${two.id}`].toSorted());
  });

  it("stay unchanged for a trashed member", async () => {
    const { id, members } = await filled(["2015-01-01T00:00:00", "2016-01-01T00:00:00"]);
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", members[0]);
    await sqlAll("UPDATE albums SET start_us = end_us WHERE id = ?", id);
    const seq = await lastSeq();
    await patch(members[0] ?? "", { original_datetime: "1999-01-01T00:00:00" });
    expect((await eventsAfter(seq)).filter((line) => line.startsWith("album"))).toEqual([]);
    expect((await album(id)).end_date).toBe("2016-01-01T00:00:00");
  });
});

describe("POST /api/assets/bulk-update", () => {
  it("updates assets of several libraries and returns an acknowledgement", async () => {
    const library = await createLibrary();
    const [a = "", b = ""] = await insertAssets(owner, [{}, {}]);
    const [c = ""] = await insertAssets({ userId: owner.userId, libraryId: library }, [{}]);
    const seq = await lastSeq();
    const response = await bulk([
      { id: a, change: { description: "one", shutter: 5 }, note: "ignored" },
      { id: b, change: { ...TOKYO, original_datetime: "2003-03-03T03:03:03+09:00" } },
      { id: c, change: {} },
    ]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({});
    expect((await get(a)).metadata).toMatchObject({ description: "one", latitude: null });
    expect(await get(b)).toMatchObject({ local_datetime: "2003-03-03T03:03:03+09:00", metadata: TOKYO });
    expect((await eventsAfter(seq)).toSorted()).toEqual(
      [`metadata_updated ${a}`, `metadata_updated ${b}`, `asset_updated ${b}`].toSorted(),
    );
    await bulk([{ id: c, change: { description: "theirs" } }]);
    expect((await readEvents(seq)).events.at(-1)).toMatchObject({ library_id: library, entity_id: c });
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", library);
  });

  it("changes nothing if one id is unknown or foreign, and names it", async () => {
    const [mine = ""] = await insertAssets(owner, [{}]);
    const change = { description: "no" };
    for (const stranger of [newId("asset"), tenant.assetId]) {
      const { message } = await expectError(
        await bulk([
          { id: mine, change },
          { id: stranger, change },
        ]),
        404,
      );
      expect(message).toContain(stranger);
      expect(message).not.toContain(mine);
    }
    const strangers = Array.from({ length: 199 }, () => ({ id: newId("asset"), change }));
    const { message } = await expectError(await bulk([{ id: mine, change }, ...strangers]), 404);
    expect(message).toMatch(/and 194 more$/);
    expect((await get(mine)).metadata?.description).toBeNull();
  });

  it("accepts 1 to 200 ids with changes", async () => {
    const [id = ""] = await insertAssets(owner, [{}]);
    const item = { id, change: { description: "x" } };
    const wrong = [
      [],
      "x",
      null,
      Array.from({ length: 201 }, () => item),
      [{ id }],
      [{ change: {} }],
      [{ id, change: null }],
    ];
    for (const updates of [...wrong, [{ id: "asset_x", change: {} }], [{ id: 7, change: {} }], [id]]) {
      await expectError(await bulk(updates), 422);
    }
    await expectError(await call("POST", "/api/assets/bulk-update", { json: {} }), 422);
    expect((await get(id)).metadata?.description).toBeNull();
  });

  it("merges repeated changes of one asset in order and records one event", async () => {
    const [id = ""] = await insertAssets(owner, [{}]);
    const seq = await lastSeq();
    await bulk([
      { id, change: { description: "first", ...BERLIN } },
      { id, change: { original_datetime: "2003-03-03T03:03:03" } },
      { id, change: { description: "last" } },
    ]);
    expect(await get(id)).toMatchObject({
      local_datetime: "2003-03-03T03:03:03",
      metadata: { description: "last", ...BERLIN },
    });
    expect(await eventsAfter(seq)).toEqual([`metadata_updated ${id}`, `asset_updated ${id}`]);
  });

  it("enqueues each moved asset in batches within the queue's limit", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 150 }, () => ({})),
    );
    const queue = recordingQueue();
    await bulk(
      ids.map((id) => ({ id, change: BERLIN })),
      { env: { QUEUE: queue.binding } },
    );
    expect(queue.sent).toHaveLength(150);
    expect(new Set(queue.sent.map((message) => JSON.stringify(message)))).toEqual(
      new Set(ids.map((assetId) => JSON.stringify({ assetId }))),
    );
    const tasks = (await Promise.all(ids.map(geocodingTasks))).flat();
    expect(tasks).toHaveLength(150);
    expect(new Set(tasks.map((task) => task.id)).size).toBe(150);
    expect(new Set(tasks.map((task) => task.celery_task_id)).size).toBe(150);
  });

  it("accepts large changes on assets with much metadata", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 200 }, () => ({})),
    );
    for (const part of [ids.slice(0, 100), ids.slice(100)]) {
      const response = await bulk(part.map((id) => ({ id, change: { description: "\u0001".repeat(1700) } })));
      expect(response.status).toBe(200);
    }
    await sqlAll(
      "UPDATE assets SET user_metadata = json_object('description', ?) WHERE id IN (SELECT value FROM json_each(?))",
      "\u{1F600}".repeat(8000),
      JSON.stringify(ids),
    );
    expect((await bulk(ids.map((id) => ({ id, change: BERLIN })))).status).toBe(200);
    expect((await get(ids[199] ?? "")).metadata).toMatchObject({ ...BERLIN, description: "\u{1F600}".repeat(8000) });
  });
});

/** D1 that runs `interfere` before each batch. */
function interferingD1(interfere: () => Promise<unknown>): D1Database {
  const wrap = (session: D1DatabaseSession): D1DatabaseSession =>
    new Proxy(session, {
      get(target, property) {
        if (property === "batch") {
          return async (statements: D1PreparedStatement[]) => {
            await interfere();
            return await target.batch(statements);
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return new Proxy(env.DB, {
    get(target, property) {
      if (property === "withSession") return (constraint: string) => wrap(target.withSession(constraint));
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("concurrent updates", () => {
  it("of different fields are both kept", async () => {
    for (let round = 0; round < 5; round++) {
      const asset = await uploadSample("0006_adobe_coords.jpg");
      const responses = await Promise.all([
        send(asset.id, { description: "words" }),
        send(asset.id, { ...BERLIN, original_datetime: "2001-01-01T00:00:00+01:00" }),
      ]);
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
      expect(await get(asset.id)).toMatchObject({
        local_datetime: "2001-01-01T00:00:00+01:00",
        metadata: { description: "words", timezone: "Europe/Berlin", ...BERLIN },
      });
    }
  });

  it.each(["that advances", "that stands still"])("are retried after another write, by a clock %s", async (how) => {
    if (how === "that stands still") vi.useFakeTimers({ toFake: ["Date"] });
    const asset = await uploadSample("0006_adobe_coords.jpg");
    let batches = 0;
    const DB = interferingD1(async () => {
      batches += 1;
      if (batches === 1) await patch(asset.id, { original_datetime: "2001-01-01T00:00:00", ...TOKYO });
    });
    const seq = await lastSeq();
    const edited = await patch(asset.id, { description: "mine", ...BERLIN }, { env: { DB } });
    const metadata = { description: "mine", ...BERLIN, timezone: "Europe/Berlin" };
    expect(edited).toMatchObject({ local_datetime: "2001-01-01T00:00:00", metadata });
    expect(await get(asset.id)).toMatchObject({ local_datetime: "2001-01-01T00:00:00", metadata });
    // Two events of the other update and one of this.
    const kinds = ["metadata_updated", "asset_updated", "metadata_updated"];
    expect(await eventsAfter(seq)).toEqual(kinds.map((kind) => `${kind} ${asset.id}`));
  });

  it("of one asset by many clients are all kept", async () => {
    const asset = await uploadWithoutMetadata();
    const seq = await lastSeq();
    const responses = await Promise.all(
      Array.from({ length: 12 }, async (_, at) =>
        send(asset.id, at % 2 === 0 ? { description: `client ${at}` } : { latitude: at, longitude: at }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(await eventsAfter(seq)).toEqual(responses.map(() => `metadata_updated ${asset.id}`));
  });

  it("that lose every retry return a retryable conflict and change nothing", async () => {
    const [first = "", second = ""] = await insertAssets(owner, [{}, {}]);
    let times = 0;
    const DB = interferingD1(async () => await patch(second, { description: `theirs ${(times += 1)}` }));
    const change = { description: "mine", ...BERLIN };
    const lost = await bulk(
      [
        { id: first, change },
        { id: second, change },
      ],
      { env: { DB } },
    );
    expect([lost.headers.get("retry-after"), lost.headers.get("x-should-retry")]).toEqual(["1", null]);
    await expectError(lost, 409);
    expect((await get(first)).metadata).toMatchObject({ description: null, latitude: null });
    expect(await geocodingTasks(first)).toEqual([]);
    expect((await get(second)).metadata).toMatchObject({ description: "theirs 6", latitude: null });
  });

  it("survive other writes to the asset", async () => {
    const asset = await uploadWithoutMetadata();
    const DB = interferingD1(
      async () => await sqlAll("UPDATE assets SET thumbhash = 'x', updated_at = 9e12 WHERE id = ?", asset.id),
    );
    const edited = await patch(asset.id, { description: "mine" }, { env: { DB } });
    expect(edited).toMatchObject({ thumbhash: "x", metadata: { description: "mine" } });
  });

  it("return 404 if the asset is deleted meanwhile", async () => {
    const [id = ""] = await insertAssets(owner, [{}]);
    const seq = await lastSeq();
    const DB = interferingD1(async () => await sqlAll("DELETE FROM assets WHERE id = ?", id));
    await expectError(await send(id, { description: "late", ...BERLIN }, { env: { DB } }), 404);
    expect(await eventsAfter(seq)).toEqual([]);
    expect(await geocodingTasks(id)).toEqual([]);
  });
});

describe("a failing update", () => {
  function failingDatabase(faults: D1Faults): Partial<Cloudflare.Env> {
    return { DB: countingD1(env.DB, faults).binding };
  }

  it("changes nothing if the database is unreachable", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    const seq = await lastSeq();
    const beforeBatch = (sql: string[]): void => {
      if (sql.length > 1) throw new Error("D1_ERROR: Network connection lost.");
    };
    await expectError(
      await send(asset.id, { description: "x", ...BERLIN }, { env: failingDatabase({ beforeBatch }) }),
      503,
    );
    expect(await eventsAfter(seq)).toEqual([]);
    expect((await get(asset.id)).metadata).toEqual(asset.metadata);
  });

  it("changes nothing if any of its statements fails", async () => {
    const asset = await uploadSample("0006_adobe_coords.jpg");
    const album = await insertAlbum(owner);
    await call("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [asset.id] } });
    await changeTasks(asset.id, { status: "success" });
    const state = async () => [
      await sqlAll("SELECT * FROM assets WHERE id = ?", asset.id),
      await sqlAll("SELECT * FROM albums WHERE id = ?", album),
      await sqlAll("SELECT * FROM album_assets WHERE album_id = ?", album),
      await geocodingTasks(asset.id),
      await lastSeq(),
    ];
    const before = await state();
    const breaks = [
      "BEFORE INSERT ON events WHEN NEW.event_type = 'album_updated'",
      "BEFORE UPDATE ON albums",
      "BEFORE UPDATE ON assets",
      "BEFORE UPDATE ON asset_tasks",
      "BEFORE UPDATE ON album_assets",
    ];
    for (const when of breaks) {
      await env.DB.prepare(`CREATE TRIGGER breaks ${when} BEGIN SELECT raise(ABORT, 'broken'); END`).run();
      const response = await send(asset.id, { description: "x", ...BERLIN, original_datetime: "2001-01-01T00:00:00" });
      await env.DB.prepare("DROP TRIGGER breaks").run();
      expect(response.status, when).toBe(500);
      expect(await state(), when).toEqual(before);
    }
  });

  it("can be repeated if its response is lost; the sweep enqueues its task", async () => {
    const asset = await uploadWithoutMetadata();
    const seq = await lastSeq();
    const queue = recordingQueue();
    const afterBatch = (sql: string[]): void => {
      if (sql.length > 1) throw new Error("D1_ERROR: Network connection lost.");
    };
    const lost = await send(asset.id, BERLIN, { env: { ...failingDatabase({ afterBatch }), QUEUE: queue.binding } });
    await expectError(lost, 503);
    expect((await patch(asset.id, BERLIN, { env: { QUEUE: queue.binding } })).metadata).toMatchObject(BERLIN);
    expect(await eventsAfter(seq)).toEqual([`metadata_updated ${asset.id}`]);
    expect(queue.sent).toEqual([]);
    // Closes pending tasks of other tests, which would be enqueued first.
    await finishOtherTasks(asset.id);
    const later = Date.now() + 11 * 60_000;
    await requeueOverdue(testContext({ queue: queue.binding, nowMs: later }));
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
  });

  it("succeeds if only the queue fails", async () => {
    const asset = await uploadWithoutMetadata();
    const { binding } = recordingQueue(new Error("no queue"));
    expect((await patch(asset.id, BERLIN, { env: { QUEUE: binding } })).metadata).toMatchObject(BERLIN);
    expect(await geocodingTasks(asset.id)).toMatchObject([{ status: "pending" }]);
  });
});

describe("the cost of an update", () => {
  it("is the same number of statements for two hundred assets as for one, with rows proportional to the assets", async () => {
    const { userId, libraryId } = await seedLibrary(await someone(), 3000);
    const { secret } = await insertKey({ userId });
    const ids = (await sqlAll("SELECT id FROM assets WHERE library_id = ? LIMIT 200", libraryId)).map(({ id }) =>
      String(id),
    );
    const database = countingD1(env.DB);
    const cost = async (asked: string[], change: unknown) => {
      database.reset();
      const response = await bulk(
        asked.map((id) => ({ id, change })),
        { token: secret, env: { DB: database.binding } },
      );
      expect(response.status).toBe(200);
      const { statements, rowsRead, rowsWritten } = database.counts;
      const own = statements.filter(({ sql }) => !/api_keys/.test(sql));
      return { statements: own.length, rowsRead, rowsWritten };
    };
    await call("GET", "/api/users/me", { token: secret });
    const change = { ...BERLIN, original_datetime: "2024-07-15T12:00:00+02:00" };
    const one = await cost(ids.slice(0, 1), change);
    const many = await cost(ids, { ...TOKYO, original_datetime: "2024-07-16T12:00:00+02:00" });
    expect([one.statements, many.statements]).toEqual([6, 6]);
    // Includes nine map levels for the old position and nine for the new one, days and months of both dates.
    expect(one.rowsRead).toBeLessThan(75);
    expect(many.rowsRead).toBeLessThan(200 * one.rowsRead);
    const words = await cost(ids, { description: "words" });
    expect(words.statements).toBe(3);
    // One of them the membership of the caller.
    expect(words.rowsRead).toBeLessThan(200 * 18);
    // The row and its event in five indexes; no index of the assets table changes.
    expect(words.rowsWritten).toBeLessThan(200 * 7);
  });

  async function someone(): Promise<string> {
    return (await insertTenant()).userId;
  }

  it("is two round trips plus authentication for a single asset", async () => {
    const asset = await uploadWithoutMetadata();
    const database = countingD1(env.DB);
    await patch(
      asset.id,
      { ...BERLIN, original_datetime: "2024-07-15T12:00:00+02:00" },
      { env: { DB: database.binding } },
    );
    expect(database.counts.roundTrips).toBe(3);
  });
});
