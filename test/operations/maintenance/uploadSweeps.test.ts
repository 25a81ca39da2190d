import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { firstOriginalKeyAt, originalKey } from "../../../src/objects/keys.ts";
import { ringOverdue, sweepObjects, type ScheduleDeps } from "../../../src/operations/maintenance/sweeps.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { owner, sqlAll } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { keptQueue, type KeptQueue } from "../../support/bindings/queue.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const start = Date.now();
const database = countingD1(env.DB);

function work(nowMs: number, queue: KeptQueue = keptQueue(), bucket: R2Bucket = env.BUCKET): ScheduleDeps {
  return { db: openDatabase(database.binding, "primary"), bucket, queue: queue.binding, nowMs };
}

/** An object without a row, as a crash leaves it. */
async function orphan(atMs: number = start): Promise<string> {
  const key = originalKey(newId("asset", atMs), newId("assetVersion", atMs));
  await env.BUCKET.put(key, "x");
  return key;
}

async function uploaded(): Promise<{ id: string; key: string }> {
  const asset = await assetOf(await quietUpload(uniqueBytes()), 201);
  return { id: asset.id, key: originalKey(asset.id, asset.current_version_id) };
}

async function position(): Promise<unknown> {
  return (await sqlAll("SELECT position FROM sweeps WHERE name = 'originals'"))[0]?.position;
}

beforeAll(async () => {
  await owner();
});
beforeEach(async () => {
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  await env.BUCKET.delete((await storedKeys()).slice(0, 1000));
  await sqlAll("DELETE FROM assets");
  await sqlAll("DELETE FROM tasks");
  await sqlAll("DELETE FROM sweeps");
  database.reset();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the sweep of originals", () => {
  it("deletes what no row points at, and keeps everything that has one", async () => {
    const kept = [await uploaded(), await uploaded(), await uploaded()];
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id = ?", kept[0]?.id);
    await orphan();
    await orphan();
    expect(await sweepObjects(work(start + 2 * HOUR_MS))).toBe(2);
    expect((await storedKeys()).sort()).toEqual(kept.map(({ key }) => key).sort());
  });

  it("run twice, or twice at once, is harmless", async () => {
    const { key } = await uploaded();
    await orphan();
    const later = start + 2 * HOUR_MS;
    await Promise.all([sweepObjects(work(later)), sweepObjects(work(later))]);
    expect(await sweepObjects(work(later))).toBe(0);
    expect(await storedKeys()).toEqual([key]);
  });

  it("leaves alone what has just arrived: its row may be on its way", async () => {
    const key = await orphan();
    expect(await sweepObjects(work(Date.now() + 50 * MINUTE_MS))).toBe(0);
    expect(await storedKeys()).toEqual([key]);
  });

  it("leaves alone what is no original of ours", async () => {
    const keys = ["elsewhere/a", "originals/notes.txt", `originals/${newId("asset")}`, "originals/a/b/c"];
    for (const key of keys) await env.BUCKET.put(key, "x");
    expect(await sweepObjects(work(start + 48 * HOUR_MS))).toBe(0);
    expect((await storedKeys()).sort()).toEqual(keys.sort());
  });

  it("remembers how far it came, a day behind, so that the next one starts there", async () => {
    const old = await uploaded();
    await sweepObjects(work(start + 2 * HOUR_MS));
    expect(await position()).toBe(firstOriginalKeyAt(start + 2 * HOUR_MS - 24 * HOUR_MS));
    await sweepObjects(work(start + 30 * HOUR_MS));
    expect(await position()).toBe(old.key);
    const { binding, calls } = watchedBucket();
    const listed: unknown[] = [];
    const bucket = new Proxy(binding, {
      get(target, name) {
        if (name !== "list") return Reflect.get(target, name) as unknown;
        return async (options: R2ListOptions) => (listed.push(options.startAfter), await target.list(options));
      },
    });
    await sweepObjects(work(start + 31 * HOUR_MS, keptQueue(), bucket));
    expect(listed).toEqual([old.key, "proxies/", "stills/", "renditions/"]);
    expect(calls).toEqual(["list", "list", "list", "list"]);
  });

  it("finds what a slow upload left behind the place it had reached", async () => {
    const first = await orphan(start - 23 * HOUR_MS);
    await sweepObjects(work(start));
    const slow = await orphan(start - 22 * HOUR_MS);
    expect((await storedKeys()).sort()).toEqual([first, slow].sort());
    expect(await sweepObjects(work(Date.now() + 61 * MINUTE_MS))).toBe(2);
    expect(await storedKeys()).toEqual([]);
  });

  it("gets through a bucket of more than a thousand objects in few operations", { timeout: 30_000 }, async () => {
    const rows = Array.from({ length: 1100 }, (_, i) => originalKey(newId("asset", start - i), newId("assetVersion")));
    for (let at = 0; at < rows.length; at += 100) {
      await Promise.all(rows.slice(at, at + 100).map(async (key) => await env.BUCKET.put(key, "x")));
    }
    const { key } = await uploaded();
    const { binding, calls } = watchedBucket();
    database.reset();
    expect(await sweepObjects(work(start + 2 * HOUR_MS, keptQueue(), binding))).toBe(1100);
    expect(await storedKeys()).toEqual([key]);
    const empty = ["list", "list", "list"];
    expect(calls).toEqual(["list", "delete", "list", "delete", ...empty]);
    // For each prefix where it had come to and where it has; for each page of originals which of them have a row.
    expect(database.counts.roundTrips).toBe(4 * 2 + 2);
  });

  it("goes on where it stopped when R2 or D1 failed in between", async () => {
    await orphan();
    const broken = watchedBucket({ delete: "early" }).binding;
    await expect(sweepObjects(work(start + 2 * HOUR_MS, keptQueue(), broken))).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    expect(await position()).toBeUndefined();
    expect(await sweepObjects(work(start + 2 * HOUR_MS))).toBe(1);
  });
});

describe("ringing for overdue work", () => {
  it("sends the message that an upload could not send, after ten minutes and once", async () => {
    const away = keptQueue(new Error("the queue is away"));
    const asset = await assetOf(await quietUpload(uniqueBytes(), { env: { QUEUE: away.binding } }), 201);
    const queue = keptQueue();
    const now = Date.now();
    expect(await ringOverdue(work(now + 9 * MINUTE_MS, queue))).toBe(0);
    expect(await ringOverdue(work(now + 11 * MINUTE_MS, queue))).toBe(1);
    expect(await ringOverdue(work(now + 12 * MINUTE_MS, queue))).toBe(0);
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
  });

  it("rings again while nobody has answered", async () => {
    const { id } = await uploaded();
    const queue = keptQueue();
    for (const minutes of [11, 26, 41]) await ringOverdue(work(Date.now() + minutes * MINUTE_MS, queue));
    expect(queue.sent).toEqual([{ assetId: id }, { assetId: id }, { assetId: id }]);
  });

  it("does not ring for what is settled, nor for what waits for its next try", async () => {
    const [done, waiting, crashed] = [await uploaded(), await uploaded(), await uploaded()];
    const now = Date.now();
    await sqlAll("UPDATE tasks SET status = 'success' WHERE asset_id = ?", done.id);
    await sqlAll("UPDATE tasks SET due_at = ? WHERE asset_id = ?", now + 30 * MINUTE_MS, waiting.id);
    await sqlAll("UPDATE tasks SET status = 'started' WHERE asset_id = ?", crashed.id);
    const queue = keptQueue();
    await ringOverdue(work(now + 15 * MINUTE_MS, queue));
    expect(queue.sent).toEqual([{ assetId: crashed.id }]);
  });

  it("rings at most 300 times at once, for the longest overdue first", async () => {
    await sqlAll(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
       INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, due_at, created_at)
       SELECT 'btask_' || i, 'l', 'u', 'asset_' || i, 'thumbhash', 'd' || i, 'pending', i, 0 FROM n`,
    );
    const queue = keptQueue();
    expect(await ringOverdue(work(start, queue))).toBe(300);
    expect([queue.sent[0], queue.sent.at(-1)]).toEqual([{ assetId: "asset_1" }, { assetId: "asset_300" }]);
    expect(await ringOverdue(work(start + MINUTE_MS, queue))).toBe(300);
    expect(queue.sent).toHaveLength(600);
  });
});
