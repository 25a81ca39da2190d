import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { POSTERS_PREFIX, PROXIES_PREFIX, RENDITIONS_PREFIX } from "../../../src/objects/keys.ts";
import { deliver } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { getRootOwner, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { call, upload, uniqueBytes } from "../../support/clients/api.ts";
import { renderPng } from "../../support/media/images.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { versionForm } from "../../support/clients/versions.ts";

const quiet = { QUEUE: recordingQueue().binding };
const UNLIMITED_BYTES = 10 ** 12;

interface Listed {
  id: string;
  asset_urls: Record<string, { url: string }>;
}

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await getRootOwner();
});

async function uploadVideo(): Promise<Listed> {
  return await (await upload(uniqueBytes(), { name: "film.mp4", env: quiet })).json<Listed>();
}

async function putPoster(id: string, body: BodyInit, options: Partial<Cloudflare.Env> = {}): Promise<Response> {
  const headers = { "content-type": "image/png" };
  return await call("PUT", `/api/assets/${id}/still`, { body, headers, env: { ...quiet, ...options } });
}

async function usedBytes(): Promise<number> {
  const { libraryBytes, userBytes } = await storageUsage(owner.libraryId);
  expect(userBytes).toBe(libraryBytes);
  return libraryBytes;
}

/** Bytes of the objects that were made from an asset. */
async function derivedObjectBytes(assetId: string): Promise<number> {
  let bytes = 0;
  for (const prefix of [POSTERS_PREFIX, PROXIES_PREFIX, RENDITIONS_PREFIX]) {
    const { objects } = await env.BUCKET.list({ prefix: `${prefix}${assetId}/` });
    bytes += objects.reduce((sum, object) => sum + object.size, 0);
  }
  return bytes;
}

async function setLimit(bytes: number): Promise<void> {
  await sqlAll("UPDATE users SET storage_limit_bytes = ?", bytes);
}

/** A BMP of 8 × 8 pixels of 24 bits. */
function smallBmp(): Uint8Array<ArrayBuffer> {
  const [edge, header] = [8, 54];
  const bytes = new Uint8Array(header + 3 * edge * edge).fill(120, header);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, header, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, edge, true);
  view.setInt32(22, edge, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  return bytes;
}

async function show(url: string | undefined): Promise<void> {
  const response = await call("GET", url ?? "", { token: null });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

describe("the storage of derived files", () => {
  it("counts posters and renditions once each, and is released with the poster and the asset", async () => {
    const before = await usedBytes();
    const { id } = await uploadVideo();
    const uploaded = await usedBytes();
    const first = await putPoster(id, await renderPng(800, 400, (x, y) => [x % 256, y % 256, 9, 255]));
    const { asset_urls: urls } = await first.json<Listed>();
    for (let i = 0; i < 2; i++) {
      await show(urls.thumbnail_image?.url);
      await show(urls.small_image?.url);
    }
    const derived = await derivedObjectBytes(id);
    expect(derived).toBeGreaterThan(0);
    expect(await usedBytes()).toBe(uploaded + derived);
    const smaller = await renderPng(20, 10, () => [0, 0, 9, 255]);
    expect((await putPoster(id, smaller)).status).toBe(200);
    expect(await usedBytes()).toBe(uploaded + smaller.byteLength);
    expect(await derivedObjectBytes(id)).toBe(smaller.byteLength);
    expect(await findInconsistencies()).toEqual({});
    await call("DELETE", `/api/assets/${id}`);
    expect(await usedBytes()).toBe(before);
    expect(await sqlAll("SELECT * FROM derived_files")).toEqual([]);
  });

  it("counts a display proxy and the renditions made from it", async () => {
    const before = await usedBytes();
    const bytes = smallBmp();
    const { id, asset_urls: urls } = await (await upload(bytes, { name: "scan.bmp", env: quiet })).json<Listed>();
    await deliver([{ assetId: id }]);
    const [proxy] = await sqlAll("SELECT name, size_bytes FROM derived_files WHERE asset_id = ?", id);
    expect(proxy?.name).toBe("proxy");
    await show(urls.thumbnail?.url);
    expect(await usedBytes()).toBe(before + bytes.byteLength + (await derivedObjectBytes(id)));
    await call("DELETE", `/api/assets/${id}`);
    expect(await usedBytes()).toBe(before);
  });

  it("releases the renditions of an edited version that is deleted", async () => {
    const png = await renderPng(40, 20, () => [1, 2, 3, 255]);
    const { id, asset_urls: original } = await (await upload(png, { name: "a.png", env: quiet })).json<Listed>();
    await show(original.thumbnail?.url);
    const before = await usedBytes();
    const form = versionForm(await renderPng(30, 30, () => [9, 9, 9, 255]));
    const added = await call("POST", `/api/assets/${id}/versions`, { body: form, env: quiet });
    expect(added.status).toBe(201);
    const edited = await (
      await call("GET", `/api/assets/${id}?include=variants`)
    ).json<Listed & { current_version_id: string }>();
    await show(edited.asset_urls.thumbnail?.url);
    expect(await usedBytes()).toBeGreaterThan(before);
    const deleted = await call("DELETE", `/api/assets/${id}/versions/${edited.current_version_id}`, { env: quiet });
    expect(deleted.status).toBe(200);
    expect(await usedBytes()).toBe(before);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is refused to a poster when it is full, also when it fills up during the request", async () => {
    const { id } = await uploadVideo();
    const poster = await renderPng(60, 40, () => [7, 7, 7, 255]);
    await setLimit(await usedBytes());
    const refused = await putPoster(id, poster);
    expect([refused.status, await refused.json()]).toEqual([
      507,
      expect.objectContaining({ error: "storage_limit_exceeded" }),
    ]);
    await setLimit(UNLIMITED_BYTES);
    const fillUp = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => text.includes("derived_files"))) await setLimit(await usedBytes());
      },
    });
    expect((await putPoster(id, poster, { DB: fillUp.binding })).status).toBe(507);
    await setLimit(UNLIMITED_BYTES);
    expect(await derivedObjectBytes(id)).toBe(0);
    expect((await putPoster(id, poster)).status).toBe(200);
  });

  it("keeps no poster that cannot be decoded", async () => {
    const { id } = await uploadVideo();
    const png = await renderPng(200, 200, (x, y) => [x, y, 9, 255]);
    const signature = png.slice(0, 12);
    const damaged = png.slice();
    damaged.fill(0xee, 60, 120);
    for (const body of [signature, png.slice(0, png.length / 2), damaged]) {
      const response = await putPoster(id, body);
      expect(response.status).toBe(422);
      expect(await response.text()).toContain("must be an image that can be decoded");
    }
    expect(await derivedObjectBytes(id)).toBe(0);
  });
});
