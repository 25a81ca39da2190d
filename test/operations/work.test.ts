import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { originalKey } from "../../src/objects/keys.ts";
import type { WorkDeps } from "../../src/operations/taskOutcome.ts";
import { giveUp, ring, workOn } from "../../src/operations/work.ts";
import { openDatabase } from "../../src/records/database.ts";
import { uniqueBytes } from "../support/api.ts";
import { owner, sqlAll } from "../support/account.ts";
import { assetOf, type AssetAnswer } from "../support/answers.ts";
import { watchedBucket } from "../support/bucket.ts";
import { countingD1 } from "../support/d1.ts";
import { brokenImages } from "../support/images.ts";
import { plainPng } from "../support/pngs.ts";
import { keptQueue } from "../support/queue.ts";
import { quietUpload } from "../support/uploading.ts";

const NOW = 1_800_000_000_000;

function work(changes: Partial<WorkDeps> = {}): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: NOW, ...changes };
}

async function uploaded(bytes: Uint8Array | string, name = "photo.jpg"): Promise<AssetAnswer> {
  return await assetOf(await quietUpload(bytes, { name }), 201);
}

async function taskOf(asset: AssetAnswer): Promise<Record<string, unknown> | undefined> {
  return (await sqlAll("SELECT * FROM tasks WHERE asset_id = ?", asset.id))[0];
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
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("work that can never be done", () => {
  it("fails at once, with the reason in one line, when the picture cannot be read", async () => {
    const asset = await uploaded("Dear diary, this is no picture.", "notes.jpg");
    expect((await taskOf(asset))?.error_message).toMatch(/not a jpg file/);
    expect(await workOn(work(), asset.id)).toBeNull();
    const task = await taskOf(asset);
    expect(task).toMatchObject({ status: "failure", retry_count: 0, completed_at: NOW });
    expect(task?.error_message).toMatch(/^Images cannot read it: .*unsupported.*$/);
  });

  it("fails when the original is over what Images reads, without reading it", async () => {
    const asset = await uploaded(uniqueBytes());
    await sqlAll("UPDATE assets SET file_size_bytes = ? WHERE id = ?", 20 * 1024 * 1024 + 1, asset.id);
    const { binding, calls } = watchedBucket();
    await workOn(work({ bucket: binding }), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "failure", error_message: expect.stringMatching(/20 MB/) });
    expect(calls).toEqual([]);
  });

  it("fails when the original has vanished, and says so", async () => {
    const asset = await uploaded(uniqueBytes());
    await env.BUCKET.delete(originalKey(asset.id, asset.current_version_id));
    await workOn(work(), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "failure", error_message: expect.stringMatching(/missing/) });
  });

  it("fails when nobody knows what it is", async () => {
    const asset = await uploaded(uniqueBytes());
    await sqlAll("UPDATE tasks SET task_type = 'divination' WHERE asset_id = ?", asset.id);
    await workOn(work(), asset.id);
    expect(await taskOf(asset)).toMatchObject({
      status: "failure",
      error_message: expect.stringMatching(/divination/),
    });
  });

  it("is closed when the asset is gone, so that nobody rings for it again", async () => {
    const asset = await uploaded(uniqueBytes());
    await sqlAll("DELETE FROM assets WHERE id = ?", asset.id);
    expect(await workOn(work(), asset.id)).toBeNull();
    expect(await taskOf(asset)).toMatchObject({ status: "failure", error_message: "the asset is gone" });
    expect(await workOn(work(), "asset_that_never_was")).toBeNull();
  });
});

describe("work that fails for a passing reason", () => {
  const overloaded = brokenImages(new Error("IMAGES_TRANSFORM_ERROR 9523: overloaded"));

  it("is tried again after 30 s, 1, 2, 4 and 8 minutes, and then has failed", async () => {
    const asset = await uploaded(await plainPng(32, 32, [1, 2, 3, 255]), "a.png");
    const delays = [];
    for (let i = 0; i < 6; i++) {
      delays.push(await workOn(work({ images: overloaded }), asset.id));
      const waits = i < 5;
      expect(await taskOf(asset)).toMatchObject({
        status: waits ? "pending" : "failure",
        retry_count: Math.min(i + 1, 5),
        error_message: expect.stringMatching(/9523: overloaded/),
        ...(waits ? { due_at: NOW + 30_000 * 2 ** i } : { completed_at: NOW }),
      });
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, null]);
    expect(await workOn(work(), asset.id)).toBeNull();
    expect(await thumbhashOf(asset)).toBeNull();
  });

  it("succeeds when the reason has passed", async () => {
    const asset = await uploaded(await plainPng(33, 33, [1, 2, 3, 255]), "a.png");
    expect(await workOn(work({ images: overloaded }), asset.id)).toBe(30);
    const away = watchedBucket({ get: "early" }).binding;
    expect(await workOn(work({ bucket: away }), asset.id)).toBe(60);
    expect(await workOn(work(), asset.id)).toBeNull();
    expect(await taskOf(asset)).toMatchObject({ status: "success", retry_count: 2 });
    expect(await thumbhashOf(asset)).not.toBeNull();
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
    expect(await workOn(work({ nowMs: NOW + 5000 }), asset.id)).toBeNull();
    expect(await taskOf(asset)).toMatchObject({ status: "success" });
    expect(await thumbhashOf(asset)).toBe(hash);
    expect(await updates(asset)).toHaveLength(1);
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
    expect(await taskOf(plain)).toMatchObject({
      status: "failure",
      error_message: "given up after too many deliveries",
    });
    expect(await taskOf(tried)).toMatchObject({ status: "failure", error_message: "overloaded" });
    expect(await taskOf(done)).toMatchObject({ status: "success", error_message: null });
  });
});

describe("ringing", () => {
  it("names the asset and nothing else, and never fails whoever rings", async () => {
    const queue = keptQueue();
    await ring(queue.binding, "asset_1");
    expect(queue.sent).toEqual([{ assetId: "asset_1" }]);
    await ring(keptQueue(new Error("away")).binding, "asset_1");
  });
});
