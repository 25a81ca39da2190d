import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { mediaSigner, type MediaAddress } from "../../../src/operations/delivery/urlSigner.ts";
import { serveMedia } from "../../../src/routes/delivery/mediaResponse.ts";

const SECRET = "a signing key of more than thirty-two characters";
const NOW = Date.now();
const TEXT = "0123456789";
const stored: MediaAddress = { assetId: newId("asset"), versionId: newId("assetVersion"), variant: "original" };
let etag = "";
let lastModified = "";

beforeAll(async () => {
  const key = originalKey(stored.assetId, stored.versionId);
  const object = await env.BUCKET.put(key, TEXT, { httpMetadata: { contentType: "image/jpeg" } });
  etag = object.httpEtag;
  lastModified = object.uploaded.toUTCString();
});

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  name?: string | null;
  bucket?: R2Bucket;
  nowMs?: number;
}

async function urlOf(address: MediaAddress, name: string | null = null): Promise<string> {
  return `https://tintype.test${await (await mediaSigner(SECRET, NOW)).sign(address, name)}`;
}

async function ask(url: string, { method = "GET", headers = {}, bucket = env.BUCKET, nowMs = NOW }: Ask = {}) {
  return await serveMedia(new Request(url, { method, headers }), { bucket, signingKey: SECRET, nowMs });
}

async function fetchStored(options: Ask = {}): Promise<Response> {
  return await ask(await urlOf(stored, options.name ?? null), options);
}

async function refusal(work: Promise<Response>): Promise<string> {
  const error: unknown = await work.then(
    (response) => `status ${response.status}`,
    (thrown: unknown) => thrown,
  );
  return error instanceof AppError ? error.code : String(error);
}

/** `text()` warns of bodies that call themselves a picture. */
async function textOf(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}

/** The real bucket, noting what is asked of it. */
function counted(): { bucket: R2Bucket; calls: string[] } {
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
  it("is served whole, with all a client needs to keep it and nothing that could run", async () => {
    const { bucket, calls } = counted();
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

  it("is kept by the one who asked for it, no longer than the URL is good", async () => {
    const url = new URL(await urlOf(stored));
    const expiresMs = Number(url.searchParams.get("exp")) * 1000;
    const seconds = async (nowMs: number) => {
      const control = (await ask(url.href, { nowMs })).headers.get("cache-control") ?? "";
      return Number(/^private, max-age=(\d+), immutable, no-transform$/.exec(control)?.[1]);
    };
    expect(await seconds(NOW)).toBeGreaterThanOrEqual(24 * 60 * 60 - 1);
    expect(await seconds(expiresMs - 5000)).toBe(5);
  });

  it("answers HEAD like GET, reading no byte", async () => {
    const { bucket, calls } = counted();
    const response = await fetchStored({ method: "HEAD", bucket, name: "x.jpg", headers: { Range: "bytes=0-1" } });
    expect(response.status).toBe(200);
    expect(response.body).toBeNull();
    expect(calls).toEqual(["head"]);
    expect(Object.fromEntries(response.headers)).toEqual(
      Object.fromEntries((await fetchStored({ name: "x.jpg" })).headers),
    );
  });

  it("is a download under the signed name when the URL has one", async () => {
    const response = await fetchStored({ name: 'a"\r\n写.jpg' });
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="a____.jpg"; filename*=UTF-8''a%22__%E5%86%99.jpg`,
    );
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
  it.each(ranges)("%s is %s", async (range, text, contentRange) => {
    const response = await fetchStored({ headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(await textOf(response)).toBe(text);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(response.headers.get("content-type")).toBe("image/jpeg");
    expect(response.headers.get("etag")).toBe(etag);
  });

  it("costs one read of the store", async () => {
    const { bucket, calls } = counted();
    for (const range of ["bytes=2-4", "bytes=2-", "bytes=-2"]) await fetchStored({ bucket, headers: { Range: range } });
    expect(calls).toEqual(["get", "get", "get"]);
  });

  it.each(["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"])(
    "%s is refused with the size, in the body of every error",
    async (range) => {
      const response = await fetchStored({ headers: { Range: range } });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */10");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const body: unknown = await response.json();
      expect(body).toMatchObject({ detail: expect.any(String), error: "range_not_satisfiable" });
    },
  );

  it.each(["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"])("%s is ignored", async (range) => {
    const response = await fetchStored({ headers: { Range: range } });
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe(TEXT);
    expect(response.headers.has("content-range")).toBe(false);
  });

  it("goes on with a broken download only while the file is the same", async () => {
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

  it("lies outside of the file: not looked at where the file is another one", async () => {
    const response = await fetchStored({ headers: { Range: "bytes=50-", "If-Range": '"other"' } });
    expect(response.status).toBe(200);
    expect((await fetchStored({ headers: { Range: "bytes=50-", "If-Range": etag } })).status).toBe(416);
  });
});

describe("a conditional request for an original", () => {
  it.each(["GET", "HEAD"])("by %s says in one read that the client has it", async (method) => {
    for (const headers of [{ "If-None-Match": `"x", W/${etag}` }, { "If-Modified-Since": lastModified }]) {
      const { bucket, calls } = counted();
      const response = await fetchStored({ method, headers: { ...headers, Range: "bytes=0-1" }, bucket });
      expect(response.status).toBe(304);
      expect(response.body).toBeNull();
      expect(calls).toEqual(["head"]);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.has("content-type")).toBe(false);
    }
  });

  it("gets the file where the client has another one", async () => {
    const response = await fetchStored({ headers: { "If-None-Match": '"other"' } });
    expect(`${response.status} ${await textOf(response)}`).toBe(`200 ${TEXT}`);
  });

  it("fails where it asks for another one", async () => {
    for (const headers of [{ "If-Match": '"other"' }, { "If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT" }]) {
      const response = await fetchStored({ headers });
      expect(response.status).toBe(412);
      expect(await response.json()).toMatchObject({ detail: expect.any(String), error: "precondition_failed" });
    }
    expect((await fetchStored({ headers: { "If-Match": etag } })).status).toBe(200);
  });
});

describe("a media URL", () => {
  it("that was tampered with, has expired or lacks its signature is forbidden", async () => {
    const { bucket, calls } = counted();
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
    for (const other of bad) expect(await refusal(ask(other, { bucket }))).toBe("forbidden");
    expect(await refusal(ask(url, { bucket, nowMs: NOW + 48 * 60 * 60 * 1000 }))).toBe("forbidden");
    expect(calls).toEqual([]);
  });

  it("signed for a thumbnail never opens the original", async () => {
    const thumbnail = await urlOf({ ...stored, variant: "thumbnail" });
    expect(await refusal(ask(thumbnail))).toBe("not_found");
    expect(await refusal(ask(thumbnail.replace("/thumbnail?", "/original?")))).toBe("forbidden");
  });

  it("of a file that is gone is not found", async () => {
    const gone = await urlOf({ ...stored, versionId: newId("assetVersion") });
    for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }]) {
      expect(await refusal(ask(gone, { headers }))).toBe("not_found");
    }
    expect(await refusal(ask(gone, { method: "HEAD" }))).toBe("not_found");
  });

  it("that the store fails to answer says so", async () => {
    const fail = () => Promise.reject(new Error("internal error (10001)"));
    const bucket = new Proxy(env.BUCKET, { get: () => fail });
    for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }]) {
      expect(await refusal(fetchStored({ bucket, headers }))).toBe("storage_unavailable");
    }
  });

  it("without three segments is not found", async () => {
    expect(await refusal(ask("https://tintype.test/media/a/b"))).toBe("not_found");
  });
});
