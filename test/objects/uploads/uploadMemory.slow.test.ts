import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { headOriginal, storeOriginal } from "../../../src/objects/uploads/originals.ts";
import { PART_BYTES } from "../../../src/objects/uploads/partBuffers.ts";
import { createUploadMemory, type UploadMemory } from "../../../src/objects/uploads/uploadMemory.ts";

const MIB = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const HOLD_MS = 300;

let memory: UploadMemory;
let peakBytes = 0;

/** Two parts for all uploads, and a short time to fill one. Records the peak. */
function observedMemory(maxBytes: number): UploadMemory {
  const real = createUploadMemory(maxBytes, HOLD_MS);
  const observe = <T>(value: T): T => {
    peakBytes = Math.max(peakBytes, real.usedBytes());
    return value;
  };
  const lease = () => {
    const inner = real.lease();
    return {
      ...inner,
      allocate: async (bytes: number) => observe(await inner.allocate(bytes)),
      tryAllocate: (bytes: number) => observe(inner.tryAllocate(bytes)),
    };
  };
  return { ...real, lease };
}

beforeEach(() => {
  memory = observedMemory(2 * PART_BYTES);
  peakBytes = 0;
});

async function* body(sizeBytes: number, delayMs = 0): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < sizeBytes; sent += CHUNK_BYTES) {
    if (delayMs > 0) await scheduler.wait(delayMs);
    yield new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes - sent)).fill(sent / CHUNK_BYTES);
  }
}

interface Upload {
  sizeBytes: number;
  delayMs?: number;
  sizeHint?: number | null;
  keepsHead?: boolean;
}

async function store({
  sizeBytes,
  delayMs = 0,
  sizeHint = sizeBytes + 500,
  keepsHead = false,
}: Upload): Promise<number> {
  const key = originalKey(newId("asset"), newId("assetVersion"));
  const options = { contentType: "video/mp4", sizeHint, keepsHead, memory };
  const stored = await storeOriginal(env.BUCKET, key, body(sizeBytes, delayMs), options);
  if (keepsHead) await scheduler.wait(20);
  stored.releaseHead();
  const size = (await headOriginal(env.BUCKET, key))?.size ?? 0;
  expect(size).toBe(sizeBytes);
  return size;
}

describe("uploads that share two parts of memory", () => {
  const mixes: [string, Upload[]][] = [
    ["12 of 12 MiB", Array.from({ length: 12 }, () => ({ sizeBytes: 12 * MIB }))],
    ["40 of 1 MiB", Array.from({ length: 40 }, () => ({ sizeBytes: MIB, keepsHead: true }))],
    [
      "small, large and of unknown length",
      Array.from({ length: 24 }, (_, i) => ({
        sizeBytes: [10, 700_000, PART_BYTES, PART_BYTES + 1, 11 * MIB][i % 5] ?? 0,
        sizeHint: [null, undefined][i % 2],
        keepsHead: i % 3 === 0,
      })),
    ],
  ];
  it.each(mixes)(
    "all end, within the budget: %s",
    async (_name, uploads) => {
      await Promise.all(uploads.map(store));
      expect(peakBytes).toBeLessThanOrEqual(2 * PART_BYTES);
      expect(peakBytes).toBeGreaterThan(PART_BYTES);
      expect(memory.usedBytes()).toBe(0);
      expect(memory.isContended()).toBe(false);
    },
    60_000,
  );

  it("take turns by parts, so that a large upload doesn't hold back small ones", async () => {
    const ended: string[] = [];
    const large = [60 * MIB, 60 * MIB].map((sizeBytes) => store({ sizeBytes }).then(() => ended.push("large")));
    const small = Array.from({ length: 5 }, () => store({ sizeBytes: 100_000 }).then(() => ended.push("small")));
    await Promise.all([...large, ...small]);
    expect(ended).toEqual([...Array.from({ length: 5 }, () => "small"), "large", "large"]);
  }, 60_000);

  it("read nothing from a body that waits", async () => {
    const first = memory.lease();
    await first.allocate(2 * PART_BYTES);
    let chunks = 0;
    const key = originalKey(newId("asset"), newId("assetVersion"));
    async function* counted() {
      for await (const chunk of body(3 * MIB)) {
        chunks++;
        yield chunk;
      }
    }
    const waiting = storeOriginal(env.BUCKET, key, counted(), { contentType: "image/jpeg", sizeHint: null, memory });
    await scheduler.wait(HOLD_MS / 3);
    expect(chunks).toBe(1);
    first.release();
    await waiting;
    expect(chunks).toBe(48);
  });
});

describe("an upload without progress", () => {
  it("keeps its memory while nobody waits", async () => {
    // 32 chunks of 20 ms take twice the time limit.
    await store({ sizeBytes: 2 * MIB, delayMs: 20 });
  });

  it("is refused with Retry-After once others wait, and leaves no object and no memory", async () => {
    const key = originalKey(newId("asset"), newId("assetVersion"));
    const options = { contentType: "video/mp4", sizeHint: null, memory };
    const outcome = (promise: Promise<unknown>) =>
      promise.then(
        () => null,
        (error: unknown) => error,
      );
    const slow = outcome(storeOriginal(env.BUCKET, key, body(4 * MIB, 20), options));
    const alsoSlow = outcome(
      storeOriginal(env.BUCKET, originalKey(newId("asset"), newId("assetVersion")), body(4 * MIB, 20), options),
    );
    await scheduler.wait(10);
    await Promise.all(Array.from({ length: 4 }, () => store({ sizeBytes: 6 * MIB })));
    const refusal = { code: "storage_unavailable", retryAfterSeconds: 10 };
    // The older one is enough.
    expect(await slow).toMatchObject(refusal);
    await alsoSlow;
    expect(await headOriginal(env.BUCKET, key)).toBeNull();
    expect(memory.usedBytes()).toBe(0);
  });

  it("that was cancelled without cleaning up doesn't hold back others for ever", async () => {
    // Neither of them is ever touched again, like those of cancelled requests.
    const receiving = await memory.lease().allocate(PART_BYTES);
    const inspected = memory.lease();
    const kept = await inspected.allocate(PART_BYTES);
    inspected.finishReceiving();
    const next = memory.lease();
    await next.allocate(2 * PART_BYTES);
    next.release();
    expect(receiving).toHaveLength(0);
    // Bytes that may still be read are not emptied.
    expect(kept).toHaveLength(PART_BYTES);
    expect(memory.usedBytes()).toBe(0);
  });

  it("in line leaves the line when it was cancelled", async () => {
    const first = memory.lease();
    await first.allocate(2 * PART_BYTES);
    // The timer of a cancelled request never fires.
    const realTimeout = globalThis.setTimeout;
    let cancelled = 0;
    globalThis.setTimeout = Object.assign(() => ((cancelled += 1), realTimeout(() => undefined, 0)), realTimeout);
    void memory.lease().allocate(PART_BYTES);
    globalThis.setTimeout = realTimeout;
    expect(cancelled).toBe(1);
    const next = store({ sizeBytes: 100_000 });
    first.release();
    await next;
    expect(memory.isContended()).toBe(false);
  });
});
