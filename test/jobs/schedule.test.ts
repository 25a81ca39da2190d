import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { uniqueBytes } from "../support/api.ts";
import { owner } from "../support/account.ts";
import { assetOf } from "../support/answers.ts";
import { storedKeys } from "../support/bucket.ts";
import { keptQueue } from "../support/queue.ts";
import { quietUpload } from "../support/uploading.ts";

beforeAll(async () => {
  await owner();
});
beforeEach(() => {
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("every quarter of an hour", () => {
  it("what uploads left undone is rung for, and what they left behind is deleted", async () => {
    const silent = keptQueue(new Error("the queue is away"));
    const asset = await assetOf(await quietUpload(uniqueBytes(), { env: { QUEUE: silent.binding } }), 201);
    await env.BUCKET.put(originalKey(newId("asset"), newId("assetVersion")), "left behind");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3600 * 1000 });
    const queue = keptQueue();
    await worker.scheduled(createScheduledController(), { ...env, QUEUE: queue.binding });
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
    expect(await storedKeys()).toEqual([originalKey(asset.id, asset.current_version_id)]);
  });
});
