import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { firstKeyAt, originalKey, ORIGINALS_PREFIX } from "../../../src/objects/keys.ts";
import { requeueOverdue, sweepObjects } from "../../../src/operations/maintenance/sweeps.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue, type RecordingQueue } from "../../support/bindings/queue.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import type { Context } from "../../../src/operations/context.ts";
import { changeTasks, insertTaskRows, makeDue, setClaim } from "../../support/rows/taskRows.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const start = Date.now();
const database = countingD1(env.DB);

function contextAt(nowMs: number, queue: RecordingQueue = recordingQueue(), bucket: R2Bucket = env.BUCKET): Context {
  return testContext({ db: openDatabase(database.binding, "primary"), bucket, queue: queue.binding, nowMs });
}

/** Stores an object without a row, like a crashed upload. */
async function storeOrphan(atMs: number = start): Promise<string> {
  const key = originalKey(newId("asset", atMs), newId("assetVersion", atMs));
  await env.BUCKET.put(key, "x");
  return key;
}

async function uploaded(): Promise<{ id: string; key: string }> {
  const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
  return { id: asset.id, key: originalKey(asset.id, asset.current_version_id) };
}

async function savedPosition(): Promise<unknown> {
  return (await sqlAll("SELECT position FROM sweep_positions WHERE name = 'originals'"))[0]?.position;
}

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(async () => {
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  await env.BUCKET.delete((await storedKeys()).slice(0, 1000));
  await sqlAll("DELETE FROM assets");
  await sqlAll("DELETE FROM asset_tasks");
  await sqlAll("DELETE FROM sweep_positions");
  database.reset();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("sweepObjects for originals", () => {
  it("deletes objects without a row and keeps all others", async () => {
    const retained = [await uploaded(), await uploaded(), await uploaded()];
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id = ?", retained[0]?.id);
    await storeOrphan();
    await storeOrphan();
    expect(await sweepObjects(contextAt(start + 2 * HOUR_MS))).toBe(2);
    expect((await storedKeys()).sort()).toEqual(retained.map(({ key }) => key).sort());
  });

  it("is harmless when it runs twice or concurrently", async () => {
    const { key } = await uploaded();
    await storeOrphan();
    const later = start + 2 * HOUR_MS;
    await Promise.all([sweepObjects(contextAt(later)), sweepObjects(contextAt(later))]);
    expect(await sweepObjects(contextAt(later))).toBe(0);
    expect(await storedKeys()).toEqual([key]);
  });

  it("keeps recent objects, whose row may still be inserted", async () => {
    const key = await storeOrphan();
    expect(await sweepObjects(contextAt(Date.now() + 50 * MINUTE_MS))).toBe(0);
    expect(await storedKeys()).toEqual([key]);
  });

  it("keeps objects with unknown keys", async () => {
    const keys = ["elsewhere/a", "originals/notes.txt", `originals/${newId("asset")}`, "originals/a/b/c"];
    for (const key of keys) await env.BUCKET.put(key, "x");
    expect(await sweepObjects(contextAt(start + 48 * HOUR_MS))).toBe(0);
    expect((await storedKeys()).sort()).toEqual(keys.sort());
  });

  it("saves a position one day behind, where the next sweep starts", async () => {
    const old = await uploaded();
    await sweepObjects(contextAt(start + 2 * HOUR_MS));
    expect(await savedPosition()).toBe(firstKeyAt(ORIGINALS_PREFIX, start + 2 * HOUR_MS - 24 * HOUR_MS));
    await sweepObjects(contextAt(start + 30 * HOUR_MS));
    expect(await savedPosition()).toBe(old.key);
    const { binding, calls } = instrumentedBucket();
    const listed: unknown[] = [];
    const bucket = new Proxy(binding, {
      get(target, name) {
        if (name !== "list") return Reflect.get(target, name) as unknown;
        return async (options: R2ListOptions) => (listed.push(options.startAfter), await target.list(options));
      },
    });
    await sweepObjects(contextAt(start + 31 * HOUR_MS, recordingQueue(), bucket));
    expect(listed).toEqual([old.key, "proxies/", "posters/", "renditions/"]);
    expect(calls).toEqual(["list", "list", "list", "list"]);
  });

  it("finds the object of a slow upload before its last position", async () => {
    const first = await storeOrphan(start - 23 * HOUR_MS);
    await sweepObjects(contextAt(start));
    const slow = await storeOrphan(start - 22 * HOUR_MS);
    expect((await storedKeys()).sort()).toEqual([first, slow].sort());
    expect(await sweepObjects(contextAt(Date.now() + 61 * MINUTE_MS))).toBe(2);
    expect(await storedKeys()).toEqual([]);
  });

  it("sweeps more than 1,000 objects in few operations", { timeout: 30_000 }, async () => {
    const rows = Array.from({ length: 1100 }, (_, i) => originalKey(newId("asset", start - i), newId("assetVersion")));
    for (let at = 0; at < rows.length; at += 100) {
      await Promise.all(rows.slice(at, at + 100).map(async (key) => await env.BUCKET.put(key, "x")));
    }
    const { key } = await uploaded();
    const { binding, calls } = instrumentedBucket();
    database.reset();
    expect(await sweepObjects(contextAt(start + 2 * HOUR_MS, recordingQueue(), binding))).toBe(1100);
    expect(await storedKeys()).toEqual([key]);
    const empty = ["list", "list", "list"];
    expect(calls).toEqual(["list", "delete", "list", "delete", ...empty]);
    // Two statements per prefix (read and save the position), one per page of originals.
    expect(database.counts.roundTrips).toBe(4 * 2 + 2);
  });

  it("continues at its last position after a failure of R2 or D1", async () => {
    await storeOrphan();
    const broken = instrumentedBucket({ delete: "rejected" }).binding;
    await expect(sweepObjects(contextAt(start + 2 * HOUR_MS, recordingQueue(), broken))).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    expect(await savedPosition()).toBeUndefined();
    expect(await sweepObjects(contextAt(start + 2 * HOUR_MS))).toBe(1);
  });
});

describe("requeueOverdue after uploads", () => {
  it("sends the message that the upload could not send, once, after ten minutes", async () => {
    const away = recordingQueue(new Error("queue unavailable"));
    const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { env: { QUEUE: away.binding } }), 201);
    const queue = recordingQueue();
    const now = Date.now();
    expect(await requeueOverdue(contextAt(now + 9 * MINUTE_MS, queue))).toBe(0);
    expect(await requeueOverdue(contextAt(now + 11 * MINUTE_MS, queue))).toBe(1);
    expect(await requeueOverdue(contextAt(now + 12 * MINUTE_MS, queue))).toBe(0);
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
  });

  it("enqueues again while the tasks stay pending", async () => {
    const { id } = await uploaded();
    const queue = recordingQueue();
    for (const minutes of [11, 26, 41]) await requeueOverdue(contextAt(Date.now() + minutes * MINUTE_MS, queue));
    expect(queue.sent).toEqual([{ assetId: id }, { assetId: id }, { assetId: id }]);
  });

  it("ignores finished tasks and tasks waiting for a retry", async () => {
    const [done, waiting, crashed] = [await uploaded(), await uploaded(), await uploaded()];
    const now = Date.now();
    await changeTasks(done.id, { status: "success" });
    await makeDue(waiting.id, now + 30 * MINUTE_MS);
    await setClaim(crashed.id, { atMs: now, untilMs: now, type: null });
    const queue = recordingQueue();
    await requeueOverdue(contextAt(now + 15 * MINUTE_MS, queue));
    expect(queue.sent).toEqual([{ assetId: crashed.id }]);
  });

  it("enqueues at most 300 assets per run, the longest overdue first", async () => {
    const ids = Array.from({ length: 600 }, () => newId("asset"));
    await insertTaskRows(
      { userId: "u", libraryId: "l" },
      ids.map((assetId, i) => ({ assetId, status: "pending", dueAt: i })),
    );
    const queue = recordingQueue();
    expect(await requeueOverdue(contextAt(start, queue))).toBe(300);
    expect([queue.sent[0], queue.sent.at(-1)]).toEqual([{ assetId: ids[0] }, { assetId: ids[299] }]);
    expect(await requeueOverdue(contextAt(start + MINUTE_MS, queue))).toBe(300);
    expect(queue.sent).toHaveLength(600);
  });
});
