import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { MAX_CONCURRENT_MESSAGES } from "../../src/jobs/queue.ts";
import { uniqueBytes } from "../support/clients/api.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { expectAsset } from "../support/clients/responses.ts";
import { deliver } from "../support/bindings/consumer.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { changeTasks, insertTaskRows, keepTasks, makeDue, setClaim, tasksByType } from "../support/rows/taskRows.ts";
import { uploadWithoutConsumer } from "../support/clients/uploads.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";

/** Larger than a thumbnail, so that Cloudflare Images renders it. */
const PHOTO = "0011_Landscape_6.jpg";
const MINUTE_MS = 60_000;

let photo: Uint8Array;
beforeAll(async () => {
  await getRootOwner();
  photo = await sampleBytes(PHOTO);
});

/** Uploads a photo with a new checksum: bytes after the end of a JPEG leave its image unchanged. */
async function uploadPhoto(): Promise<string> {
  const bytes = new Uint8Array([...photo, ...uniqueBytes(16)]);
  return (await expectAsset(await uploadWithoutConsumer(bytes), 201)).id;
}

/** The Images binding with an optional failure and a call counter. */
function countingImages(failure: Error | null = null): { binding: ImagesBinding; calls: () => number } {
  let calls = 0;
  const binding = new Proxy(env.IMAGES, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        calls += 1;
        if (failure !== null) throw failure;
        return member.apply(target, args);
      };
    },
  });
  return { binding, calls: () => calls };
}

const overloaded = (): Partial<Cloudflare.Env> => ({
  IMAGES: countingImages(new Error("internal error, try later")).binding,
});

async function thumbhashOf(assetId: string): Promise<unknown> {
  return (await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", assetId))[0]?.thumbhash;
}

describe("an upload's message", () => {
  it("runs all tasks of the asset and is acknowledged", async () => {
    const assetId = await uploadPhoto();
    const { acknowledged, retryDelays } = await deliver([{ assetId }]);
    expect([acknowledged, retryDelays]).toEqual([1, []]);
    const tasks = Object.values(await tasksByType(assetId));
    expect(tasks.map((task) => task.status)).toEqual(tasks.map(() => "success"));
    expect(tasks[0]).toMatchObject({ error_message: null, retry_count: 0 });
    expect(tasks[0]?.completed_at).toBeGreaterThanOrEqual(tasks[0]?.started_at ?? Infinity);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("delivered again runs nothing and makes no Images call", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }]);
    const before = await tasksByType(assetId);
    const images = countingImages();
    const { acknowledged } = await deliver([{ assetId }, { assetId }], { env: { IMAGES: images.binding } });
    expect(acknowledged).toBe(2);
    expect(images.calls()).toBe(0);
    expect(await tasksByType(assetId)).toEqual(before);
  });

  it("delivered to two consumers at once runs each task once", async () => {
    const assetId = await uploadPhoto();
    await keepTasks(assetId, ["thumbhash"]);
    const images = countingImages();
    const both = { env: { IMAGES: images.binding } };
    await Promise.all([deliver([{ assetId }], both), deliver([{ assetId }], both)]);
    expect(images.calls()).toBe(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "success", retry_count: 0 });
  });

  it("for a trashed asset runs its tasks, so that a restore finds it complete", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id = ?", assetId);
    await deliver([{ assetId }]);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("for a deleted asset is acknowledged without effect", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("DELETE FROM assets WHERE id = ?", assetId);
    const { acknowledged, retryDelays } = await deliver([{ assetId }]);
    expect([acknowledged, retryDelays]).toEqual([1, []]);
    expect(await tasksByType(assetId)).toEqual({});
  });

  it("for a deleted asset fails a remaining task", async () => {
    const assetId = newId("asset");
    await insertTaskRows(await getRootOwner(), [{ assetId, status: "pending" }]);
    expect((await deliver([{ assetId }])).acknowledged).toBe(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({
      status: "failure",
      error_message: "the asset was deleted",
    });
  });

  it("of unknown shape is dropped without holding up the batch", async () => {
    const assetId = await uploadPhoto();
    const { acknowledged } = await deliver([{ nonsense: true }, "text", { assetId }]);
    expect(acknowledged).toBe(3);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("is retried after a database failure", async () => {
    const assetId = await uploadPhoto();
    const faulty = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const { acknowledged, retryDelays } = await deliver([{ assetId }], { attempts: 3, env: { DB: faulty.binding } });
    expect([acknowledged, retryDelays]).toEqual([0, [120]]);
    await deliver([{ assetId }]);
    expect((await tasksByType(assetId)).thumbhash?.status).toBe("success");
  });

  it("is never delayed for more than 12 hours, the maximum of Queues", async () => {
    const assetId = await uploadPhoto();
    const away = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const { retryDelays } = await deliver([{ assetId }], { attempts: 20, env: { DB: away.binding } });
    expect(retryDelays).toEqual([12 * 3600]);
  });
});

describe("a batch", () => {
  /** Advances the clock by `ms` at each call of Images. */
  function slowImages(ms: number): ImagesBinding {
    const realNow = Date.now.bind(Date);
    let addedMs = 0;
    vi.spyOn(Date, "now").mockImplementation(() => realNow() + addedMs);
    return new Proxy(countingImages().binding, {
      get(target, name) {
        addedMs += ms;
        return Reflect.get(target, name) as unknown;
      },
    });
  }

  afterEach(() => vi.restoreAllMocks());

  it("starts no message after 10 s of work and sends the rest again, which counts as no delivery", async () => {
    const ids: string[] = [];
    for (let i = 0; i < MAX_CONCURRENT_MESSAGES + 2; i++) ids.push(await uploadPhoto());
    const [started, rest] = [ids.slice(0, MAX_CONCURRENT_MESSAGES), ids.slice(MAX_CONCURRENT_MESSAGES)];
    const queue = recordingQueue();
    const { acknowledged, retryDelays } = await deliver(
      ids.map((assetId) => ({ assetId })),
      { env: { IMAGES: slowImages(11_000), QUEUE: queue.binding } },
    );
    expect([acknowledged, retryDelays]).toEqual([ids.length, []]);
    expect(queue.sent).toEqual(rest.map((assetId) => ({ assetId })));
    for (const id of started) expect(await thumbhashOf(id)).toBeTypeOf("string");
    for (const task of Object.values(await tasksByType(rest[0] ?? "")))
      expect(task).toMatchObject({ status: "pending", retry_count: 0 });
    await deliver(queue.sent);
    for (const id of rest) expect(await thumbhashOf(id)).toBeTypeOf("string");
  });

  it("retries the rest when the queue is unavailable", async () => {
    const ids: string[] = [];
    for (let i = 0; i < MAX_CONCURRENT_MESSAGES + 1; i++) ids.push(await uploadPhoto());
    const { acknowledged, retryDelays } = await deliver(
      ids.map((assetId) => ({ assetId })),
      { env: { IMAGES: slowImages(11_000), QUEUE: recordingQueue(new Error("queue is down")).binding } },
    );
    expect([acknowledged, retryDelays]).toEqual([MAX_CONCURRENT_MESSAGES, [30]]);
  });

  it("runs the tasks of a few assets at the same time", async () => {
    const ids: string[] = [];
    for (let i = 0; i < MAX_CONCURRENT_MESSAGES + 2; i++) ids.push(await uploadPhoto());
    let running = 0;
    let most = 0;
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name !== "get") return typeof member === "function" ? (member.bind(target) as unknown) : member;
        return async (...args: Parameters<R2Bucket["get"]>) => {
          running += 1;
          most = Math.max(most, running);
          await scheduler.wait(20);
          running -= 1;
          return await target.get(...args);
        };
      },
    });
    await deliver(
      ids.map((assetId) => ({ assetId })),
      { env: { BUCKET: bucket } },
    );
    expect(most).toBe(MAX_CONCURRENT_MESSAGES);
    for (const id of ids) expect(await thumbhashOf(id)).toBeTypeOf("string");
  });

  it("of dead letters is worked through", async () => {
    const ids = [await uploadPhoto(), await uploadPhoto()];
    const realNow = Date.now.bind(Date);
    let addedMs = 0;
    vi.spyOn(Date, "now").mockImplementation(() => realNow() + (addedMs += 6000));
    const { acknowledged } = await deliver(
      ids.map((assetId) => ({ assetId })),
      { queue: "tintype-dead" },
    );
    expect(acknowledged).toBe(2);
    for (const id of ids) for (const task of Object.values(await tasksByType(id))) expect(task.status).toBe("failure");
  });
});

describe("a failing task", () => {
  it("is retried with growing delays after a transient error, and keeps its last error when it succeeds", async () => {
    const assetId = await uploadPhoto();
    const delays: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      const { retryDelays } = await deliver([{ assetId }], { env: overloaded() });
      delays.push(...retryDelays);
      expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "pending", retry_count: round + 1 });
      await makeDue(assetId);
    }
    expect(delays).toEqual([30, 60, 120, 240, 480]);
    await deliver([{ assetId }]);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({
      status: "success",
      error_message: expect.stringContaining("internal error") as unknown,
      retry_count: 5,
    });
  });

  it("fails after five retries and is not retried again", async () => {
    const assetId = await uploadPhoto();
    await changeTasks(assetId, { retries: 5 });
    const { acknowledged } = await deliver([{ assetId }], { env: overloaded() });
    expect(acknowledged).toBe(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "failure", result: null, retry_count: 5 });
  });

  it("is not retried before it is due, whatever messages arrive", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }], { env: overloaded() });
    const { retryDelays } = await deliver([{ assetId }]);
    expect(retryDelays).toHaveLength(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "pending", retry_count: 1 });
  });

  it("is not retried after a permanent error", async () => {
    const { id: assetId } = await expectAsset(
      await uploadWithoutConsumer(uniqueBytes(), { name: "no-photo.jpg" }),
      201,
    );
    const { acknowledged } = await deliver([{ assetId }]);
    expect(acknowledged).toBe(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "failure", retry_count: 0 });
    expect((await tasksByType(assetId)).thumbhash?.error_message).not.toBeNull();
  });

  it("of an unknown type fails with that reason", async () => {
    const assetId = await uploadPhoto();
    await insertTaskRows(await getRootOwner(), [
      { assetId, taskType: "product_update_subscription", status: "pending" },
    ]);
    await deliver([{ assetId }]);
    expect((await tasksByType(assetId))["product_update_subscription"]).toMatchObject({
      status: "failure",
      error_message: "unknown task type: product_update_subscription",
    });
  });
});

describe("a task whose consumer stopped", () => {
  async function start(assetId: string, endsInMs: number, retryCount = 0): Promise<void> {
    await changeTasks(assetId, { retries: retryCount }, ["thumbhash"]);
    await setClaim(assetId, { atMs: Date.now(), untilMs: Date.now() + endsInMs, type: "thumbhash" });
  }

  it("is skipped while its claim is valid", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, 14 * MINUTE_MS);
    expect((await deliver([{ assetId }])).acknowledged).toBe(1);
    expect((await tasksByType(assetId)).thumbhash?.status).toBe("started");
  });

  it("is retried by its message after the claim, because its consumer may have stopped", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, 14 * MINUTE_MS);
    const { acknowledged, retryDelays } = await deliver([{ assetId }], { attempts: 2 });
    expect(acknowledged).toBe(0);
    expect(retryDelays[0]).toBeGreaterThan(13 * 60);
    expect(retryDelays[0]).toBeLessThanOrEqual(14 * 60);
  });

  it("is claimed again when its claim has expired, which counts as a retry", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, -1000);
    await deliver([{ assetId }]);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({ status: "success", retry_count: 1 });
  });

  it("fails when it has stopped too often, without another run", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, -1000, 5);
    await deliver([{ assetId }]);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({
      status: "failure",
      error_message: "worker exceeded its limits repeatedly",
    });
    expect(await thumbhashOf(assetId)).toBeNull();
  });

  it("cannot overwrite the result of the consumer that took it over", async () => {
    const assetId = await uploadPhoto();
    const slowImages = {
      input: () => slowImages,
      transform: () => slowImages,
      output: async () => {
        await makeDue(assetId);
        await deliver([{ assetId }]);
        throw new Error("internal error");
      },
    };
    await deliver([{ assetId }], { env: { IMAGES: slowImages as unknown as ImagesBinding } });
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({
      status: "success",
      error_message: null,
      retry_count: 1,
    });
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });
});

describe("a message in the dead-letter queue", () => {
  it("fails the pending tasks with their last error and is acknowledged", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }], { env: overloaded() });
    const { acknowledged } = await deliver([{ assetId }], { queue: "tintype-dead" });
    expect(acknowledged).toBe(1);
    expect((await tasksByType(assetId)).thumbhash).toMatchObject({
      status: "failure",
      error_message: expect.stringContaining("internal error") as unknown,
    });
  });

  it("gives a default error, and leaves finished and running tasks unchanged", async () => {
    const done = await uploadPhoto();
    await deliver([{ assetId: done }]);
    const running = await uploadPhoto();
    await setClaim(running, { atMs: Date.now(), untilMs: Date.now() + MINUTE_MS, type: null });
    const waiting = await uploadPhoto();
    await deliver([{ assetId: done }, { assetId: running }, { assetId: waiting }, "?"], { queue: "tintype-dead" });
    expect((await tasksByType(done)).thumbhash?.status).toBe("success");
    expect((await tasksByType(running)).thumbhash?.status).toBe("started");
    expect((await tasksByType(waiting)).thumbhash).toMatchObject({
      status: "failure",
      error_message: "the queue delivered the message too many times",
    });
  });
});
