import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { renderPng } from "../../support/media/images.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertAssets, insertKey, insertLibrary, insertTenant } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";

const PRIVATE = "private, no-cache, no-transform";

let photo: { id: string; bytes: Uint8Array };
let video: string;

async function idFrom(response: Response): Promise<string> {
  expect(response.status).toBeLessThan(300);
  return (await response.json<{ id: string }>()).id;
}

beforeAll(async () => {
  const bytes = await renderPng(1000, 500, (x, y) => [x % 256, y % 256, 120, 255]);
  photo = { id: await idFrom(await uploadWithoutConsumer(bytes, { name: 'été "1".png' })), bytes };
  video = await idFrom(await uploadWithoutConsumer(uniqueBytes(), { name: "film.mp4" }));
});

const download = async (id: string, options: CallOptions & { method?: string } = {}) =>
  await call(options.method ?? "GET", `/api/assets/${id}/download`, options);
const thumbnail = async (id: string, query = "", options: CallOptions & { method?: string } = {}) =>
  await call(options.method ?? "GET", `/api/assets/${id}/thumbnail${query}`, options);

async function widthOf(response: Response): Promise<number> {
  expect(response.status).toBe(200);
  if (response.body === null) throw new Error("no body");
  const info = await env.IMAGES.info(response.body);
  return "width" in info ? info.width : 0;
}

describe("GET /api/assets/{id}/download", () => {
  it("returns the uploaded file with its name and private caching", async () => {
    const response = await download(photo.id);
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(photo.bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": String(photo.bytes.byteLength),
      "cache-control": PRIVATE,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "x-request-id": expect.any(String) as string,
      etag: expect.stringMatching(/^"/) as string,
    });
    const disposition = response.headers.get("content-disposition");
    expect(disposition).toMatch(/^attachment/);
    expect(disposition).toContain("filename*=UTF-8''%C3%A9t%C3%A9");
  });

  it("supports HEAD, ranges and conditions like a signed URL", async () => {
    const head = await download(photo.id, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(photo.bytes.byteLength)]);
    expect(await head.text()).toBe("");
    const part = await download(photo.id, { headers: { range: "bytes=1-3" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 1-3/${photo.bytes.byteLength}`);
    expect(await part.text()).toBe("PNG");
    const outside = await download(photo.id, { headers: { range: "bytes=999999999-" } });
    expect([outside.status, outside.headers.get("cache-control")]).toEqual([416, "no-store"]);
    const etag = head.headers.get("etag") ?? "";
    const same = await download(photo.id, { headers: { "if-none-match": etag } });
    expect([same.status, same.headers.get("cache-control")]).toEqual([304, PRIVATE]);
    expect((await download(photo.id, { headers: { "if-match": '"other"' } })).status).toBe(412);
  });

  it("returns the video file of a video", async () => {
    const response = await download(video);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "video/mp4"]);
    await response.arrayBuffer();
  });

  it("requires read access, for live and trashed assets, and returns 404 otherwise", async () => {
    const { userId, libraryId } = await getRootOwner();
    const otherTenant = await insertTenant();
    const elsewhere = await insertKey({ userId, libraryIds: [await insertLibrary(userId, "elsewhere")] });
    const writer = await insertKey({ userId, actions: ["write", "delete"] });
    const path = (name: string, id = photo.id) => `/api/assets/${id}/${name}`;
    for (const name of ["download", "thumbnail"]) {
      for (const { secret } of [otherTenant, elsewhere])
        await expectError(await call("GET", path(name), { token: secret }), 404);
      await expectError(await call("GET", path(name), { token: null }), 401);
      await expectError(await call("GET", path(name), { token: writer.secret }), 403);
      await expectError(await call("GET", path(name, newId("asset"))), 404);
      await expectError(await call("GET", path(name, newId("album"))), 422);
      const [lost = ""] = await insertAssets({ userId, libraryId }, [{}]);
      await expectError(await call("GET", path(name, lost)), 404);
    }
    await env.DB.prepare("UPDATE assets SET trashed_at = 5 WHERE id = ?").bind(photo.id).run();
    expect((await call("HEAD", path("download"))).status).toBe(200);
    await env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(photo.id).run();
  });
});

describe("GET /api/assets/{id}/thumbnail", () => {
  it("returns the variant of the given size, or the thumbnail by default", async () => {
    const widths: Record<string, number> = {
      "": 360,
      "?size=thumbnail": 360,
      "?size=small": 720,
      "?size=preview": 1000,
    };
    for (const [query, width] of Object.entries({ ...widths, "?size=fullsize": 1000 })) {
      const response = await thumbnail(photo.id, query, { headers: { accept: "image/jpeg" } });
      expect(response.headers.get("content-type"), query).toBe("image/webp");
      expect(response.headers.get("cache-control"), query).toBe(PRIVATE);
      expect(response.headers.get("vary"), query).toBeNull();
      expect(response.headers.get("content-disposition"), query).toBeNull();
      expect(await widthOf(response), query).toBe(width);
    }
    expect((await thumbnail(photo.id, "", { method: "HEAD" })).status).toBe(200);
  });

  it("returns the photo's file inline for size=original", async () => {
    const response = await thumbnail(photo.id, "?size=original");
    expect(response.headers.get("content-disposition")).toBeNull();
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(photo.bytes);
  });

  it("returns 422 for an unknown size", async () => {
    for (const size of ["huge", "", "thumbnail_image", "proxy"]) {
      await expectError(await thumbnail(photo.id, `?size=${size}`), 422);
    }
  });

  it("returns the poster of a video, and 404 if it has none", async () => {
    for (const size of ["thumbnail", "original"]) {
      const early = await thumbnail(video, `?size=${size}`);
      expect((await expectError(early, 404)).message).toContain("poster");
    }
    const body = await renderPng(800, 400, () => [0, 200, 0, 255]);
    const put = await call("PUT", `/api/assets/${video}/still`, {
      body,
      headers: { "content-type": "image/png" },
      env: { QUEUE: recordingQueue().binding },
    });
    expect(put.status).toBe(200);
    expect(await widthOf(await thumbnail(video))).toBe(360);
    expect(await widthOf(await thumbnail(video, "?size=original"))).toBe(800);
  });
});
