import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { findCoverArt } from "../../../src/media/inspect/video/coverArt.ts";
import { uploadMemory } from "../../../src/objects/uploads/uploadMemory.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { call, upload, uniqueBytes } from "../../support/clients/api.ts";
import { renderPng } from "../../support/media/images.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

interface Video {
  id: string;
  asset_urls: Record<string, { url: string; mimetype: string; width: number | null }>;
}

/** Keeps queue consumers from processing the assets under test. */
const quiet = { QUEUE: recordingQueue().binding };

async function uploadVideo(): Promise<Video> {
  const response = await upload(uniqueBytes(), { name: "film.mp4", env: quiet });
  return await response.json<Video>();
}

async function put(id: string, body: BodyInit, type = "image/png"): Promise<Response> {
  return await call("PUT", `/api/assets/${id}/still`, { body, headers: { "content-type": type }, env: quiet });
}

describe("a video without a poster", () => {
  it("exposes its original as the only URL", async () => {
    const { id } = await uploadVideo();
    const lean = await (await call("GET", `/api/assets/${id}`)).json<Video>();
    expect(Object.keys(lean.asset_urls)).toEqual(["original"]);
  });
});

describe("PUT /api/assets/{id}/still", () => {
  it("adds all image variants to the video", async () => {
    const { id } = await uploadVideo();
    const response = await put(id, await renderPng(800, 400, () => [0, 200, 0, 255]));
    expect(response.status).toBe(200);
    const { asset_urls: urls } = await response.json<Video>();
    expect(Object.keys(urls).toSorted()).toEqual([
      "fullsize_image",
      "original",
      "preview_image",
      "small_image",
      "thumbnail_image",
    ]);
    const image = await call("GET", urls["thumbnail_image"]?.url ?? "", { token: null });
    expect(image.status).toBe(200);
    expect(image.headers.get("content-type")).toBe("image/webp");
    expect(urls["thumbnail_image"]?.width).toBeNull();
    const lean = await (await call("GET", `/api/assets/${id}`)).json<Video>();
    expect(Object.keys(lean.asset_urls)).toEqual(["thumbnail_image"]);
  });

  it("accepts an image without a named type, as generated clients send it", async () => {
    const { id } = await uploadVideo();
    const image = await renderPng(40, 20, () => [0, 0, 200, 255]);
    const response = await put(id, image, "application/octet-stream");
    expect(response.status).toBe(200);
    expect(Object.keys((await response.json<Video>()).asset_urls)).toContain("thumbnail_image");
    expect((await put(id, "not an image", "application/octet-stream")).status).toBe(422);
    expect((await put(id, image, "application/octet-streams")).status).toBe(415);
  });

  it("holds the image once, in the memory that all uploads share, and frees it", async () => {
    const { id } = await uploadVideo();
    const image = await renderPng(300, 300, () => [0, 200, 0, 255]);
    const usedBytes: number[] = [];
    const images = new Proxy(env.IMAGES, {
      get(target, name) {
        usedBytes.push(uploadMemory.usedBytes());
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? (...args: unknown[]): unknown => member.apply(target, args) : member;
      },
    });
    const body = new Blob([image]);
    const headers = { "content-type": "image/png", "content-length": String(image.length) };
    const options = { body, headers, env: { ...quiet, IMAGES: images } };
    expect((await call("PUT", `/api/assets/${id}/still`, options)).status).toBe(200);
    expect(usedBytes[0]).toBe(image.length);
    expect((await put(id, new Blob([new Uint8Array(21 * 1024 * 1024)]))).status).toBe(413);
    expect((await put(id, "not an image")).status).toBe(422);
    expect(uploadMemory.usedBytes()).toBe(0);
  });

  it("changes the URLs when repeated and deletes the previous poster", async () => {
    const { id } = await uploadVideo();
    const first = await (await put(id, await renderPng(100, 50, () => [9, 0, 0, 255]))).json<Video>();
    const oldUrl = first.asset_urls["thumbnail_image"]?.url ?? "";
    expect((await call("GET", oldUrl, { token: null })).status).toBe(200);
    const second = await (await put(id, await renderPng(100, 50, () => [0, 9, 0, 255]))).json<Video>();
    expect(second.asset_urls["thumbnail_image"]?.url).not.toBe(oldUrl);
    expect((await call("GET", oldUrl, { token: null })).status).toBe(404);
    const kept = await env.BUCKET.list({ prefix: `posters/${id}/` });
    expect(kept.objects).toHaveLength(1);
    const renditions = await env.BUCKET.list({ prefix: `renditions/${id}/` });
    expect(renditions.objects).toHaveLength(0);
  });

  it("reopens the tasks that read the image and records an event", async () => {
    const { id } = await uploadVideo();
    await put(id, await renderPng(60, 60, () => [1, 1, 1, 255]));
    const open = (await readTasks(id)).filter((task) => task.status === "pending");
    expect(open.map((task) => task.task_type)).toEqual(expect.arrayContaining(["quality_scoring", "thumbhash"]));
    const events = await env.DB.prepare("SELECT event_type FROM events WHERE entity_id = ?").bind(id).all();
    expect(events.results.map((row) => row["event_type"])).toContain("asset_updated");
  });

  it("rejects assets and files that cannot be posters", async () => {
    const { id } = await uploadVideo();
    const photo = await (await upload(await renderPng(9, 9, () => [7, 7, 7, 255]), { name: "p.png" })).json<Video>();
    expect((await put(photo.id, await renderPng(5, 5, () => [0, 0, 0, 255]))).status).toBe(422);
    expect((await put(id, "not a image")).status).toBe(422);
    expect((await put(id, "")).status).toBe(422);
    expect((await put(id, "{}", "application/json")).status).toBe(415);
    expect((await put("asset_BM3nUmJ6fkBqBADyz5FEiu", "x")).status).toBe(404);
    expect((await put("nonsense", "x")).status).toBe(422);
    expect((await put(id, new Uint8Array(21 * 1024 * 1024))).status).toBe(413);
    expect((await env.BUCKET.list({ prefix: `posters/${id}/` })).objects).toHaveLength(0);
  });

  it("keeps one of two concurrent posters", async () => {
    const { id } = await uploadVideo();
    const images = await Promise.all([3, 4, 5].map((size) => renderPng(size, size, () => [size, 0, 0, 255])));
    const statuses = (await Promise.all(images.map((image) => put(id, image)))).map((response) => response.status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
    const row = await env.DB.prepare("SELECT poster_version_id FROM assets WHERE id = ?").bind(id).first();
    const kept = await env.BUCKET.list({ prefix: `posters/${id}/` });
    expect(kept.objects.map((object) => object.key)).toEqual([`posters/${id}/${String(row?.["poster_version_id"])}`]);
  });
});

describe("DELETE /api/assets/{id}/still", () => {
  async function remove(id: string, token?: string): Promise<Response> {
    return await call("DELETE", `/api/assets/${id}/still`, { ...(token && { token }), env: quiet });
  }

  it("removes a client's poster with its files, its size and its URLs, and starts the tasks of the video", async () => {
    const { id } = await uploadVideo();
    const before = await env.DB.prepare("SELECT derived_bytes FROM assets WHERE id = ?").bind(id).first();
    const { asset_urls: urls } = await (await put(id, await renderPng(50, 50, () => [0, 7, 0, 255]))).json<Video>();
    const url = urls["thumbnail_image"]?.url ?? "";
    expect((await call("GET", url, { token: null })).status).toBe(200);
    const removed = await remove(id);
    expect(removed.status).toBe(200);
    expect(Object.keys((await removed.json<Video>()).asset_urls)).toEqual(["original"]);
    expect((await call("GET", url, { token: null })).status).toBe(404);
    expect((await env.BUCKET.list({ prefix: `posters/${id}/` })).objects).toEqual([]);
    expect((await env.BUCKET.list({ prefix: `renditions/${id}/` })).objects).toEqual([]);
    const row = await env.DB.prepare("SELECT * FROM assets WHERE id = ?").bind(id).first();
    expect(row).toMatchObject({ ...before, poster_version_id: null, poster_source: null, thumbhash: null });
    const pending = (await readTasks(id)).filter(({ status }) => status === "pending");
    expect(pending.map(({ task_type: type }) => type)).toEqual(
      expect.arrayContaining(["video_thumbnail_extract", "thumbhash", "quality_scoring"]),
    );
  });

  it("changes nothing without a poster from a client, also when repeated", async () => {
    const { id } = await uploadVideo();
    const countEvents = async () =>
      await env.DB.prepare("SELECT count(*) AS n FROM events WHERE entity_id = ?").bind(id).first();
    const events = await countEvents();
    expect((await remove(id)).status).toBe(200);
    await env.DB.prepare("UPDATE assets SET poster_version_id = 'v', poster_source = 'film' WHERE id = ?")
      .bind(id)
      .run();
    expect((await remove(id)).status).toBe(200);
    const row = await env.DB.prepare("SELECT poster_version_id FROM assets WHERE id = ?").bind(id).first();
    expect(row?.["poster_version_id"]).toBe("v");
    expect(await countEvents()).toEqual(events);
  });

  it("removes a poster of unknown origin, which an earlier release stored", async () => {
    const { id } = await uploadVideo();
    await put(id, await renderPng(50, 50, () => [0, 8, 0, 255]));
    await env.DB.prepare("UPDATE assets SET poster_source = NULL WHERE id = ?").bind(id).run();
    expect((await remove(id)).status).toBe(200);
    expect((await env.BUCKET.list({ prefix: `posters/${id}/` })).objects).toEqual([]);
  });

  it("refuses photos and unknown videos", async () => {
    const photo = await (await upload(await renderPng(9, 9, () => [8, 8, 7, 255]), { name: "p.png" })).json<Video>();
    expect((await remove(photo.id)).status).toBe(422);
    expect((await remove("asset_BM3nUmJ6fkBqBADyz5FEiu")).status).toBe(404);
  });
});

/** Builds an ISO BMFF box. */
function box(type: string, ...parts: Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, size);
  out.set(new TextEncoder().encode(type), 4);
  let at = 8;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

describe("the embedded cover of a video", () => {
  it("is detected by its bytes regardless of the declared type", async () => {
    const png = await renderPng(4, 4, () => [0, 0, 0, 255]);
    const data = box("data", new Uint8Array(8), png);
    const meta = box("meta", new Uint8Array(4), box("ilst", box("covr", data)));
    const movie = new Uint8Array(
      await new Blob([box("ftyp", new Uint8Array(8)), box("moov", box("udta", meta))]).arrayBuffer(),
    );
    const found = await findCoverArt(memorySource(movie));
    expect(found?.mimeType).toBe("image/png");
    expect(movie.subarray(found?.offset, (found?.offset ?? 0) + (found?.sizeBytes ?? 0))).toEqual(png);
  });

  it("is null if missing or unreadable", async () => {
    for (const name of ["video_rotate.mp4", "0002_with-gps.mov"]) {
      expect(await findCoverArt(memorySource(await sampleBytes(name)))).toBeNull();
    }
    expect(await findCoverArt(memorySource(uniqueBytes(500)))).toBeNull();
  });
});
