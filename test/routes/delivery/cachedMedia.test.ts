/** Media behind a cache that behaves as Workers Cache is documented: hits run no Worker, and ended URLs are purged. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PURGE_RETRY_SECONDS } from "../../../src/operations/delivery/cachePurges.ts";
import { MAX_RANGE_FROM_WHOLE_BYTES } from "../../../src/routes/delivery/mediaResponse.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { deliver, runSchedule } from "../../support/bindings/consumer.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { PURGE_BURST, WorkersCache } from "../../support/bindings/workersCache.ts";
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
  replaceVersion,
  revertToVersion,
  solidPng,
  uploadPhoto,
} from "../../support/clients/versions.ts";
import { insertFaces } from "../../support/rows/personAssets.ts";

let cache: WorkersCache;
let queue: ReturnType<typeof recordingQueue>;
/** Bindings of a Worker behind the cache. */
let behind: Pick<CallOptions, "cache" | "env">;

/** The Worker behind the cache, with the given bindings. */
function newCache(bindings: Partial<Cloudflare.Env> = {}): WorkersCache {
  return new WorkersCache(async (request, { cache: context }) => {
    const headers = Object.fromEntries(request.headers);
    return await call(request.method, request.url, { token: null, headers, cache: context, env: bindings });
  });
}

beforeAll(async () => {
  await getRootOwner();
});

beforeEach(async () => {
  await sqlAll("DELETE FROM cache_purges");
  cache = newCache();
  queue = recordingQueue();
  behind = { cache: cache.context, env: { QUEUE: queue.binding } };
});

async function open(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return await cache.fetch(new Request(url, { method, headers }));
}

/** Status and cache status of a URL, such as `200 HIT`. */
async function view(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await open(url, headers);
  await response.arrayBuffer();
  return `${response.status} ${response.headers.get("cf-cache-status")}`;
}

/** Delivers the purge messages that changes have sent. */
async function deliverPurges(): Promise<(number | undefined)[]> {
  const messages = queue.sent
    .splice(0)
    .filter((body) => typeof body === "object" && "purgeCachedMedia" in Object(body));
  if (messages.length === 0) throw new Error("no purge was requested");
  return (await deliver(messages, { cache: cache.context })).retryDelays;
}

function urlOf(asset: AssetResponse, variant = "original"): string {
  const url = asset.asset_urls?.[variant]?.url;
  if (url === undefined) throw new Error(`no ${variant}`);
  return url;
}

async function uploadFile(libraryId?: string): Promise<AssetResponse> {
  return await expectAsset(
    await uploadWithoutConsumer(uniqueBytes(), libraryId === undefined ? {} : { libraryId }),
    201,
  );
}

async function change(method: string, path: string, json?: unknown): Promise<void> {
  const response = await call(method, path, { ...behind, ...(json !== undefined && { json }) });
  expect(response.status, `${method} ${path}`).toBe(200);
}

async function trash(...ids: string[]): Promise<void> {
  await change("POST", "/api/assets/trash", { ids });
}

describe("a cached file", () => {
  it("runs the Worker once for any number of requests, ranges and HEADs", async () => {
    const photo = await uploadPhoto();
    for (const variant of ["thumbnail", "fullsize", "original"]) {
      const url = urlOf(photo, variant);
      const runs = cache.runs;
      expect(await view(url)).toBe("200 MISS");
      for (let i = 0; i < 5; i++) expect(await view(url)).toBe("200 HIT");
      expect(await view(url, { range: "bytes=0-3" })).toBe("206 HIT");
      expect((await open(url, {}, "HEAD")).headers.get("cf-cache-status")).toBe("HIT");
      expect(await view(url, { authorization: "Bearer of a player", accept: "image/jpeg" })).toBe("200 HIT");
      expect(cache.runs).toBe(runs + 1);
    }
  });

  it("is stored whole by a first request for a range, out of which the cache cuts it", async () => {
    const bytes = uniqueBytes(1000);
    const asset = await expectAsset(await uploadWithoutConsumer(bytes, { name: "clip.mp4" }), 201);
    const response = await open(urlOf(asset), { range: "bytes=10-19" });
    expect([response.status, response.headers.get("content-range")]).toEqual([206, "bytes 10-19/1000"]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes.slice(10, 20));
    for (const range of ["bytes=-5", "bytes=990-", "bytes=0-"])
      expect(await view(urlOf(asset), { range })).toBe("206 HIT");
    expect(await view(urlOf(asset), { range: "bytes=1000-" })).toMatch(/^416/);
    expect(await view(urlOf(asset), { "if-range": '"other"', range: "bytes=0-1" })).toMatch(/HIT$/);
    expect(cache.runs).toBe(1);
  });

  it("is not read whole for a range if it is large: the Worker answers the range", async () => {
    const asset = await uploadFile();
    const key = originalKey(asset.id, urlOf(asset).split("/")[5] ?? "");
    for (const [sizeBytes, expected] of [
      [MAX_RANGE_FROM_WHOLE_BYTES, "206 MISS"],
      [MAX_RANGE_FROM_WHOLE_BYTES + 1, "206 BYPASS"],
    ] as const) {
      cache = newCache();
      await env.BUCKET.put(key, new Uint8Array(sizeBytes));
      expect(await view(urlOf(asset), { range: "bytes=5-9" })).toBe(expected);
      expect(await view(urlOf(asset), { range: "bytes=5-9", "if-match": "*" })).toMatch(/^206/);
    }
  });

  it("is readable by a page of any origin, whoever requested it first", async () => {
    const configured = newCache({ CORS_ORIGINS: "https://app.example" });
    const url = urlOf(await uploadFile());
    for (const headers of [{}, { origin: "https://app.example" }, { origin: "https://other.example" }]) {
      const response = await configured.fetch(new Request(url, { headers }));
      await response.arrayBuffer();
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
    expect(configured.runs).toBe(1);
  });

  it("is fresh until its signature expires", async () => {
    const url = urlOf(await uploadFile());
    await view(url);
    const expiresMs = Number(new URL(url).searchParams.get("exp")) * 1000;
    cache.advance(expiresMs - Date.now() - 5000);
    expect(await view(url)).toBe("200 HIT");
    cache.advance(5000);
    const runs = cache.runs;
    await view(url);
    expect(cache.runs).toBe(runs + 1);
  });

  it("never answers another signature, another version or an error", async () => {
    const url = urlOf(await uploadFile());
    await view(url);
    expect(await view(url.replace(/sig=...../, "sig=AAAAA"))).toBe("403 BYPASS");
    expect(await view(`${url}&v=1`)).toBe("403 BYPASS");
    expect(await view(url.replace("/original", "/thumbnail"))).toBe("403 BYPASS");
  });

  it("carries its asset, its library and its signing key as tags, and only behind a cache", async () => {
    const { libraryId } = await getRootOwner();
    const asset = await uploadFile();
    const tagged = await call("GET", urlOf(asset), { token: null, ...behind });
    expect(tagged.headers.get("cache-tag")).toMatch(new RegExp(`^${asset.id},${libraryId},key-[\\w-]{16}$`));
    for (const options of [{ headers: { range: "bytes=0-1" } }, { headers: { "if-none-match": "*" } }]) {
      const response = await call("GET", urlOf(asset), { token: null, ...options });
      expect(response.headers.get("cache-tag")).toBeNull();
    }
    expect((await call("GET", urlOf(asset), { token: null })).headers.get("cache-tag")).toBeNull();
    const download = await call("GET", `/api/assets/${asset.id}/download`, behind);
    expect(download.headers.get("cache-tag")).toBeNull();
    expect(download.headers.get("cache-control")).toMatch(/^private/);
  });
});

/** Changes that end URLs: each returns the URLs that it ends, after caching them. */
const endings: [name: string, end: () => Promise<string[]>][] = [
  [
    "an asset is trashed",
    async () => {
      const photo = await uploadPhoto();
      const urls = ["thumbnail", "original"].map((variant) => urlOf(photo, variant));
      for (const url of urls) await view(url);
      await trash(photo.id);
      return urls;
    },
  ],
  [
    "an asset is restored",
    async () => {
      const asset = await uploadFile();
      await trash(asset.id);
      const url = urlOf(await readAsset(asset.id));
      expect(await view(url)).toBe("200 MISS");
      await change("POST", "/api/assets/restore", { ids: [asset.id] });
      return [url];
    },
  ],
  [
    "a live asset is deleted",
    async () => {
      const asset = await uploadFile();
      await view(urlOf(asset));
      await change("DELETE", `/api/assets/${asset.id}`);
      return [urlOf(asset)];
    },
  ],
  [
    "several assets are deleted, of which one is trashed",
    async () => {
      const [live, trashed] = [await uploadFile(), await uploadFile()];
      await trash(trashed.id);
      const urls = [urlOf(live), urlOf(await readAsset(trashed.id))];
      for (const url of urls) await view(url);
      await change("DELETE", "/api/assets", { ids: [live.id, trashed.id] });
      return urls;
    },
  ],
  [
    "the trash is emptied",
    async () => {
      const asset = await uploadFile();
      await trash(asset.id);
      const url = urlOf(await readAsset(asset.id));
      await view(url);
      await change("POST", "/api/assets/empty-trash");
      return [url];
    },
  ],
  [
    "a library is trashed",
    async () => {
      const libraryId = await createLibrary();
      const url = urlOf(await uploadFile(libraryId));
      await view(url);
      await change("POST", `/api/libraries/${libraryId}/trash`);
      await sqlAll("DELETE FROM libraries WHERE id = ?", libraryId);
      return [url];
    },
  ],
  [
    "a face is deleted",
    async () => {
      const photo = await uploadPhoto();
      const [faceId = ""] = await insertFaces(await getRootOwner(), [{ assetId: photo.id }]);
      const face = await (
        await call("GET", `/api/faces/${faceId}`)
      ).json<{ asset_urls: AssetResponse["asset_urls"] }>();
      const url = face.asset_urls?.["thumbnail"]?.url ?? "";
      await view(url);
      await change("DELETE", `/api/faces/${faceId}`);
      return [url];
    },
  ],
  [
    "the current version is deleted",
    async () => {
      const photo = await uploadPhoto();
      const { id } = await expectVersion(await appendVersion(photo.id, await editedJpeg()), 201);
      const url = urlOf(await readAsset(photo.id));
      await view(url);
      expect((await deleteVersion(photo.id, id, behind)).status).toBe(200);
      return [url];
    },
  ],
  [
    "an earlier version is restored",
    async () => {
      const photo = await uploadPhoto();
      await expectVersion(await appendVersion(photo.id, await editedJpeg()), 201);
      const edited = await readAsset(photo.id);
      await view(urlOf(edited, "thumbnail"));
      const uploadId = urlOf(photo).split("/")[5] ?? "";
      expect((await revertToVersion(photo.id, uploadId, behind)).status).toBe(200);
      return [urlOf(edited, "thumbnail")];
    },
  ],
  [
    "a version is replaced",
    async () => {
      const photo = await uploadPhoto();
      const { id } = await expectVersion(await appendVersion(photo.id, await editedJpeg()), 201);
      const url = urlOf(await readAsset(photo.id));
      await view(url);
      await expectVersion(await replaceVersion(photo.id, id, await editedJpeg(60, 30), behind), 201);
      return [url];
    },
  ],
  [
    "a poster is replaced",
    async () => {
      const video = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { name: "film.mp4" }), 201);
      const put = async (shade: number): Promise<string> => {
        const headers = { "content-type": "image/png" };
        const body = await solidPng(shade);
        const response = await call("PUT", `/api/assets/${video.id}/still`, { body, headers, ...behind });
        return urlOf(await expectAsset(response, 200), "thumbnail_image");
      };
      const url = await put(1);
      await view(url);
      await put(2);
      return [url];
    },
  ],
  [
    "a poster is deleted",
    async () => {
      const video = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { name: "film.mp4" }), 201);
      const path = `/api/assets/${video.id}/still`;
      const poster = { body: await solidPng(3), headers: { "content-type": "image/png" }, ...behind };
      const url = urlOf(await expectAsset(await call("PUT", path, poster), 200), "thumbnail_image");
      await view(url);
      await expectAsset(await call("DELETE", path, behind), 200);
      return [url];
    },
  ],
];

describe("a cached file whose URL ended", () => {
  it.each(endings)("is purged when %s", async (_name, end) => {
    const urls = await end();
    for (const url of urls) expect(await view(url), "before the purge").toBe("200 HIT");
    expect(await deliverPurges()).toEqual([]);
    for (const url of urls) expect(await view(url)).toBe("404 BYPASS");
    expect(await sqlAll("SELECT tag FROM cache_purges WHERE passes = 0")).toEqual([]);
  });

  it("takes no other asset of the library with it", async () => {
    const [ended, kept] = [await uploadFile(), await uploadFile()];
    for (const asset of [ended, kept]) await view(urlOf(asset));
    await trash(ended.id);
    await deliverPurges();
    expect(await view(urlOf(kept))).toBe("200 HIT");
  });

  it("is purged by the schedule if the queue was unavailable", async () => {
    const url = urlOf(await uploadFile());
    await view(url);
    behind.env = { QUEUE: recordingQueue(new Error("queue unavailable")).binding };
    await trash(url.split("/")[4] ?? "");
    expect(await view(url)).toBe("200 HIT");
    await runSchedule({}, cache.context);
    expect(await view(url)).toBe("404 BYPASS");
  });

  it("is purged later if the cache refuses a purge: the message is retried", async () => {
    const url = urlOf(await uploadFile());
    await view(url);
    for (let i = 0; i < PURGE_BURST; i++) await cache.context.purge({ tags: ["another"] });
    await trash(url.split("/")[4] ?? "");
    const message = queue.sent.slice();
    expect(await deliverPurges()).toEqual([PURGE_RETRY_SECONDS]);
    expect(await view(url)).toBe("200 HIT");
    cache.advance(PURGE_RETRY_SECONDS * 1000);
    expect((await deliver(message, { cache: cache.context })).retryDelays).toEqual([]);
    expect(await view(url)).toBe("404 BYPASS");
  });
});

describe("a signing key that is no longer configured", () => {
  const next = "the next signing key, of more than thirty-two characters";

  it("has the cached files of its URLs purged by the next scheduled run", async () => {
    const asset = await uploadFile();
    await view(urlOf(asset));
    await runSchedule({}, cache.context);
    const overlap = { MEDIA_SIGNING_KEY: next, MEDIA_SIGNING_KEY_PREVIOUS: String(env.MEDIA_SIGNING_KEY) };
    await runSchedule(overlap, cache.context);
    expect(await view(urlOf(asset))).toBe("200 HIT");
    await runSchedule({ MEDIA_SIGNING_KEY: next }, cache.context);
    const rotated = newCache({ MEDIA_SIGNING_KEY: next });
    const response = await rotated.fetch(new Request(urlOf(asset)));
    expect(response.status).toBe(403);
    expect(await view(urlOf(asset)), "the entry is gone").toBe("200 MISS");
    expect(cache.purges.flat().filter((tag) => tag.startsWith("key-"))).toHaveLength(1);
    await runSchedule({}, cache.context);
  });
});

describe("without a cache in front of the Worker", () => {
  it("changes send no message, and ranges are answered by the Worker", async () => {
    const asset = await uploadFile();
    const range = await call("GET", urlOf(asset), { token: null, headers: { range: "bytes=0-3" } });
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 4]);
    await call("POST", "/api/assets/trash", { json: { ids: [asset.id] }, env: { QUEUE: queue.binding } });
    expect(queue.sent).toEqual([]);
  });

  it("rows of changes are deleted when the signatures of that time have expired", async () => {
    const [first, second] = [await uploadFile(), await uploadFile()];
    for (const { id } of [first, second])
      await call("POST", "/api/assets/trash", { json: { ids: [id] }, env: { QUEUE: queue.binding } });
    await sqlAll("UPDATE cache_purges SET requested_at = unixepoch() - 172801 WHERE tag = ?", first.id);
    await runSchedule();
    expect(await sqlAll("SELECT tag FROM cache_purges")).toEqual([{ tag: second.id }]);
  });
});
