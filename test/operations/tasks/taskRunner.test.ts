import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import type { WorkDeps } from "../../../src/operations/tasks/taskOutcome.ts";
import { giveUp, workOn } from "../../../src/operations/tasks/taskRunner.ts";
import type { Describer } from "../../../src/providers/describers/describer.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { owner, sqlAll } from "../../support/clients/account.ts";
import { assetOf, type AssetAnswer } from "../../support/clients/answers.ts";
import { watchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { brokenImages } from "../../support/bindings/images.ts";
import { plainPng } from "../../support/media/pngs.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { insertTaskRows } from "../../support/rows/taskRows.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const NOW = 1_800_000_000_000;

function work(changes: Partial<WorkDeps> = {}): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: NOW, ...changes };
}

async function uploaded(bytes: Uint8Array | string, name = "photo.jpg"): Promise<AssetAnswer> {
  return await assetOf(await quietUpload(bytes, { name }), 201);
}

const PICTURE_WORK = ["thumbhash", "image_quality"];

/** Of one kind; the description has no describer here, and is skipped. */
async function taskOf(asset: AssetAnswer, type = "thumbhash"): Promise<Record<string, unknown> | undefined> {
  return (await sqlAll("SELECT * FROM tasks WHERE asset_id = ? AND task_type = ?", asset.id, type))[0];
}

async function allTasks(asset: AssetAnswer): Promise<Record<string, unknown>[]> {
  const tasks = await sqlAll("SELECT * FROM tasks WHERE asset_id = ? ORDER BY task_type", asset.id);
  expect(tasks.map((task) => task.task_type)).toEqual(["asset_description", "image_quality", "thumbhash"]);
  return tasks;
}

async function thumbhashOf(asset: AssetAnswer): Promise<string | null> {
  const [row] = await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", asset.id);
  return typeof row?.thumbhash === "string" ? row.thumbhash : null;
}

async function updates(asset: AssetAnswer): Promise<unknown[]> {
  return await sqlAll("SELECT payload FROM events WHERE entity_id = ? AND event_type = 'asset_updated'", asset.id);
}

beforeAll(async () => {
  await owner();
});
beforeEach(() => {
  // The work's clock runs on from NOW by what the test takes.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Images as it is, and how often it was asked. */
function watchedImages(): { binding: ImagesBinding; asked: () => number } {
  let asked = 0;
  const input = (...args: Parameters<ImagesBinding["input"]>): ImageTransformer => {
    asked += 1;
    return env.IMAGES.input(...args);
  };
  const binding = new Proxy(env.IMAGES, {
    get: (target, name) => (name === "input" ? input : (Reflect.get(target, name) as unknown)),
  });
  return { binding, asked: () => asked };
}

/** Originals as they are, but for their size, and a body that notes whether anyone reads it. */
function bucketOfLarge(sizeBytes: number): { binding: R2Bucket; read: () => boolean } {
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

describe("the work of a photo", () => {
  it("reads it once and asks Images once, and tells of each result once", async () => {
    const asset = await uploaded(await plainPng(35, 35, [1, 2, 3, 255]), "a.png");
    const { binding, calls } = watchedBucket();
    const images = watchedImages();
    expect(await workOn(work({ bucket: binding, images: images.binding }), asset.id)).toBeNull();
    expect([calls, images.asked()]).toEqual([["get"], 1]);
    const done = { status: "success", result: null, error_message: null, retry_count: 0 };
    const skipped = { ...done, result: expect.stringMatching(/^skipped: no describer/) };
    expect(await allTasks(asset)).toMatchObject([skipped, done, done]);
    expect(await updates(asset)).toHaveLength(2);
  });
});

describe("work that can never be done", () => {
  it("fails at once, with the reason in one line, when the picture cannot be read", async () => {
    const asset = await uploaded("Dear diary, this is no picture.", "notes.jpg");
    for (const task of await allTasks(asset)) expect(task.error_message).toMatch(/not a jpg file/);
    expect(await workOn(work(), asset.id)).toBeNull();
    for (const type of PICTURE_WORK) {
      const task = await taskOf(asset, type);
      expect(task).toMatchObject({ status: "failure", retry_count: 0, completed_at: NOW });
      expect(task?.error_message).toMatch(/^Images cannot read it: .*unsupported.*$/);
    }
  });

  it("fails when the original is over what Images reads, without reading it", async () => {
    const asset = await uploaded(uniqueBytes());
    const bucket = bucketOfLarge(20 * 1024 * 1024 + 1);
    const images = watchedImages();
    await workOn(work({ bucket: bucket.binding, images: images.binding }), asset.id);
    for (const type of PICTURE_WORK) {
      expect(await taskOf(asset, type)).toMatchObject({
        status: "failure",
        error_message: "the format needs a display proxy, and there is none",
      });
    }
    expect([bucket.read(), images.asked()]).toEqual([false, 0]);
  });

  it("fails when the original has vanished, and says so", async () => {
    const asset = await uploaded(uniqueBytes());
    await env.BUCKET.delete(originalKey(asset.id, asset.current_version_id));
    expect(await workOn(work(), asset.id)).toBeNull();
    for (const type of PICTURE_WORK) {
      expect(await taskOf(asset, type)).toMatchObject({
        status: "failure",
        error_message: expect.stringMatching(/missing/),
      });
    }
  });

  it("goes with its asset; what is left of it all the same is closed, so that nobody rings for it again", async () => {
    const asset = await uploaded(uniqueBytes());
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await sqlAll("SELECT id FROM tasks WHERE asset_id = ?", asset.id)).toEqual([]);
    const [taskId] = await insertTaskRows(await owner(), [{ assetId: asset.id, status: "pending", dueAt: 0 }]);
    expect(await workOn(work(), asset.id)).toBeNull();
    const closed = { id: taskId, status: "failure", error_message: "the asset is gone" };
    expect(await taskOf(asset, "thumbhash")).toMatchObject(closed);
    expect(await workOn(work(), "asset_that_never_was")).toBeNull();
  });
});

describe("work that fails for a passing reason", () => {
  const overloaded = brokenImages(new Error("IMAGES_TRANSFORM_ERROR 9523: overloaded"));

  it("is tried again after 30 s, 1, 2, 4 and 8 minutes, and then has failed", async () => {
    const asset = await uploaded(await plainPng(32, 32, [1, 2, 3, 255]), "a.png");
    const delays = [];
    let nowMs = NOW;
    for (let i = 0; i < 6; i++) {
      delays.push(await workOn(work({ images: overloaded, nowMs }), asset.id));
      const waits = i < 5;
      const delayMs = 30_000 * 2 ** i;
      for (const type of PICTURE_WORK) {
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
    expect(await workOn(work({ nowMs }), asset.id)).toBeNull();
    expect(await thumbhashOf(asset)).toBeNull();
    expect(await updates(asset)).toEqual([]);
  });

  it("succeeds when the reason has passed", async () => {
    const asset = await uploaded(await plainPng(33, 33, [1, 2, 3, 255]), "a.png");
    expect(await workOn(work({ images: overloaded }), asset.id)).toBe(30);
    const away = watchedBucket({ get: "early" }).binding;
    expect(await workOn(work({ bucket: away, nowMs: NOW + 30_000 }), asset.id)).toBe(60);
    expect(await workOn(work({ nowMs: NOW + 90_000 }), asset.id)).toBeNull();
    for (const type of PICTURE_WORK) {
      expect(await taskOf(asset, type)).toMatchObject({ status: "success", retry_count: 2 });
    }
    expect(await thumbhashOf(asset)).not.toBeNull();
  });

  it.each([
    ["as long as it was asked to", 36, 17 * 60, 17 * 60],
    ["no shorter than it would have anyway", 37, 5, 30],
    ["no longer than the queue can hold a message back", 38, 7 * 24 * 3600, 12 * 3600],
  ])("waits %s", async (_, edgePx, askedSeconds, waitsSeconds) => {
    const asset = await uploaded(await plainPng(edgePx, edgePx, [1, 2, 3, 255]), "a.png");
    const pause = new AppError("rate_limited", "too many requests", { retryAfterSeconds: askedSeconds });
    const describer: Describer = { describe: () => Promise.reject(pause) };
    expect(await workOn(work({ describer }), asset.id)).toBe(waitsSeconds);
    expect(await taskOf(asset, "asset_description")).toMatchObject({
      status: "pending",
      retry_count: 1,
      due_at: NOW + waitsSeconds * 1000,
      error_message: "too many requests",
    });
    for (const type of PICTURE_WORK) expect(await taskOf(asset, type)).toMatchObject({ status: "success" });
    expect(await workOn(work({ describer, nowMs: NOW + waitsSeconds * 1000 - 1000 }), asset.id)).toBe(1);
    expect(await taskOf(asset, "asset_description")).toMatchObject({ retry_count: 1 });
  });

  it("is still open when D1 fails before it is settled, and a second run does no harm", async () => {
    const asset = await uploaded(await plainPng(34, 34, [1, 2, 3, 255]), "a.png");
    const fail = (statements: string[]): void => {
      if (statements.some((text) => /update "tasks" set "status" = \?, "result"/i.test(text)))
        throw new Error("D1_ERROR");
    };
    const { binding } = countingD1(env.DB, { beforeBatch: fail });
    await expect(workOn(work({ db: openDatabase(binding, "primary") }), asset.id)).rejects.toThrow();
    expect(await taskOf(asset)).toMatchObject({ status: "started", due_at: NOW + 15 * 60_000 });
    const hash = await thumbhashOf(asset);
    expect(hash).not.toBeNull();
    expect(await updates(asset)).toHaveLength(1);
    expect(await workOn(work({ nowMs: NOW + 15 * 60_000 }), asset.id)).toBeNull();
    expect(await taskOf(asset)).toMatchObject({ status: "success", retry_count: 1 });
    expect(await thumbhashOf(asset)).toBe(hash);
    // The thumbhash is told once; the other is of the quality, whose turn had not come.
    expect(await updates(asset)).toHaveLength(2);
    expect(await taskOf(asset, "image_quality")).toMatchObject({ status: "success", retry_count: 0 });
  });
});

describe("giving up", () => {
  it("fails what is open with the last reason that is known, and leaves alone what is settled", async () => {
    const [plain, tried, done] = [
      await uploaded(uniqueBytes()),
      await uploaded(uniqueBytes()),
      await uploaded(uniqueBytes()),
    ];
    await sqlAll("UPDATE tasks SET error_message = NULL WHERE asset_id = ?", plain.id);
    await sqlAll("UPDATE tasks SET error_message = 'overloaded', status = 'started' WHERE asset_id = ?", tried.id);
    await sqlAll("UPDATE tasks SET error_message = NULL, status = 'success' WHERE asset_id = ?", done.id);
    for (const { id } of [plain, tried, done]) await giveUp(work(), id);
    const given = { status: "failure", error_message: "given up after too many deliveries", completed_at: NOW };
    expect(await allTasks(plain)).toMatchObject([given, given, given]);
    const failed = { ...given, error_message: "overloaded" };
    expect(await allTasks(tried)).toMatchObject([failed, failed, failed]);
    const settled = { status: "success", error_message: null, completed_at: null };
    expect(await allTasks(done)).toMatchObject([settled, settled, settled]);
  });
});
