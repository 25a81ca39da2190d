import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey, proxyKey } from "../../src/objects/keys.ts";
import { sqlAll } from "../support/clients/account.ts";
import { assetOf } from "../support/clients/answers.ts";
import { call, uniqueBytes } from "../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../support/bindings/bucket.ts";
import { runSchedule } from "../support/bindings/consumer.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import { insertAssets, insertLibrary, rootOwner } from "../support/clients/tenants.ts";
import { quietUpload } from "../support/clients/uploads.ts";

const DAY_MS = 24 * 3600_000;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await rootOwner();
});

async function uploadTrashed(daysAgo: number): Promise<string> {
  const { id } = await assetOf(await quietUpload(uniqueBytes()), 201);
  await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.now() - daysAgo * DAY_MS, id);
  return id;
}

const statusOf = async (id: string): Promise<number> => (await call("GET", `/api/assets/${id}`)).status;

/** Of a thousand, what the sweep may call for four full prefixes and the integrity report for ten full steps is left over. */
const CALLS_BESIDE_FULL_CHORES = 1000 - 4 * (2 + 15 * 3) - (2 + 10 * (1 + 5 + 20));

describe("a scheduled run", () => {
  it("rings for lost work, purges the expired trash and writes the integrity report", async () => {
    const lost = newId("asset");
    await insertTaskRows(owner, [{ assetId: lost, status: "pending", dueAt: Date.now() - DAY_MS }]);
    const [expired, young] = [await uploadTrashed(91), await uploadTrashed(89)];
    const queue = keptQueue();
    await runSchedule({ QUEUE: queue.binding });
    expect(queue.sent).toContainEqual({ assetId: lost });
    expect([await statusOf(expired), await statusOf(young)]).toEqual([404, 200]);
    expect((await storedKeys()).filter((key) => key.includes(expired))).toEqual([]);
    const integrity = await (await call("GET", "/api/integrity")).json();
    expect(integrity).toMatchObject({ report: { assets_checked: 1, missing_count: 0 }, running: null });
  });

  it("keeps the trash for as long as the deployment says", async () => {
    const [older, newer] = [await uploadTrashed(8), await uploadTrashed(6)];
    await runSchedule({ TRASH_RETENTION_DAYS: "7" });
    expect([await statusOf(older), await statusOf(newer)]).toEqual([404, 200]);
  });

  it("purges nothing when the retention is no number of days, and says so", async () => {
    const id = await uploadTrashed(1000);
    await expect(runSchedule({ TRASH_RETENTION_DAYS: "forever" })).rejects.toThrow("scheduled chores failed");
    expect(await statusOf(id)).toBe(200);
  });

  it("does the rest when one part of it fails", async () => {
    const lost = newId("asset");
    await insertTaskRows(owner, [{ assetId: lost, status: "pending", dueAt: Date.now() - DAY_MS }]);
    const id = await uploadTrashed(1000);
    const faulty = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.includes('"tasks"')) throw new Error("D1 is away");
      },
    });
    const queue = keptQueue();
    await expect(runSchedule({ DB: faulty.binding, QUEUE: queue.binding })).rejects.toThrow("scheduled chores failed");
    expect(queue.sent).toEqual([]);
    expect(await statusOf(id)).toBe(404);
    await runSchedule({ QUEUE: queue.binding });
    expect(queue.sent).toContainEqual({ assetId: lost });
  });

  it("can be repeated at once, and twice at the same time, with the same end", async () => {
    const id = await uploadTrashed(1000);
    await Promise.all([runSchedule(), runSchedule()]);
    await runSchedule();
    expect(await statusOf(id)).toBe(404);
    expect(
      await sqlAll("SELECT seq FROM events WHERE event_type = 'asset_deleted' AND entity_id = ?", id),
    ).toHaveLength(1);
    const [usage] = await sqlAll(
      `SELECT l.asset_count = count(a.id) AS counted, l.storage_used_bytes = coalesce(sum(a.file_size_bytes), 0) AS stored
       FROM libraries l LEFT JOIN assets a ON a.library_id = l.id WHERE l.id = ?`,
      owner.libraryId,
    );
    expect(usage).toEqual({ counted: 1, stored: 1 });
  });

  it("stays within the calls that one invocation may make", async () => {
    for (let i = 0; i < 150; i++) {
      const assetId = newId("asset");
      await sqlAll("INSERT INTO deletions (asset_id, due_at) VALUES (?, 0)", assetId);
      await env.BUCKET.put(proxyKey(assetId, newId("assetVersion")), "left behind");
    }
    const many = Array.from({ length: 2100 }, () => ({ trashedAt: 1 }));
    await insertAssets(owner, many);
    const libraryId = await insertLibrary(owner.userId);
    await insertAssets({ userId: owner.userId, libraryId }, many);
    await sqlAll("UPDATE libraries SET trashed_at = 1, drain_at = 1 WHERE id = ?", libraryId);
    const lost = Array.from({ length: 400 }, () => ({ status: "pending", dueAt: 0 }));
    await insertTaskRows(owner, lost);
    await env.BUCKET.put(originalKey(newId("asset"), newId("assetVersion")), "orphan");
    const bucket = watchedBucket();
    const database = countingD1(env.DB);
    const queue = keptQueue();
    await runSchedule({ BUCKET: bucket.binding, DB: database.binding, QUEUE: queue.binding });
    expect(queue.sent.length).toBeLessThanOrEqual(300);
    // Whether D1 counts a batch or its statements is not documented: the greater number stays within.
    expect(bucket.calls.length + database.counts.statements.length).toBeLessThan(CALLS_BESIDE_FULL_CHORES);
  });
});
