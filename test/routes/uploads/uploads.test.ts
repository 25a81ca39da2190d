import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { createLibrary, getRootOwner, countUploadRows, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { multipartBody, field, fields, file, streamChunks } from "../../support/clients/multipart.ts";
import { postBody, postParts, uploadWithoutConsumer, storedState } from "../../support/clients/uploads.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

/** Appendix B of the contract: fields that the clients of each generation read. */
const V1 =
  "id device_asset_id device_id mime_type original_file_name file_created_at file_modified_at local_datetime checksum created_at updated_at exif metrics download_url thumbnail_url faces people";
const V2 =
  "id device_asset_id device_id mime_type original_file_name file_created_at file_modified_at local_datetime checksum created_at updated_at checksum_sha1 metadata metrics asset_urls description faces people width height file_size_bytes trashed_at";
const V3 =
  "id mime_type original_file_name local_datetime created_at updated_at file_data metadata metrics asset_urls description thumbhash faces people width height duration trashed_at";
const V4 = `${V3} kind current_version_id stack_id`;
const V5 = "quality_score";
const FILE_DATA = "device_asset_id device_id file_created_at file_modified_at checksum file_size_bytes checksum_sha1";
const ROW = "asset_id created_at updated_at";
const CAMERA =
  "make model orientation modified_datetime original_datetime digitized_datetime lens_model f_number focal_length iso exposure_time exposure_bias latitude longitude altitude city state country description fps live_photo_cid projection_type auto_stack_id rating";
const METADATA = `${ROW} ${CAMERA} raw_width raw_height country_code sublocation place_name timezone display_label`;
const EXIF = `${ROW} ${CAMERA} profile_description`;

function words(...lists: string[]): string[] {
  return [...new Set(lists.flatMap((list) => list.split(" ")))].sort();
}

async function digest(algorithm: string, bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest(algorithm, bytes))));
}

let libraryId = "";
beforeAll(async () => {
  ({ libraryId } = await getRootOwner());
});

describe("uploading a photo", () => {
  it("returns 201 with exactly the fields of all client generations", async () => {
    const response = await uploadWithoutConsumer(await sampleBytes("cyclamen_persicum.jpg"), { name: "flower.jpg" });
    expect(response.status).toBe(201);
    const body = await response.json<Record<string, Record<string, unknown>>>();
    expect(Object.keys(body).sort()).toEqual(words(V1, V2, V3, V4, V5));
    expect(Object.keys(body.file_data ?? {}).sort()).toEqual(words(FILE_DATA));
    expect(Object.keys(body.metadata ?? {}).sort()).toEqual(words(METADATA));
    expect(Object.keys(body.exif ?? {}).sort()).toEqual(words(EXIF));
    expect(body).toMatchObject({ faces: [], people: [], metrics: {}, kind: "original", trashed_at: null });
    expect(body).toMatchObject({ description: null, thumbhash: null, duration: null, stack_id: null });
  });

  it("returns equal values in the flat fields of old clients and the groups of new ones", async () => {
    const bytes = uniqueBytes(100);
    const asset = await expectAsset(await uploadWithoutConsumer(bytes, { name: "a.png", deviceAssetId: "IMG_1" }), 201);
    expect(asset.file_data).toEqual({
      device_asset_id: "IMG_1",
      device_id: "test device",
      file_created_at: "2024-05-06T07:08:09Z",
      file_modified_at: "2024-05-06T07:08:10Z",
      checksum: await digest("SHA-256", bytes),
      checksum_sha1: await digest("SHA-1", bytes),
      file_size_bytes: 100,
    });
    expect(asset).toMatchObject(asset.file_data ?? {});
    expect(asset.download_url).toBe(asset.asset_urls?.original?.url);
    expect(asset.exif).toMatchObject({ asset_id: asset.id, created_at: asset.created_at });
    expect(asset).toMatchObject({ mime_type: "image/png", original_file_name: "a.png" });
    expect(asset.id).toMatch(/^asset_[2-9A-Za-z]{22}$/);
    expect(asset.current_version_id).toMatch(/^asset_version_[2-9A-Za-z]{22}$/);
    expect(asset.created_at).toMatch(/Z$/);
  });

  it("stores the bytes unchanged, with the media type of the extension", async () => {
    const bytes = await sampleBytes("denali.webp");
    const asset = await expectAsset(await uploadWithoutConsumer(bytes, { name: "Denali.WEBP" }), 201);
    const object = await env.BUCKET.get(`originals/${asset.id}/${asset.current_version_id}`);
    expect(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(bytes);
    expect(object?.httpMetadata).toMatchObject({ contentType: "image/webp" });
    expect(asset).toMatchObject({ mime_type: "image/webp", checksum: await digest("SHA-256", bytes) });
  });

  it("returns camera, coordinates, orientation and size", async () => {
    const asset = await expectAsset(
      await uploadWithoutConsumer(await sampleBytes("Portrait_8.jpg"), { name: "p.jpg" }),
      201,
    );
    expect(asset.metadata).toMatchObject({ orientation: 8 });
    expect(asset.width).toBe(asset.metadata?.raw_height);
    expect(asset.height).toBe(asset.metadata?.raw_width);
    const nikon = await expectAsset(await uploadWithoutConsumer(await sampleBytes("0015_Nikon_E5000.jpg")), 201);
    expect(nikon.metadata).toMatchObject({ make: "NIKON", model: "E5000" });
    const placed = await expectAsset(await uploadWithoutConsumer(await sampleBytes("thompson-springs.jpg")), 201);
    expect(placed.metadata?.latitude).toBeCloseTo(39.115, 2);
    expect(placed.metadata?.longitude).toBeCloseTo(-108.401, 2);
  });

  it("writes the row, two events and its tasks once", async () => {
    const before = await countUploadRows();
    const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
    const events = await sqlAll("SELECT event_type, entity_type, payload FROM events WHERE entity_id = ?", asset.id);
    expect(events).toEqual([
      { event_type: "asset_created", entity_type: "asset", payload: null },
      { event_type: "metadata_updated", entity_type: "metadata", payload: null },
    ]);
    expect(await readTasks(asset.id)).toMatchObject([
      { task_type: "asset_description", status: "pending", retry_count: 0 },
      { task_type: "embedding", status: "pending", retry_count: 0 },
      { task_type: "face_detection", status: "pending", retry_count: 0 },
      { task_type: "quality_scoring", status: "pending", retry_count: 0 },
      { task_type: "thumbhash", status: "pending", retry_count: 0 },
    ]);
    expect(await countUploadRows()).toEqual({
      assets: before.assets + 1,
      events: before.events + 2,
      tasks: before.tasks + 5,
    });
  });

  it("updates the counters of the library and the account", async () => {
    const before = await storageUsage(libraryId);
    await expectAsset(await uploadWithoutConsumer(uniqueBytes(1234)), 201);
    expect(await storageUsage(libraryId)).toEqual({
      count: before.count + 1,
      libraryBytes: before.libraryBytes + 1234,
      userBytes: before.userBytes + 1234,
    });
  });

  it("creates a poster task and no image tasks for a video", async () => {
    const asset = await expectAsset(
      await uploadWithoutConsumer(await sampleBytes("video_rotate.mp4"), { name: "v.mp4" }),
      201,
    );
    expect(asset).toMatchObject({ mime_type: "video/mp4" });
    expect(asset.duration).toBeGreaterThan(0);
    expect(asset.width).toBeGreaterThan(0);
    expect((await readTasks(asset.id)).map((task) => task.task_type)).toEqual(["embedding", "video_thumbnail_extract"]);
  });
});

describe("the fields of an upload", () => {
  const orders = [
    ["before the file", (photo: Uint8Array) => [...fields(), file(photo)]],
    ["after the file", (photo: Uint8Array) => [file(photo), ...fields()]],
    ["on both sides of it", (photo: Uint8Array) => [...fields().slice(0, 2), file(photo), ...fields().slice(2)]],
  ] as const;
  it.each(orders)("may come %s", async (_, parts) => {
    const asset = await expectAsset(await postParts(parts(uniqueBytes())), 201);
    expect(asset).toMatchObject({ device_id: "test device", file_created_at: "2024-05-06T07:08:09Z" });
  });

  it("are stored unchanged, and may be empty or in any script", async () => {
    const texts = { device_asset_id: ' ünï"quote\\ 中文 🎉\n', device_id: "" };
    const asset = await expectAsset(await postParts([...fields(texts), file(uniqueBytes())]), 201);
    expect(asset.file_data).toMatchObject(texts);
  });

  it("that are unknown are ignored, even when repeated or sent as files", async () => {
    const extra = [field("toString", "1"), field("constructor", "a"), field("constructor", "b"), field("x", "y")];
    const blob = { disposition: '; name="sidecar"; filename="a.xmp"', content: uniqueBytes() };
    await expectAsset(await postParts([...extra, ...fields(), blob, file(uniqueBytes()), ...extra]), 201);
  });

  it("are read from chunks of any size", async () => {
    const photo = uniqueBytes(3000);
    const body = await multipartBody([...fields(), file(photo)]);
    function* pieces(): Generator<Uint8Array> {
      for (let at = 0; at < body.length; at += 7) yield body.slice(at, at + 7);
    }
    const asset = await expectAsset(await postBody(streamChunks(pieces()).stream), 201);
    expect(asset.checksum).toBe(await digest("SHA-256", photo));
  });
});

describe("uploading the same bytes again", () => {
  it("returns 200 with the existing asset and changes nothing", async () => {
    const bytes = uniqueBytes();
    const first = await expectAsset(await uploadWithoutConsumer(bytes, { name: "first.jpg" }), 201);
    const state = async () => [await storedState(), await storageUsage(libraryId)];
    const before = await state();
    const second = await uploadWithoutConsumer(bytes, { name: "second.png", deviceAssetId: "other" });
    const again = await expectAsset(second, 200);
    expect(again).toEqual({ ...first, asset_urls: again.asset_urls, download_url: again.download_url });
    expect(await state()).toEqual(before);
  });

  it("creates another asset in another library", async () => {
    const bytes = uniqueBytes();
    const other = await createLibrary();
    const first = await expectAsset(await uploadWithoutConsumer(bytes, { libraryId }), 201);
    const second = await expectAsset(await uploadWithoutConsumer(bytes, { libraryId: other }), 201);
    expect(second.id).not.toBe(first.id);
    await expectAsset(await uploadWithoutConsumer(bytes, { libraryId: other }), 200);
    expect(await storageUsage(other)).toMatchObject({ count: 1, libraryBytes: bytes.byteLength });
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other);
  });

  it("returns a trashed asset and leaves it in the trash", async () => {
    const bytes = uniqueBytes();
    const first = await expectAsset(await uploadWithoutConsumer(bytes), 201);
    await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.UTC(2025, 0, 2), first.id);
    const again = await expectAsset(await uploadWithoutConsumer(bytes), 200);
    expect(again).toMatchObject({ id: first.id, trashed_at: "2025-01-02T00:00:00.000Z" });
  });
});
