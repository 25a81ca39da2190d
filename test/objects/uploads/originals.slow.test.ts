import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
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

const MIB = 1024 * 1024;
const noise = crypto.getRandomValues(new Uint8Array(65_536));

/** `length` bytes that differ from block to block, in chunks whose memory is wiped once the next is asked for. */
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

/** The real bucket, noting what is called and failing where it is told to; with `late`, after the work is done. */
function watched(fails: Partial<Record<Call, "early" | "late">> = {}): { bucket: R2Bucket; calls: Call[] } {
  const calls: Call[] = [];
  async function watch<T>(call: Call, work: () => Promise<T>): Promise<T> {
    calls.push(call);
    if (fails[call] === "early") throw new Error(`${call}: internal error (10001)`);
    const result = await work();
    if (fails[call] === "late") throw new Error(`${call}: network connection lost`);
    return result;
  }
  function watchedUpload(upload: R2MultipartUpload): R2MultipartUpload {
    return {
      key: upload.key,
      uploadId: upload.uploadId,
      uploadPart: (number, value) => watch("uploadPart", () => upload.uploadPart(number, value)),
      complete: (parts) => watch("complete", () => upload.complete(parts)),
      abort: () => watch("abort", () => upload.abort()),
    };
  }
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      if (name === "put") {
        return (...args: Parameters<R2Bucket["put"]>) => watch("put", () => target.put(...args));
      }
      if (name === "delete") return (key: string) => watch("delete", () => target.delete(key));
      if (name !== "createMultipartUpload") return Reflect.get(target, name) as unknown;
      return async (key: string, options: R2MultipartOptions) =>
        await watch(name, async () => watchedUpload(await target.createMultipartUpload(key, options)));
    },
  });
  return { bucket, calls };
}

let key = "";
beforeEach(() => {
  key = originalKey(newId("asset"), newId("assetVersion"));
});

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

describe("storing an original", () => {
  const sizes: [string, number, number][] = [
    ["1 byte", 1, 0],
    ["100 KB", 100_000, 0],
    ["a part less a byte", 8 * MIB - 1, 0],
    ["exactly a part", 8 * MIB, 0],
    ["a part and a byte", 8 * MIB + 1, 2],
    ["exactly two parts", 16 * MIB, 2],
    ["40 MiB and some", 40 * MIB + 12_345, 6],
  ];
  it.each(sizes)("of %s keeps every byte, with both checksums, in at most 16 MiB", async (_, size, parts) => {
    const { bucket, calls } = watched();
    const stored = await storeOriginal(bucket, key, generated(size), {
      contentType: "image/jpeg",
      sizeHint: size + 500,
    });
    const expected = await checksums(generated(size));
    expect(stored).toMatchObject({ sizeBytes: size, ...expected });
    expect(await checksums(bodyOf(key))).toEqual(expected);
    const object = await headOriginal(env.BUCKET, key);
    expect(object).toMatchObject({ size, etag: stored.etag, httpMetadata: { contentType: "image/jpeg" } });
    expect(stored.peakBufferedBytes).toBeLessThanOrEqual(16 * MIB);
    expect(stored.head?.byteLength ?? null).toBe(size <= 8 * MIB ? size : null);
    expect(calls.filter((call) => call === "uploadPart")).toHaveLength(parts);
    expect(calls.filter((call) => call === "put")).toHaveLength(parts === 0 ? 1 : 0);
  });

  it("costs a small file little more memory than its size", async () => {
    const stored = await storeOriginal(env.BUCKET, key, generated(300_000), {
      contentType: "image/jpeg",
      sizeHint: 300_700,
    });
    expect(stored.peakBufferedBytes).toBe(300_700);
    expect(
      await checksums(
        (async function* () {
          if (stored.head !== null) yield stored.head;
        })(),
      ),
    ).toEqual(await checksums(generated(300_000)));
  });

  const hints = [null, 0, -1, Number.NaN, 1, 0.5, 1000.5, 3 * MIB, 8 * MIB - 1, 1e15];
  it.each(hints)("works whatever length the client claims: %s", async (sizeHint) => {
    for (const size of [5, 700_000, 9 * MIB]) {
      const stored = await storeOriginal(env.BUCKET, key, generated(size), { contentType: "video/mp4", sizeHint });
      expect(stored).toMatchObject(await checksums(generated(size)));
      expect(stored.peakBufferedBytes).toBeLessThanOrEqual(16 * MIB);
      expect(await headOriginal(env.BUCKET, key)).toMatchObject({ size });
    }
  });

  it.each([1, 1000, 8 * MIB, 9 * MIB, 17 * MIB])("works with chunks of %d bytes", async (chunk) => {
    const size = chunk === 1 ? 5000 : 18 * MIB + 3;
    const stored = await storeOriginal(env.BUCKET, key, generated(size, chunk), {
      contentType: "video/mp4",
      sizeHint: null,
    });
    expect(stored).toMatchObject(await checksums(generated(size, chunk)));
    expect(stored.peakBufferedBytes).toBeLessThanOrEqual(16 * MIB);
    expect(await checksums(bodyOf(key))).toEqual(await checksums(generated(size, chunk)));
  });

  it("that turns out empty stores nothing", async () => {
    const { bucket, calls } = watched();
    const stored = await storeOriginal(bucket, key, generated(0), { contentType: "image/jpeg", sizeHint: 100 });
    expect(stored).toMatchObject({ sizeBytes: 0, etag: null, ...(await checksums(generated(0))) });
    expect(calls).toEqual([]);
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
  });
});

describe("an upload that fails", () => {
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
  it.each(failures)("in R2's %s (%s) says so and leaves nothing behind", async (call, when, size) => {
    const { bucket, calls } = watched({ [call]: when });
    const error = await refusal(storeOriginal(bucket, key, generated(size), options));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "storage_unavailable", retryAfterSeconds: 5 });
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
    if (["uploadPart", "complete"].includes(call)) expect(calls).toContain("abort");
  });

  it.each([10, 9 * MIB, 30 * MIB])("because the client goes after %d bytes leaves nothing behind", async (size) => {
    const gone = new Error("the client has gone");
    const { bucket, calls } = watched();
    expect(await refusal(storeOriginal(bucket, key, failingAfter(size, gone), options))).toBe(gone);
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
    expect(calls.filter((call) => call === "abort")).toHaveLength(size > 8 * MIB ? 1 : 0);
    expect(calls).not.toContain("complete");
  });

  it("and cannot even be cleaned up still tells the first reason", async () => {
    const gone = new Error("the client has gone");
    const { bucket, calls } = watched({ abort: "early", delete: "early" });
    expect(await refusal(storeOriginal(bucket, key, failingAfter(9 * MIB, gone), options))).toBe(gone);
    expect(calls.slice(-2)).toEqual(["abort", "delete"]);
  });
});

describe("a stored original", () => {
  const content = new TextEncoder().encode("0123456789");

  it("is read in ranges that end where the file does", async () => {
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

  it("is opened whole or in part, and deleted as often as one likes", async () => {
    await env.BUCKET.put(key, content);
    expect(await (await openOriginal(env.BUCKET, key))?.text()).toBe("0123456789");
    expect(await (await openOriginal(env.BUCKET, key, { offset: 4, length: 2 }))?.text()).toBe("45");
    await deleteOriginal(env.BUCKET, key);
    await deleteOriginal(env.BUCKET, key);
    expect(await openOriginal(env.BUCKET, key)).toBeNull();
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
  });

  it("that has vanished is a failure of the store to who reads it", async () => {
    expect(await refusal(originalSource(env.BUCKET, key, 10).read(0, 1))).toMatchObject({
      code: "storage_unavailable",
    });
  });
});
