import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { expectAsset, type AssetResponse } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import {
  appendVersion,
  deleteVersion,
  editedJpeg,
  expectVersion,
  readAsset,
  solidPng,
  uploadPhoto,
} from "../../support/clients/versions.ts";

beforeAll(async () => {
  await getRootOwner();
});

async function fetchMedia(url: string, method = "GET", options: CallOptions = {}): Promise<number> {
  const response = await call(method, url, { ...options, token: null });
  await response.arrayBuffer();
  return response.status;
}

function originalUrl(asset: AssetResponse): string {
  const url = asset.asset_urls?.["original"]?.url;
  if (url === undefined) throw new Error("the asset has no original URL");
  return url;
}

async function uploadFile(libraryId?: string): Promise<AssetResponse> {
  const options = libraryId === undefined ? {} : { libraryId };
  return await expectAsset(await uploadWithoutConsumer(uniqueBytes(), options), 201);
}

async function trash(id: string): Promise<void> {
  expect((await call("POST", "/api/assets/trash", { json: { ids: [id] } })).status).toBe(200);
}

describe("a media URL", () => {
  it("ends when its asset is trashed, for every method, and works again after a restore", async () => {
    const url = originalUrl(await uploadFile());
    const id = url.split("/")[4] ?? "";
    expect(await fetchMedia(url)).toBe(200);
    await trash(id);
    expect(await fetchMedia(url)).toBe(404);
    expect(await fetchMedia(url, "HEAD")).toBe(404);
    expect(await fetchMedia(url, "GET", { headers: { range: "bytes=0-1" } })).toBe(404);
    expect(await fetchMedia(url, "GET", { headers: { "if-none-match": "*" } })).toBe(404);
    expect((await call("POST", "/api/assets/restore", { json: { ids: [id] } })).status).toBe(200);
    expect(await fetchMedia(url)).toBe(200);
  });

  it("of a trashed asset works until the asset is restored or the trash is cleared", async () => {
    const [restored, cleared] = [await uploadFile(), await uploadFile()];
    for (const { id } of [restored, cleared]) await trash(id);
    const urls = [originalUrl(await readAsset(restored.id)), originalUrl(await readAsset(cleared.id))] as const;
    for (const url of urls) {
      expect(url).toContain("&trashed=");
      expect(await fetchMedia(url)).toBe(200);
      expect(await fetchMedia(url.replace(/&trashed=\d+/, ""))).toBe(403);
    }
    await call("POST", "/api/assets/restore", { json: { ids: [restored.id] } });
    expect(await fetchMedia(urls[0])).toBe(404);
    await sqlAll("UPDATE libraries SET trash_cleared_at = ?", Date.now() + 1000);
    expect(await fetchMedia(urls[1])).toBe(404);
    await sqlAll("UPDATE libraries SET trash_cleared_at = 0");
  });

  it("ends when its library is trashed, and works again after a restore", async () => {
    const libraryId = await createLibrary();
    const url = originalUrl(await uploadFile(libraryId));
    await call("POST", `/api/libraries/${libraryId}/trash`);
    expect(await fetchMedia(url)).toBe(404);
    await call("POST", `/api/libraries/${libraryId}/restore`);
    expect(await fetchMedia(url)).toBe(200);
    // Uploads without a library id need a single library.
    await sqlAll("DELETE FROM libraries WHERE id = ?", libraryId);
  });

  it("ends when its row is deleted, before its object is", async () => {
    const asset = await uploadFile();
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await fetchMedia(originalUrl(asset))).toBe(404);
  });

  it("of a version ends when the version is deleted, while those of the upload stay", async () => {
    const photo = await uploadPhoto();
    const version = await expectVersion(await appendVersion(photo.id, await editedJpeg()), 201);
    const edited = await readAsset(photo.id);
    for (const asset of [photo, edited]) expect(await fetchMedia(originalUrl(asset))).toBe(200);
    expect((await deleteVersion(photo.id, version.id)).status).toBe(200);
    expect(await fetchMedia(originalUrl(edited))).toBe(404);
    expect(await fetchMedia(originalUrl(photo))).toBe(200);
  });

  it("of a rendition ends too, also when the rendition is stored", async () => {
    const photo = await uploadPhoto();
    const thumbnail = photo.asset_urls?.["thumbnail"]?.url ?? "";
    expect(await fetchMedia(thumbnail)).toBe(200);
    await trash(photo.id);
    expect(await fetchMedia(thumbnail)).toBe(404);
    const trashedThumbnail = (await readAsset(photo.id)).asset_urls?.["thumbnail"]?.url ?? "";
    expect(await fetchMedia(trashedThumbnail)).toBe(200);
  });

  it("of a poster ends when the poster is replaced", async () => {
    const video = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { name: "film.mp4" }), 201);
    const put = async (shade: number): Promise<string> => {
      const headers = { "content-type": "image/png" };
      const withoutConsumer = { QUEUE: recordingQueue().binding };
      const response = await call("PUT", `/api/assets/${video.id}/still`, {
        body: await solidPng(shade),
        headers,
        env: withoutConsumer,
      });
      return (await expectAsset(response, 200)).asset_urls?.["thumbnail_image"]?.url ?? "";
    };
    const first = await put(1);
    expect(await fetchMedia(first)).toBe(200);
    const second = await put(2);
    expect(await fetchMedia(first)).toBe(404);
    expect(await fetchMedia(second)).toBe(200);
    expect(await fetchMedia(originalUrl(video))).toBe(200);
  });

  it("costs one D1 query of at most three rows", async () => {
    const photo = await uploadPhoto();
    await expectVersion(await appendVersion(photo.id, await editedJpeg()), 201);
    const url = originalUrl(await readAsset(photo.id));
    const d1 = countingD1(env.DB);
    expect(await fetchMedia(url, "GET", { env: { DB: d1.binding } })).toBe(200);
    expect(d1.counts.roundTrips).toBe(1);
    expect(d1.counts.rowsRead).toBeLessThanOrEqual(3);
  });

  it("is served right after the upload even if the replica does not have the row yet", async () => {
    const url = originalUrl(await uploadFile());
    const emptyReplica = new Proxy(env.DB, {
      get(target, name) {
        if (name !== "withSession") return Reflect.get(target, name) as unknown;
        return (constraint: string) => {
          if (constraint === "first-primary") return target.withSession(constraint);
          const all = async () => ({ results: [], success: true, meta: { rows_read: 0 } });
          const statement = { bind: () => statement, all, run: all, first: async () => null, raw: async () => [] };
          return { prepare: () => statement, getBookmark: () => null };
        };
      },
    });
    expect(await fetchMedia(url, "GET", { env: { DB: emptyReplica } })).toBe(200);
  });
});

describe("a media URL while D1 is unavailable", () => {
  it("returns 503, because it may have ended", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const url = originalUrl(await uploadFile());
    const failing = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect(await fetchMedia(url, "GET", { env: { DB: failing.binding } })).toBe(503);
    vi.restoreAllMocks();
  });
});

describe("a rotated MEDIA_SIGNING_KEY", () => {
  const next = "the next signing key, of more than thirty-two characters";
  const previous = String(env.MEDIA_SIGNING_KEY);
  const overlap = { MEDIA_SIGNING_KEY: next, MEDIA_SIGNING_KEY_PREVIOUS: previous };

  it("signs new URLs, while those of the previous key still work", async () => {
    const asset = await uploadFile();
    const reissued = await expectAsset(
      await call("GET", `/api/assets/${asset.id}?include=variants,legacy`, { env: overlap }),
      200,
    );
    expect(originalUrl(reissued)).not.toBe(originalUrl(asset));
    for (const url of [originalUrl(asset), originalUrl(reissued)])
      expect(await fetchMedia(url, "GET", { env: overlap })).toBe(200);
    expect(await fetchMedia(originalUrl(reissued))).toBe(403);
  });

  it("ends the URLs of the previous key at once when that key is not kept", async () => {
    const url = originalUrl(await uploadFile());
    expect(await fetchMedia(url, "GET", { env: { MEDIA_SIGNING_KEY: next } })).toBe(403);
  });

  it("must have a predecessor of at least 32 characters, if any", async () => {
    const url = originalUrl(await uploadFile());
    expect(await fetchMedia(url, "GET", { env: { ...overlap, MEDIA_SIGNING_KEY_PREVIOUS: "short" } })).toBe(503);
    expect(await fetchMedia(url, "GET", { env: { MEDIA_SIGNING_KEY_PREVIOUS: "" } })).toBe(200);
  });
});
