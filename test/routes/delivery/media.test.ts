import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { createUrlSigner, type MediaAddress } from "../../../src/operations/delivery/urlSigner.ts";
import { serveSignedUrl } from "../../../src/routes/delivery/mediaResponse.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { insertAssets } from "../../support/clients/tenants.ts";
import { testContext, testConfig } from "../../support/context.ts";

const SECRET = "a signing key of more than thirty-two characters";
const NOW = Date.now();
const TEXT = "0123456789";
const SHA256 = createHash("sha256").update(TEXT).digest("base64");
const stored: MediaAddress = { assetId: newId("asset"), versionId: newId("assetVersion"), variant: "original" };
let etag = "";
let lastModified = "";

/** A media URL is valid only while an asset with its version exists. */
async function storeRow({ assetId, versionId }: MediaAddress, sha256: string): Promise<void> {
  const [id = ""] = await insertAssets(await getRootOwner(), [{}]);
  await sqlAll(
    "UPDATE assets SET id = ?, current_version_id = ?, checksum = ? WHERE id = ?",
    assetId,
    versionId,
    sha256,
    id,
  );
}

beforeAll(async () => {
  const key = originalKey(stored.assetId, stored.versionId);
  const object = await env.BUCKET.put(key, TEXT, { httpMetadata: { contentType: "image/jpeg" } });
  await storeRow(stored, SHA256);
  etag = object.httpEtag;
  lastModified = object.uploaded.toUTCString();
});

interface FetchOptions {
  method?: string;
  headers?: Record<string, string>;
  name?: string | null;
  bucket?: R2Bucket;
  nowMs?: number;
}

async function urlOf(address: MediaAddress, name: string | null = null): Promise<string> {
  return `https://tintype.test${await (await createUrlSigner(SECRET, NOW)).sign(address, name)}`;
}

async function fetchUrl(
  url: string,
  { method = "GET", headers = {}, bucket = env.BUCKET, nowMs = NOW }: FetchOptions = {},
) {
  return await serveSignedUrl(
    testContext({ bucket, nowMs, config: testConfig({ mediaSigningKey: SECRET }) }),
    new Request(url, { method, headers }),
    "https://tintype.test",
  );
}

async function fetchStored(options: FetchOptions = {}): Promise<Response> {
  return await fetchUrl(await urlOf(stored, options.name ?? null), options);
}

async function errorCode(work: Promise<Response>): Promise<string> {
  const error: unknown = await work.then(
    (response) => `status ${response.status}`,
    (thrown: unknown) => thrown,
  );
  return error instanceof AppError ? error.code : String(error);
}

/** Avoids the runtime's warning about `text()` on image content types. */
async function textOf(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}

/** Wraps the real bucket and records its reads. */
function recordingBucket(): { bucket: R2Bucket; calls: string[] } {
  const calls: string[] = [];
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      if (name === "head") return (key: string) => (calls.push("head"), target.head(key));
      if (name !== "get") return Reflect.get(target, name) as unknown;
      return (key: string, options: R2GetOptions) => (calls.push("get"), target.get(key, options));
    },
  });
  return { bucket, calls };
}

describe("an original", () => {
  it("is served whole with caching headers and a sandbox that prevents scripts", async () => {
    const { bucket, calls } = recordingBucket();
    const response = await fetchStored({ bucket });
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe(TEXT);
    expect(calls).toEqual(["get"]);
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      "content-type": "image/jpeg",
      "content-length": "10",
      "accept-ranges": "bytes",
      etag,
      "last-modified": lastModified,
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "cross-origin",
    });
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*sandbox/);
    expect(headers["content-disposition"]).toBeUndefined();
    expect(etag).toMatch(/^"[^"]+"$/);
  });

  it("may be stored by any cache until the URL expires, because its signature is part of the URL", async () => {
    const url = new URL(await urlOf(stored));
    const expiresMs = Number(url.searchParams.get("exp")) * 1000;
    const seconds = async (nowMs: number) => {
      const control = (await fetchUrl(url.href, { nowMs })).headers.get("cache-control") ?? "";
      return Number(/^public, max-age=(\d+), immutable, no-transform, stale-if-error=0$/.exec(control)?.[1]);
    };
    expect(await seconds(NOW)).toBeGreaterThanOrEqual(24 * 60 * 60 - 1);
    expect(await seconds(expiresMs - 5000)).toBe(5);
  });

  it("returns the headers of GET for HEAD without reading the body", async () => {
    const { bucket, calls } = recordingBucket();
    const response = await fetchStored({ method: "HEAD", bucket, name: "x.jpg", headers: { Range: "bytes=0-1" } });
    expect(response.status).toBe(200);
    expect(response.body).toBeNull();
    expect(calls).toEqual(["head"]);
    expect(Object.fromEntries(response.headers)).toEqual(
      Object.fromEntries((await fetchStored({ name: "x.jpg" })).headers),
    );
  });

  it("is served as an attachment under the signed name", async () => {
    const response = await fetchStored({ name: 'a"\r\n写.jpg' });
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="a____.jpg"; filename*=UTF-8''a%22__%E5%86%99.jpg`,
    );
  });
});

describe("the Repr-Digest of an original", () => {
  it("is the recorded SHA-256 of the whole file for GET, HEAD and ranges", async () => {
    const requests: FetchOptions[] = [
      {},
      { method: "HEAD" },
      { headers: { Range: "bytes=2-4" } },
      { headers: { "If-Match": etag } },
    ];
    for (const options of requests)
      expect((await fetchStored(options)).headers.get("repr-digest"), JSON.stringify(options)).toBe(
        `sha-256=:${SHA256}:`,
      );
  });

  it("stays the recorded one when a stored byte was flipped, so that a client can see the damage", async () => {
    const address = { ...stored, assetId: newId("asset"), versionId: newId("assetVersion") };
    const recorded = createHash("sha256").update("abcdefghij").digest("base64");
    await storeRow(address, recorded);
    await env.BUCKET.put(originalKey(address.assetId, address.versionId), "abcdefghik");
    const response = await fetchUrl(await urlOf(address));
    expect(response.headers.get("repr-digest")).toBe(`sha-256=:${recorded}:`);
    expect(
      createHash("sha256")
        .update(await textOf(response))
        .digest("base64"),
    ).not.toBe(recorded);
  });

  it("is absent from errors", async () => {
    for (const headers of [{ Range: "bytes=10-" }, { "If-Match": '"other"' }] as const)
      expect((await fetchStored({ headers: { ...headers } })).headers.has("repr-digest")).toBe(false);
  });
});

describe("a range of an original", () => {
  const ranges: [string, string, string][] = [
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=7-500", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-500", TEXT, "bytes 0-9/10"],
    ["bytes=5-99999999999999999999", "56789", "bytes 5-9/10"],
  ];
  it.each(ranges)("serves %s as %s", async (range, text, contentRange) => {
    const response = await fetchStored({ headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(await textOf(response)).toBe(text);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(response.headers.get("content-type")).toBe("image/jpeg");
    expect(response.headers.get("etag")).toBe(etag);
  });

  it("costs one R2 read", async () => {
    const { bucket, calls } = recordingBucket();
    for (const range of ["bytes=2-4", "bytes=2-", "bytes=-2"]) await fetchStored({ bucket, headers: { Range: range } });
    expect(calls).toEqual(["get", "get", "get"]);
  });

  it.each(["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"])(
    "returns 416 with the file size for %s",
    async (range) => {
      const response = await fetchStored({ headers: { Range: range } });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */10");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const body: unknown = await response.json();
      expect(body).toMatchObject({ detail: expect.any(String), error: "range_not_satisfiable" });
    },
  );

  it.each(["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"])("ignores %s", async (range) => {
    const response = await fetchStored({ headers: { Range: range } });
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe(TEXT);
    expect(response.headers.has("content-range")).toBe(false);
  });

  it("resumes a download only if the file is unchanged", async () => {
    const resume = async (ifRange: string) => {
      const response = await fetchStored({ headers: { Range: "bytes=8-", "If-Range": ifRange } });
      return `${response.status} ${await textOf(response)}`;
    };
    expect(await resume(etag)).toBe("206 89");
    expect(await resume(lastModified)).toBe("206 89");
    expect(await resume('"other"')).toBe(`200 ${TEXT}`);
    expect(await resume(`W/${etag}`)).toBe(`200 ${TEXT}`);
    expect(await resume("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(`200 ${TEXT}`);
  });

  it("is not evaluated if the If-Range validator differs, even if unsatisfiable", async () => {
    const response = await fetchStored({ headers: { Range: "bytes=50-", "If-Range": '"other"' } });
    expect(response.status).toBe(200);
    expect((await fetchStored({ headers: { Range: "bytes=50-", "If-Range": etag } })).status).toBe(416);
  });
});

describe("a conditional request for an original", () => {
  it.each(["GET", "HEAD"])("by %s returns 304 with one R2 read", async (method) => {
    for (const headers of [{ "If-None-Match": `"x", W/${etag}` }, { "If-Modified-Since": lastModified }]) {
      const { bucket, calls } = recordingBucket();
      const response = await fetchStored({ method, headers: { ...headers, Range: "bytes=0-1" }, bucket });
      expect(response.status).toBe(304);
      expect(response.body).toBeNull();
      expect(calls).toEqual(["head"]);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.has("content-type")).toBe(false);
    }
  });

  it("returns the file if the client's version differs", async () => {
    const response = await fetchStored({ headers: { "If-None-Match": '"other"' } });
    expect(`${response.status} ${await textOf(response)}`).toBe(`200 ${TEXT}`);
  });

  it("returns 412 if the requested version differs", async () => {
    for (const headers of [{ "If-Match": '"other"' }, { "If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT" }]) {
      const response = await fetchStored({ headers });
      expect(response.status).toBe(412);
      expect(await response.json()).toMatchObject({ detail: expect.any(String), error: "precondition_failed" });
    }
    expect((await fetchStored({ headers: { "If-Match": etag } })).status).toBe(200);
  });
});

describe("a media URL", () => {
  it("returns 403 if modified, expired or unsigned", async () => {
    const { bucket, calls } = recordingBucket();
    const url = await urlOf(stored, "a.jpg");
    const bad = [
      url.replace("a.jpg", "b.jpg"),
      url.replace(stored.assetId, newId("asset")),
      url.replace("/original?", "/thumbnail?"),
      url.replace("/original?", "/%6Friginal?"),
      url.replace(/sig=./, "sig=~"),
      url.replace(/&sig=.*/, ""),
      url.replace(/\?.*/, ""),
    ];
    for (const other of bad) expect(await errorCode(fetchUrl(other, { bucket }))).toBe("forbidden");
    expect(await errorCode(fetchUrl(url, { bucket, nowMs: NOW + 48 * 60 * 60 * 1000 }))).toBe("forbidden");
    expect(calls).toEqual([]);
  });

  it("signed for a thumbnail never opens the original", async () => {
    const thumbnail = await urlOf({ ...stored, variant: "thumbnail" });
    expect(await errorCode(fetchUrl(thumbnail))).toBe("not_found");
    expect(await errorCode(fetchUrl(thumbnail.replace("/thumbnail?", "/original?")))).toBe("forbidden");
  });

  it("returns 404 for a deleted file", async () => {
    const deleted = await urlOf({ ...stored, versionId: newId("assetVersion") });
    for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }]) {
      expect(await errorCode(fetchUrl(deleted, { headers }))).toBe("not_found");
    }
    expect(await errorCode(fetchUrl(deleted, { method: "HEAD" }))).toBe("not_found");
  });

  it("returns an error if R2 fails", async () => {
    const fail = () => Promise.reject(new Error("internal error (10001)"));
    const bucket = new Proxy(env.BUCKET, { get: () => fail });
    for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }]) {
      expect(await errorCode(fetchStored({ bucket, headers }))).toBe("storage_unavailable");
    }
  });

  it("returns 404 without three path segments", async () => {
    expect(await errorCode(fetchUrl("https://tintype.test/media/a/b"))).toBe("not_found");
  });
});
