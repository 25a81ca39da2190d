import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import {
  deleteOriginal,
  headOriginal,
  openOriginal,
  originalSource,
  storeOriginal,
} from "../../../src/objects/uploads/originals.ts";
import { uploadMemory } from "../../../src/objects/uploads/uploadMemory.ts";

const MIB = 1024 * 1024;
const noise = crypto.getRandomValues(new Uint8Array(65_536));

/** `length` bytes that differ from chunk to chunk. Each chunk is overwritten once the next is requested. */
async function* generated(length: number, chunk = 65_536): AsyncGenerator<Uint8Array> {
  let counter = 0;
  for (let sent = 0; sent < length; sent += chunk) {
    const bytes = new Uint8Array(Math.min(chunk, length - sent));
    for (let at = 0; at < bytes.length; at += noise.length) bytes.set(noise.subarray(0, bytes.length - at), at);
    bytes[0] = counter++ % 256;
    yield bytes;
    bytes.fill(0);
  }
}

async function* failingAfter(length: number, error: Error): AsyncGenerator<Uint8Array> {
  yield* generated(length);
  throw error;
}

async function checksums(chunks: AsyncIterable<Uint8Array>): Promise<{ sha256: string; sha1: string }> {
  const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
  for await (const chunk of chunks) {
    sha256.update(chunk);
    sha1.update(chunk);
  }
  return { sha256: sha256.digest("base64"), sha1: sha1.digest("base64") };
}

async function* bodyOf(key: string): AsyncGenerator<Uint8Array> {
  const object = await env.BUCKET.get(key);
  if (object === null) throw new Error("no object");
  yield* object.body;
}

type Call = "createMultipartUpload" | "uploadPart" | "put" | "complete" | "abort" | "delete";

/** The test bucket, recording calls and failing some: `early` before the call is executed, `late` after it. */
function recordingBucket(fails: Partial<Record<Call, "early" | "late">> = {}): { bucket: R2Bucket; calls: Call[] } {
  const calls: Call[] = [];
  async function record<T>(call: Call, execute: () => Promise<T>): Promise<T> {
    calls.push(call);
    if (fails[call] === "early") throw new Error(`${call}: internal error (10001)`);
    const result = await execute();
    if (fails[call] === "late") throw new Error(`${call}: network connection lost`);
    return result;
  }
  function recordingUpload(upload: R2MultipartUpload): R2MultipartUpload {
    return {
      key: upload.key,
      uploadId: upload.uploadId,
      uploadPart: (number, value) => record("uploadPart", () => upload.uploadPart(number, value)),
      complete: (parts) => record("complete", () => upload.complete(parts)),
      abort: () => record("abort", () => upload.abort()),
    };
  }
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      if (name === "put") {
        return (...args: Parameters<R2Bucket["put"]>) => record("put", () => target.put(...args));
      }
      if (name === "delete") return (key: string) => record("delete", () => target.delete(key));
      if (name !== "createMultipartUpload") return Reflect.get(target, name) as unknown;
      return async (key: string, options: R2MultipartOptions) =>
        await record(name, async () => recordingUpload(await target.createMultipartUpload(key, options)));
    },
  });
  return { bucket, calls };
}

let key = "";
afterEach(() => expect(uploadMemory.usedBytes()).toBe(0));
beforeEach(() => {
  key = originalKey(newId("asset"), newId("assetVersion"));
});

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

describe("storing an original", () => {
  const sizes: [string, number, number][] = [
    ["1 byte", 1, 0],
    ["100 KB", 100_000, 0],
    ["one byte less than a part", 5 * MIB - 1, 0],
    ["exactly a part", 5 * MIB, 0],
    ["a part plus a byte", 5 * MIB + 1, 2],
    ["exactly two parts", 10 * MIB, 2],
    ["25 MiB plus a partial part", 25 * MIB + 12_345, 6],
  ];
  it.each(sizes)("stores %s with both checksums, buffering at most 10 MiB", async (_, size, parts) => {
    const { bucket, calls } = recordingBucket();
    const stored = await storeOriginal(bucket, key, generated(size), {
      contentType: "image/jpeg",
      sizeHint: size + 500,
      keepsHead: true,
    });
    const expected = await checksums(generated(size));
    expect(stored).toMatchObject({ sizeBytes: size, ...expected });
    expect(await checksums(bodyOf(key))).toEqual(expected);
    const object = await headOriginal(env.BUCKET, key);
    expect(object).toMatchObject({ size, etag: stored.etag, httpMetadata: { contentType: "image/jpeg" } });
    expect(stored.peakBufferedBytes).toBeLessThanOrEqual(10 * MIB);
    expect(stored.head?.byteLength ?? null).toBe(size <= 5 * MIB ? size : null);
    expect(uploadMemory.usedBytes()).toBe(stored.head === null ? 0 : Math.min(size + 500, 5 * MIB));
    stored.releaseHead();
    expect(uploadMemory.usedBytes()).toBe(0);
    expect(calls.filter((call) => call === "uploadPart")).toHaveLength(parts);
    expect(calls.filter((call) => call === "put")).toHaveLength(parts === 0 ? 1 : 0);
  });

  it("buffers a small file in little more than its size", async () => {
    const stored = await storeOriginal(env.BUCKET, key, generated(300_000), {
      contentType: "image/jpeg",
      sizeHint: 300_700,
      keepsHead: true,
    });
    expect(stored.peakBufferedBytes).toBe(300_700);
    const head = [stored.head ?? new Uint8Array()];
    expect(await checksums(Readable.from(head))).toEqual(await checksums(generated(300_000)));
    stored.releaseHead();
    expect(stored.head).toHaveLength(0);
  });

  const hints = [null, 0, -1, Number.NaN, 1, 0.5, 1000.5, 3 * MIB, 5 * MIB - 1, 1e15];
  it.each(hints)("accepts any size hint: %s", async (sizeHint) => {
    for (const size of [5, 700_000, 9 * MIB]) {
      const stored = await storeOriginal(env.BUCKET, key, generated(size), { contentType: "video/mp4", sizeHint });
      expect(stored).toMatchObject(await checksums(generated(size)));
      expect(stored.peakBufferedBytes).toBeLessThanOrEqual(10 * MIB);
      expect(await headOriginal(env.BUCKET, key)).toMatchObject({ size });
    }
  });

  it.each([1, 1000, 5 * MIB, 6 * MIB, 17 * MIB])("accepts chunks of %d bytes", async (chunk) => {
    const size = chunk === 1 ? 5000 : 18 * MIB + 3;
    const stored = await storeOriginal(env.BUCKET, key, generated(size, chunk), {
      contentType: "video/mp4",
      sizeHint: null,
    });
    expect(stored).toMatchObject(await checksums(generated(size, chunk)));
    expect(stored.peakBufferedBytes).toBeLessThanOrEqual(10 * MIB);
    expect(await checksums(bodyOf(key))).toEqual(await checksums(generated(size, chunk)));
  });

  it("stores no object for an empty body", async () => {
    const { bucket, calls } = recordingBucket();
    const stored = await storeOriginal(bucket, key, generated(0), { contentType: "image/jpeg", sizeHint: 100 });
    expect(stored).toMatchObject({ sizeBytes: 0, etag: null, ...(await checksums(generated(0))) });
    expect(calls).toEqual([]);
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
  });
});

describe("a multipart upload", () => {
  it("returns the MD5 of every part and their size", async () => {
    const size = 20 * MIB + 7;
    const { parts } = await storeOriginal(env.BUCKET, key, generated(size), {
      contentType: "video/mp4",
      sizeHint: null,
    });
    if (parts === null) throw new Error("the file was stored in one piece");
    const md5s = Buffer.from(parts.md5s, "base64");
    const stored = Buffer.from((await (await env.BUCKET.get(key))?.arrayBuffer()) ?? []);
    const count = Math.ceil(size / parts.partBytes);
    expect(md5s.byteLength).toBe(count * 16);
    for (let i = 0; i < count; i++) {
      const part = stored.subarray(i * parts.partBytes, (i + 1) * parts.partBytes);
      expect(md5s.subarray(i * 16, i * 16 + 16)).toEqual(createHash("md5").update(part).digest());
    }
  });

  it("is refused and deleted when R2 stored other bytes than were sent", async () => {
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        if (name === "delete") return (deletedKey: string) => target.delete(deletedKey);
        if (name !== "createMultipartUpload") return Reflect.get(target, name) as unknown;
        return async (uploadKey: string, options: R2MultipartOptions) => {
          const upload = await target.createMultipartUpload(uploadKey, options);
          return {
            uploadPart: (number: number, part: Uint8Array) => {
              const damaged = part.slice();
              if (number === 2) damaged[5] = (damaged[5] ?? 0) ^ 1;
              return upload.uploadPart(number, damaged);
            },
            complete: (parts: R2UploadedPart[]) => upload.complete(parts),
            abort: () => upload.abort(),
          };
        };
      },
    });
    const error = await errorOf(
      storeOriginal(bucket, key, generated(20 * MIB), { contentType: "video/mp4", sizeHint: null }),
    );
    expect(error).toMatchObject({ code: "storage_unavailable" });
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
  });
});

describe("a failed upload", () => {
  const options = { contentType: "video/mp4", sizeHint: null };
  const failures: [Call, "early" | "late", number][] = [
    ["put", "early", 1000],
    ["put", "late", 1000],
    ["createMultipartUpload", "early", 20 * MIB],
    ["uploadPart", "early", 20 * MIB],
    ["uploadPart", "late", 9 * MIB],
    ["complete", "early", 20 * MIB],
    ["complete", "late", 20 * MIB],
  ];
  it.each(failures)(
    "throws storage_unavailable and leaves no object when R2 fails in %s (%s)",
    async (call, when, size) => {
      const { bucket, calls } = recordingBucket({ [call]: when });
      const error = await errorOf(storeOriginal(bucket, key, generated(size), options));
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: "storage_unavailable", retryAfterSeconds: 5 });
      expect(await headOriginal(env.BUCKET, key)).toBeNull();
      if (["uploadPart", "complete"].includes(call)) expect(calls).toContain("abort");
    },
  );

  it.each([10, 9 * MIB, 30 * MIB])("leaves no object when the client disconnects after %d bytes", async (size) => {
    const disconnected = new Error("client disconnected");
    const { bucket, calls } = recordingBucket();
    expect(await errorOf(storeOriginal(bucket, key, failingAfter(size, disconnected), options))).toBe(disconnected);
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
    expect(calls.filter((call) => call === "abort")).toHaveLength(size > 5 * MIB ? 1 : 0);
    expect(calls).not.toContain("complete");
  });

  it("throws the original error when the cleanup fails too", async () => {
    const disconnected = new Error("client disconnected");
    const { bucket, calls } = recordingBucket({ abort: "early", delete: "early" });
    expect(await errorOf(storeOriginal(bucket, key, failingAfter(9 * MIB, disconnected), options))).toBe(disconnected);
    expect(calls.slice(-2)).toEqual(["abort", "delete"]);
  });
});

describe("a stored original", () => {
  const content = new TextEncoder().encode("0123456789");

  it("is read in ranges up to its end", async () => {
    await env.BUCKET.put(key, content);
    const source = originalSource(env.BUCKET, key, 10);
    const read = async (offset: number, length: number) => new TextDecoder().decode(await source.read(offset, length));
    expect(source.sizeBytes).toBe(10);
    expect(await read(2, 3)).toBe("234");
    expect(await read(8, 100)).toBe("89");
    expect(await read(10, 1)).toBe("");
    expect(await read(1000, 1)).toBe("");
    expect(await read(3, 0)).toBe("");
  });

  it("is opened whole or by range, and deleted repeatedly", async () => {
    await env.BUCKET.put(key, content);
    expect(await (await openOriginal(env.BUCKET, key))?.text()).toBe("0123456789");
    expect(await (await openOriginal(env.BUCKET, key, { offset: 4, length: 2 }))?.text()).toBe("45");
    await deleteOriginal(env.BUCKET, key);
    await deleteOriginal(env.BUCKET, key);
    expect(await openOriginal(env.BUCKET, key)).toBeNull();
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
  });

  it("throws storage_unavailable to a reader once the object is missing", async () => {
    expect(await errorOf(originalSource(env.BUCKET, key, 10).read(0, 1))).toMatchObject({
      code: "storage_unavailable",
    });
  });
});
