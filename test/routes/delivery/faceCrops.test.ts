/** Crops of faces: what they show, and when their URLs and objects end. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeWebp } from "../../../src/media/transcode/webp/decodeWebp.ts";
import { RENDITIONS_PREFIX } from "../../../src/objects/keys.ts";
import { CLEAN_UP_AFTER_MS } from "../../../src/operations/versions/versionKeys.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { instrumentedBucket } from "../../support/bindings/bucket.ts";
import { forgetFailures } from "../../../src/operations/delivery/renderFailures.ts";
import { testContext } from "../../support/context.ts";
import { runSchedule } from "../../support/bindings/consumer.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { getRootOwner, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { call, upload, uniqueBytes } from "../../support/clients/api.ts";
import { appendVersion, solidPng } from "../../support/clients/versions.ts";
import { jpegWithOrientation, renderPng, type Rgba } from "../../support/media/images.ts";
import { pixelAt } from "../../support/media/pixelImages.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";

const quiet = { QUEUE: recordingQueue().binding };
const [WIDTH, HEIGHT] = [480, 320];
let owner: { userId: string; libraryId: string };

beforeAll(async () => {
  owner = await getRootOwner();
});

let serial = 0;

/** Red grows to the right and green downwards, so that a colour tells its place. Each picture has other bytes. */
function slope(): (x: number, y: number) => Rgba {
  const blue = serial++;
  return (x, y) => [Math.round((255 * x) / WIDTH), Math.round((255 * y) / HEIGHT), blue, 255];
}

const assetBody = z.object({ id: z.string(), asset_urls: z.record(z.string(), z.object({ url: z.string() })) });

async function uploadImage(bytes: Uint8Array, name = "a.jpg"): Promise<string> {
  return assetBody.parse(await (await upload(bytes, { name, env: quiet })).json()).id;
}

type Box = [x: number, y: number, w: number, h: number];

async function addFace(assetId: string, box: Box, personId: string | null = null): Promise<string> {
  const [id = ""] = await insertFaces(owner, [{ assetId, box, personId }]);
  return id;
}

const faceBody = z.object({ asset_urls: z.object({ thumbnail: z.object({ url: z.string(), width: z.int() }) }) });

async function cropUrl(faceId: string): Promise<string> {
  const face = faceBody.parse(await (await call("GET", `/api/faces/${faceId}`)).json());
  return face.asset_urls.thumbnail.url;
}

async function statusOf(url: string): Promise<number> {
  const response = await call("GET", url, { token: null });
  await response.arrayBuffer();
  return response.status;
}

async function readImage(url: string) {
  const response = await call("GET", url, { token: null });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("image/webp");
  return await decodeWebp(new Uint8Array(await response.arrayBuffer()));
}

async function cropObjects(assetId: string): Promise<string[]> {
  const { objects } = await env.BUCKET.list({ prefix: `${RENDITIONS_PREFIX}${assetId}/` });
  return objects.map(({ key }) => key).filter((key) => key.includes("/face_"));
}

/** The place in the picture that a colour of `slope` tells, in fractions. */
function placeOf([red = 0, green = 0]: number[]): [number, number] {
  return [red / 255, green / 255];
}

describe("the crop of a face", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is square, padded and upright for EXIF orientation %i", async (orientation) => {
    const id = await uploadImage(await jpegWithOrientation(await renderPng(WIDTH, HEIGHT, slope()), orientation));
    const full = await readImage(
      assetBody.parse(await (await call("GET", `/api/assets/${id}?include=variants`)).json()).asset_urls["fullsize"]
        ?.url ?? "",
    );
    const [x, y, w, h] = [100, 90, 60, 75];
    const crop = await readImage(await cropUrl(await addFace(id, [x, y, w, h])));
    const side = 120;
    expect([crop.width, crop.height]).toEqual([side, side]);
    const [left, top] = [x + w / 2 - side / 2, Math.round(y + h / 2 - side / 2)];
    for (const [dx, dy] of [
      [4, 4],
      [115, 4],
      [4, 115],
      [115, 115],
      [60, 60],
    ] as const) {
      const expected = pixelAt(full, left + dx, top + dy);
      const actual = pixelAt(crop, dx, dy);
      for (const channel of [0, 1, 2]) {
        expect(Math.abs((actual[channel] ?? 0) - (expected[channel] ?? 0)), `${dx},${dy}`).toBeLessThanOrEqual(4);
      }
    }
  });

  it("stays inside of the picture at its edges, and is at most as large as its shorter side", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const corner = await readImage(await cropUrl(await addFace(id, [WIDTH - 50, HEIGHT - 40, 50, 40])));
    expect([corner.width, corner.height]).toEqual([80, 80]);
    const [u, v] = placeOf(pixelAt(corner, 79, 79));
    expect(u).toBeGreaterThan(0.99);
    expect(v).toBeGreaterThan(0.99);
    const large = await readImage(await cropUrl(await addFace(id, [50, 0, 300, HEIGHT])));
    expect([large.width, large.height]).toEqual([HEIGHT, HEIGHT]);
    expect(placeOf(pixelAt(large, 0, 0))[1]).toBeLessThan(0.02);
  });

  it("has the pixels of the original where the face is small, and 360 pixels where it is large", async () => {
    const stripes = (x: number): Rgba => (x % 4 < 2 ? [0, 0, 0, 255] : [255, 255, 255, 255]);
    const id = await uploadImage(await renderPng(2000, 1500, stripes), "stripes.png");
    const small = await readImage(await cropUrl(await addFace(id, [1000, 700, 80, 80])));
    expect([small.width, small.height]).toEqual([128, 128]);
    const row = Array.from({ length: 128 }, (_, x) => pixelAt(small, x, 64)[0] ?? 0);
    expect(row.filter((value) => value < 60).length).toBeGreaterThan(50);
    expect(row.filter((value) => value > 195).length).toBeGreaterThan(50);
    const large = await readImage(await cropUrl(await addFace(id, [200, 200, 600, 700])));
    expect([large.width, large.height]).toEqual([360, 360]);
  });

  it("is cut out of the display proxy of a format that needs one", async () => {
    const png = await renderPng(WIDTH, HEIGHT, slope());
    const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/avif" });
    const id = await uploadImage(new Uint8Array(await output.response().arrayBuffer()), "a.avif");
    const face = await addFace(id, [300, 200, 60, 60]);
    expect(await statusOf(await cropUrl(face))).toBe(404);
    // As the task that stores the proxy does.
    await forgetFailures(testContext(), id, await versionOf(id));
    const httpMetadata = { contentType: "image/jpeg" };
    await env.BUCKET.put(`proxies/${id}/${await versionOf(id)}`, await jpegWithOrientation(png, 1), { httpMetadata });
    const crop = await readImage(await cropUrl(face));
    expect(placeOf(pixelAt(crop, 48, 48))[0]).toBeCloseTo(330 / WIDTH, 1);
  });

  it("is cut out of the preview if the Worker can't decode the original", async () => {
    const id = await uploadImage(await sampleBytes("0010_test.gif"), "a.gif");
    const [row] = await sqlAll("SELECT width, height FROM assets WHERE id = ?", id);
    const { width, height } = z.object({ width: z.int(), height: z.int() }).parse(row);
    const [w, h] = [Math.floor(width / 4), Math.floor(height / 4)];
    const [x, y] = [width - w, height - h];
    const crop = await readImage(await cropUrl(await addFace(id, [x, y, w, h])));
    const { asset_urls } = assetBody.parse(await (await call("GET", `/api/assets/${id}?include=variants`)).json());
    const preview = await readImage(asset_urls["preview"]?.url ?? "");
    const side = Math.min(Math.ceil(Math.max(w, h) * 1.6), width, height);
    const corner = pixelAt(preview, preview.width - 1, preview.height - 1);
    const actual = pixelAt(crop, crop.width - 1, crop.height - 1);
    expect(crop.width).toBe(Math.min(side, 360));
    for (const channel of [0, 1, 2]) expect(Math.abs((actual[channel] ?? 0) - (corner[channel] ?? 0))).toBeLessThan(24);
  });

  it("is tried once a day if the picture can't be decoded, for all faces of it", async () => {
    const id = await uploadImage(uniqueBytes());
    await sqlAll("UPDATE assets SET width = 400, height = 300 WHERE id = ?", id);
    const [first, second] = [await addFace(id, [10, 10, 60, 60]), await addFace(id, [50, 50, 60, 60])];
    expect(await statusOf(await cropUrl(first))).toBe(404);
    const bucket = instrumentedBucket();
    const url = await cropUrl(second);
    expect((await call("GET", url, { token: null, env: { BUCKET: bucket.binding } })).status).toBe(404);
    // The crop and the record of the failure: the picture is not read again.
    expect(bucket.calls).toEqual(["get", "head"]);
  });

  it("is that of the original while an edited version is current", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const face = await addFace(id, [100, 90, 60, 60]);
    const url = await cropUrl(face);
    expect((await appendVersion(id, await solidPng(9))).status).toBe(201);
    expect(await cropUrl(face)).toBe(url);
    expect(placeOf(pixelAt(await readImage(url), 48, 48))[0]).toBeCloseTo(130 / WIDTH, 1);
  });

  it("is cut out of a video's poster, and has no URL without one", async () => {
    const id = await uploadImage(uniqueBytes(), "film.mp4");
    const face = await addFace(id, [100, 90, 60, 60]);
    expect(await (await call("GET", `/api/faces/${face}`)).json()).toMatchObject({ asset_urls: null });
    expect((await call("GET", `/api/faces/${face}/thumbnail`)).status).toBe(404);
    const poster = await renderPng(WIDTH, HEIGHT, slope());
    const headers = { "content-type": "image/png" };
    expect((await call("PUT", `/api/assets/${id}/still`, { body: poster, headers, env: quiet })).status).toBe(200);
    const crop = await readImage(await cropUrl(face));
    expect(placeOf(pixelAt(crop, 48, 48))[0]).toBeCloseTo(130 / WIDTH, 1);
  });

  it("is served to credentials by the route of the first generation", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const face = await addFace(id, [10, 10, 60, 60]);
    const response = await call("GET", `/api/faces/${face}/thumbnail`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/webp"]);
    const signed = await call("GET", await cropUrl(face), { token: null });
    expect(await response.arrayBuffer()).toEqual(await signed.arrayBuffer());
  });

  it("has a signature that opens neither the picture nor another face", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const [face, other] = [await addFace(id, [10, 10, 60, 60]), await addFace(id, [50, 50, 60, 60])];
    const url = await cropUrl(face);
    const variants = [
      "thumbnail",
      "original",
      "fullsize",
      `${face}-10-10-60-61`,
      `${face}-10-10-60-060`,
      `${other}-50-50-60-60`,
    ];
    for (const variant of variants) {
      const forged = url.replace(/\/face_[^?]+/, `/${variant}`);
      expect(forged).not.toBe(url);
      expect(await statusOf(forged), variant).toBe(403);
    }
  });
});

async function versionOf(assetId: string): Promise<string> {
  const [row] = await sqlAll("SELECT current_version_id AS id FROM assets WHERE id = ?", assetId);
  return String(row?.["id"]);
}

async function usedBytes(): Promise<number> {
  return (await storageUsage(owner.libraryId)).libraryBytes;
}

/** Runs the schedule now, and again when the second pass of cleanups is due. */
async function runCleanups(): Promise<void> {
  await runSchedule();
  await sqlAll("UPDATE crop_cleanups SET due_at = due_at - ?", CLEAN_UP_AFTER_MS);
  await runSchedule();
}

describe("the URL and the object of a crop", () => {
  it("are stored once, count as storage, and end when the face is deleted", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const before = await usedBytes();
    const face = await addFace(id, [10, 10, 60, 60]);
    const url = await cropUrl(face);
    const etags = await Promise.all(
      [1, 2].map(async () => (await call("GET", url, { token: null })).headers.get("etag")),
    );
    expect(new Set(etags).size).toBe(1);
    const [key = ""] = await cropObjects(id);
    expect(await usedBytes()).toBe(before + ((await env.BUCKET.head(key))?.size ?? 0));
    expect((await call("DELETE", `/api/faces/${face}`)).status).toBe(200);
    expect(await statusOf(url)).toBe(404);
    expect(await usedBytes()).toBe(before);
    expect(await sqlAll("SELECT tag FROM cache_purges WHERE tag = ?", face)).toHaveLength(1);
    await runSchedule();
    expect(await cropObjects(id)).toEqual([]);
    // A request that began before the deletion stores its crop late.
    await env.BUCKET.put(key, "late");
    await sqlAll("UPDATE crop_cleanups SET due_at = due_at - ?", CLEAN_UP_AFTER_MS);
    await runSchedule();
    expect(await cropObjects(id)).toEqual([]);
    expect(await sqlAll("SELECT * FROM crop_cleanups")).toEqual([]);
  });

  it("change with the box", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const face = await addFace(id, [10, 10, 60, 60]);
    const url = await cropUrl(face);
    expect(await statusOf(url)).toBe(200);
    await sqlAll("UPDATE faces SET x = 200 WHERE id = ?", face);
    expect(await sqlAll("SELECT tag FROM cache_purges WHERE tag = ?", face)).toHaveLength(1);
    // Each isolate remembers rows for seconds, which a statement of the test does not end.
    await call("PATCH", `/api/assets/${id}`, { json: { rating: 1 } });
    expect(await statusOf(url)).toBe(404);
    const moved = await cropUrl(face);
    expect(moved).not.toBe(url);
    expect(await statusOf(moved)).toBe(200);
    await runCleanups();
    expect(await cropObjects(id)).toHaveLength(1);
  });

  it("end in the trash, and live again after it", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const face = await addFace(id, [10, 10, 60, 60], await insertPerson(owner));
    const url = await cropUrl(face);
    expect(await statusOf(url)).toBe(200);
    await call("POST", "/api/assets/trash", { json: { ids: [id] } });
    expect(await statusOf(url)).toBe(404);
    expect(await statusOf(await cropUrl(face))).toBe(200);
    await call("POST", "/api/assets/restore", { json: { ids: [id] } });
    expect(await statusOf(url)).toBe(200);
  });

  it("are gone with their asset", async () => {
    const id = await uploadImage(await renderPng(WIDTH, HEIGHT, slope()), "a.png");
    const url = await cropUrl(await addFace(id, [10, 10, 60, 60]));
    expect(await statusOf(url)).toBe(200);
    expect((await call("DELETE", `/api/assets/${id}`)).status).toBe(200);
    expect(await statusOf(url)).toBe(404);
    expect(await cropObjects(id)).toEqual([]);
    expect(await sqlAll("SELECT * FROM crop_cleanups WHERE asset_id = ?", id)).toEqual([]);
  });
});
