import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { CLAIM_TIMEOUT_MS, failRemaining, runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import type { Describer } from "../../../src/providers/describers/describer.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset, type AssetResponse } from "../../support/clients/responses.ts";
import { instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { failingImages } from "../../support/bindings/images.ts";
import { plainPng } from "../../support/media/pngs.ts";
import {
  changeTasks,
  insertTaskRows,
  readTasks,
  setClaim,
  tasksByType,
  type TaskRow,
} from "../../support/rows/taskRows.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import type { Context } from "../../../src/operations/context.ts";

const NOW = 1_800_000_000_000;

function contextAtNow(changes: Partial<Context> = {}): Context {
  return testContext({ nowMs: NOW, ...changes });
}

async function uploaded(bytes: Uint8Array | string, name = "photo.jpg"): Promise<AssetResponse> {
  return await expectAsset(await uploadWithoutConsumer(bytes, { name }), 201);
}

const IMAGE_TASKS = ["thumbhash", "quality_scoring"];

/** Returns one task row. Description tasks are skipped because no describer is configured. */
async function taskOf(asset: AssetResponse, type = "thumbhash"): Promise<TaskRow | undefined> {
  return (await tasksByType(asset.id))[type];
}

async function allTasks(asset: AssetResponse): Promise<TaskRow[]> {
  const tasks = await readTasks(asset.id);
  expect(tasks.map((task) => task.task_type)).toEqual([
    "asset_description",
    "embedding",
    "face_detection",
    "quality_scoring",
    "thumbhash",
  ]);
  return tasks;
}

async function thumbhashOf(asset: AssetResponse): Promise<string | null> {
  const [row] = await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", asset.id);
  return typeof row?.thumbhash === "string" ? row.thumbhash : null;
}

async function updateEvents(asset: AssetResponse): Promise<unknown[]> {
  return await sqlAll("SELECT payload FROM events WHERE entity_id = ? AND event_type = 'asset_updated'", asset.id);
}

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(() => {
  // The runner's clock starts at NOW and advances in real time.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Wraps the Images binding and counts its calls. */
function countingImages(): { binding: ImagesBinding; callCount: () => number } {
  let asked = 0;
  const input = (...args: Parameters<ImagesBinding["input"]>): ImageTransformer => {
    asked += 1;
    return env.IMAGES.input(...args);
  };
  const binding = new Proxy(env.IMAGES, {
    get: (target, name) => (name === "input" ? input : (Reflect.get(target, name) as unknown)),
  });
  return { binding, callCount: () => asked };
}

/** Wraps the bucket: originals report `sizeBytes`, and reads of their bodies are recorded. */
function bucketOfLargeObjects(sizeBytes: number): { binding: R2Bucket; read: () => boolean } {
  let read = false;
  const pull = (): void => {
    read = true;
  };
  const large = (object: R2ObjectBody): R2ObjectBody =>
    new Proxy(object, {
      get(target, name) {
        if (name === "size") return sizeBytes;
        if (name === "body") return new ReadableStream({ pull }, { highWaterMark: 0 });
        return Reflect.get(target, name) as unknown;
      },
    });
  const get = async (key: string): Promise<R2ObjectBody | null> => {
    const object = await env.BUCKET.get(key);
    return object === null ? null : large(object);
  };
  const binding = new Proxy(env.BUCKET, {
    get: (target, name) => (name === "get" ? get : (Reflect.get(target, name) as unknown)),
  });
  return { binding, read: () => read };
}

describe("tasks of a photo", () => {
  it("read the original's head, then the original once, call Images once and write one event", async () => {
    const asset = await uploaded(await plainPng(435, 435, [1, 2, 3, 255]), "a.png");
    const { binding, calls } = instrumentedBucket();
    const images = countingImages();
    expect(await runPendingTasks(contextAtNow({ bucket: binding, images: images.binding }), asset.id)).toBeNull();
    expect([calls, images.callCount()]).toEqual([["get", "get", "put", "put", "put"], 1]);
    const done = { status: "success", result: null, error_message: null, retry_count: 0 };
    const skipped = { ...done, result: expect.stringMatching(/^skipped: no (describer|embedder|face recognizer)/) };
    expect(await allTasks(asset)).toMatchObject([
      skipped,
      skipped,
      skipped,
      done,
      { ...done, result: "renditions rendered by Cloudflare Images" },
    ]);
    expect(await updateEvents(asset)).toHaveLength(1);
  });
});

describe("a task that fails permanently", () => {
  it("fails on the first attempt with a one-line reason when the image is unreadable", async () => {
    const asset = await uploaded("Dear diary, this is no picture.", "notes.jpg");
    for (const task of await allTasks(asset)) expect(task.error_message).toMatch(/not a jpg file/);
    expect(await runPendingTasks(contextAtNow(), asset.id)).toBeNull();
    for (const type of IMAGE_TASKS) {
      const task = await taskOf(asset, type);
      expect(task).toMatchObject({ status: "failure", retry_count: 0, completed_at: NOW });
      expect(task?.error_message).toMatch(/^Images cannot read it: .*unsupported.*$/);
    }
  });

  it("fails without reading the original when it exceeds the Images input limit", async () => {
    const asset = await uploaded(uniqueBytes());
    const bucket = bucketOfLargeObjects(20 * 1024 * 1024 + 1);
    const images = countingImages();
    await runPendingTasks(contextAtNow({ bucket: bucket.binding, images: images.binding }), asset.id);
    for (const type of IMAGE_TASKS) {
      expect(await taskOf(asset, type)).toMatchObject({
        status: "failure",
        error_message:
          "the format requires a display proxy, and none exists; the task display_proxy_generation gives the reason",
      });
    }
    expect([bucket.read(), images.callCount()]).toEqual([false, 0]);
  });

  it("stores at most 1 KiB of the reason, in whole characters", async () => {
    const asset = await uploaded(await plainPng(3, 3, [1, 2, 3, 255]), "photo.png");
    const reason = "中".repeat(5000);
    const describer: Describer = { describe: () => Promise.resolve({ kind: "misconfigured", reason }) };
    await runPendingTasks(contextAtNow({ describer }), asset.id);
    const task = await taskOf(asset, "asset_description");
    expect(task).toMatchObject({ status: "failure", error_message: "中".repeat(341) });
  });

  it("fails with a reason when the original is missing from the bucket", async () => {
    const asset = await uploaded(uniqueBytes());
    await env.BUCKET.delete(originalKey(asset.id, asset.current_version_id));
    expect(await runPendingTasks(contextAtNow(), asset.id)).toBeNull();
    for (const type of IMAGE_TASKS) {
      expect(await taskOf(asset, type)).toMatchObject({
        status: "failure",
        error_message: expect.stringMatching(/missing/),
      });
    }
  });

  it("is deleted with its asset, and a leftover row is failed so that the sweep ignores it", async () => {
    const asset = await uploaded(uniqueBytes());
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await readTasks(asset.id)).toEqual([]);
    const [taskId] = await insertTaskRows(await getRootOwner(), [{ assetId: asset.id, status: "pending", dueAt: 0 }]);
    expect(await runPendingTasks(contextAtNow(), asset.id)).toBeNull();
    const closed = { id: taskId, status: "failure", error_message: "the asset was deleted" };
    expect(await taskOf(asset, "thumbhash")).toMatchObject(closed);
    expect(await runPendingTasks(contextAtNow(), "asset_that_never_was")).toBeNull();
  });
});

describe("a task that fails temporarily", () => {
  const overloaded = failingImages(new Error("IMAGES_TRANSFORM_ERROR 9523: overloaded"));

  it("is retried after 30 s, 1, 2, 4 and 8 minutes, then fails", async () => {
    const asset = await uploaded(await plainPng(432, 432, [1, 2, 3, 255]), "a.png");
    const delays = [];
    let nowMs = NOW;
    for (let i = 0; i < 6; i++) {
      delays.push(await runPendingTasks(contextAtNow({ images: overloaded, nowMs }), asset.id));
      const waits = i < 5;
      const delayMs = 30_000 * 2 ** i;
      for (const type of IMAGE_TASKS) {
        expect(await taskOf(asset, type)).toMatchObject({
          status: waits ? "pending" : "failure",
          retry_count: Math.min(i + 1, 5),
          error_message: expect.stringMatching(/9523: overloaded/),
          ...(waits ? { due_at: nowMs + delayMs } : { completed_at: nowMs }),
        });
      }
      nowMs += delayMs;
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, null]);
    expect(await runPendingTasks(contextAtNow({ nowMs }), asset.id)).toBeNull();
    expect(await thumbhashOf(asset)).toBeNull();
    expect(await updateEvents(asset)).toEqual([]);
  });

  it("succeeds on a retry once the cause is gone", async () => {
    const asset = await uploaded(await plainPng(433, 433, [1, 2, 3, 255]), "a.png");
    expect(await runPendingTasks(contextAtNow({ images: overloaded }), asset.id)).toBe(30);
    const away = instrumentedBucket({ get: "rejected" }).binding;
    expect(await runPendingTasks(contextAtNow({ bucket: away, nowMs: NOW + 30_000 }), asset.id)).toBe(60);
    expect(await runPendingTasks(contextAtNow({ nowMs: NOW + 90_000 }), asset.id)).toBeNull();
    for (const type of IMAGE_TASKS) {
      expect(await taskOf(asset, type)).toMatchObject({ status: "success", retry_count: 2 });
    }
    expect(await thumbhashOf(asset)).not.toBeNull();
  });

  it.each([
    ["as long as Retry-After asks", 36, 17 * 60, 17 * 60],
    ["at least the default delay", 37, 5, 30],
    ["at most the maximum delay of the queue", 38, 7 * 24 * 3600, 12 * 3600],
  ])("waits %s", async (_, edgePx, askedSeconds, waitsSeconds) => {
    const asset = await uploaded(await plainPng(edgePx, edgePx, [1, 2, 3, 255]), "a.png");
    const pause = new AppError("rate_limited", "too many requests", { retryAfterSeconds: askedSeconds });
    const describer: Describer = { describe: () => Promise.reject(pause) };
    expect(await runPendingTasks(contextAtNow({ describer }), asset.id)).toBe(waitsSeconds);
    expect(await taskOf(asset, "asset_description")).toMatchObject({
      status: "pending",
      retry_count: 1,
      due_at: NOW + waitsSeconds * 1000,
      error_message: "too many requests",
    });
    for (const type of IMAGE_TASKS) expect(await taskOf(asset, type)).toMatchObject({ status: "success" });
    expect(await runPendingTasks(contextAtNow({ describer, nowMs: NOW + waitsSeconds * 1000 - 1000 }), asset.id)).toBe(
      1,
    );
    expect(await taskOf(asset, "asset_description")).toMatchObject({ retry_count: 1 });
  });

  it("stays pending when D1 fails before the result is recorded, and the second run is harmless", async () => {
    const asset = await uploaded(await plainPng(434, 434, [1, 2, 3, 255]), "a.png");
    const fail = (statements: string[]): void => {
      if (statements.some((text) => /update "asset_tasks" set "tasks"/i.test(text))) throw new Error("D1_ERROR");
    };
    const { binding } = countingD1(env.DB, { beforeBatch: fail });
    await expect(runPendingTasks(contextAtNow({ db: openDatabase(binding, "primary") }), asset.id)).rejects.toThrow();
    expect(await taskOf(asset)).toMatchObject({ status: "started" });
    expect(await thumbhashOf(asset)).toBeNull();
    expect(await updateEvents(asset)).toEqual([]);
    expect(await runPendingTasks(contextAtNow({ nowMs: NOW + CLAIM_TIMEOUT_MS - 1 }), asset.id)).toBeNull();
    expect(await taskOf(asset)).toMatchObject({ status: "started", retry_count: 0 });
    expect(await runPendingTasks(contextAtNow({ nowMs: NOW + CLAIM_TIMEOUT_MS }), asset.id)).toBeNull();
    expect(await thumbhashOf(asset)).not.toBeNull();
    for (const type of IMAGE_TASKS) {
      expect(await taskOf(asset, type)).toMatchObject({ status: "success", retry_count: 1 });
    }
  });
});

describe("failRemaining", () => {
  it("fails pending tasks with their last known reason and keeps finished tasks", async () => {
    const [plain, tried, done] = [
      await uploaded(uniqueBytes()),
      await uploaded(uniqueBytes()),
      await uploaded(uniqueBytes()),
    ];
    await changeTasks(plain.id, { error: undefined });
    await changeTasks(tried.id, { error: "overloaded" });
    await setClaim(tried.id, { atMs: NOW - 2, untilMs: NOW - 1, type: null });
    await changeTasks(done.id, { error: undefined, status: "success" });
    for (const { id } of [plain, tried, done]) await failRemaining(contextAtNow(), id);
    const given = {
      status: "failure",
      error_message: "the queue delivered the message too many times",
      completed_at: NOW,
    };
    expect(await allTasks(plain)).toMatchObject(Array.from({ length: 5 }, () => given));
    const failed = { ...given, error_message: "overloaded" };
    expect(await allTasks(tried)).toMatchObject(Array.from({ length: 5 }, () => failed));
    const settled = { status: "success", error_message: null, completed_at: null };
    expect(await allTasks(done)).toMatchObject(Array.from({ length: 5 }, () => settled));
  });
});
