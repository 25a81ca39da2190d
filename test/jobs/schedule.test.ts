import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey, proxyKey } from "../../src/objects/keys.ts";
import { ALBUM_PARTS_PER_RUN } from "../../src/operations/deletion/purgeAlbums.ts";
import { PARTS_PER_RUN } from "../../src/operations/search/indexing/indexChanges.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { expectAsset } from "../support/clients/responses.ts";
import { call, uniqueBytes } from "../support/clients/api.ts";
import { storedKeys } from "../support/bindings/bucket.ts";
import { runSchedule } from "../support/bindings/consumer.ts";
import { countScheduleCalls } from "../support/bindings/scheduleCalls.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import { insertAssets, insertLibrary } from "../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../support/clients/uploads.ts";

const DAY_MS = 24 * 3600_000;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await getRootOwner();
});

async function uploadTrashed(daysAgo: number): Promise<string> {
  const { id } = await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
  await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.now() - daysAgo * DAY_MS, id);
  return id;
}

const statusOf = async (id: string): Promise<number> => (await call("GET", `/api/assets/${id}`)).status;

/** D1 queries of one invocation on the Workers Paid plan, which allows 10,000 subrequests. */
const MAX_D1_QUERIES = 1000;

/**
 * D1 queries of the tasks that find nothing here at their limits: parts of albums and of libraries' rows, of the text
 * index and of vectors, pages of the sweep under four prefixes, and steps of the integrity report.
 */
const OTHER_D1_QUERIES = ALBUM_PARTS_PER_RUN * 5 + 10 * 7 + PARTS_PER_RUN.paid * 14 + 20 * 3 + 4 * 15 + 10 * 5;

/** R2 calls: four listings and a deletion for each of 50 deleted assets, 40 deletions of purged ones, 120 of the scrub. */
const MAX_R2_CALLS = 450;

describe("a scheduled run", () => {
  it("requeues lost tasks, purges the expired trash and writes the integrity report", async () => {
    const lost = newId("asset");
    await insertTaskRows(owner, [{ assetId: lost, status: "pending", dueAt: Date.now() - DAY_MS }]);
    const [expired, young] = [await uploadTrashed(91), await uploadTrashed(89)];
    const queue = recordingQueue();
    await runSchedule({ QUEUE: queue.binding });
    expect(queue.sent).toContainEqual({ assetId: lost });
    expect([await statusOf(expired), await statusOf(young)]).toEqual([404, 200]);
    expect((await storedKeys()).filter((key) => key.includes(expired))).toEqual([]);
    const integrity = await (await call("GET", "/api/integrity")).json();
    expect(integrity).toMatchObject({ report: { assets_checked: 1, missing_count: 0 }, running: null });
  });

  it("applies TRASH_RETENTION_DAYS", async () => {
    const [older, newer] = [await uploadTrashed(8), await uploadTrashed(6)];
    await runSchedule({ TRASH_RETENTION_DAYS: "7" });
    expect([await statusOf(older), await statusOf(newer)]).toEqual([404, 200]);
  });

  it("purges nothing and fails when TRASH_RETENTION_DAYS is invalid", async () => {
    const id = await uploadTrashed(1000);
    await expect(runSchedule({ TRASH_RETENTION_DAYS: "forever" })).rejects.toThrow("scheduled tasks failed");
    expect(await statusOf(id)).toBe(200);
  });

  it("runs the other tasks when one fails", async () => {
    const lost = newId("asset");
    await insertTaskRows(owner, [{ assetId: lost, status: "pending", dueAt: Date.now() - DAY_MS }]);
    const id = await uploadTrashed(1000);
    const faulty = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.includes('"asset_tasks"')) throw new Error("D1 is away");
      },
    });
    const queue = recordingQueue();
    await expect(runSchedule({ DB: faulty.binding, QUEUE: queue.binding })).rejects.toThrow("scheduled tasks failed");
    expect(queue.sent).toEqual([]);
    expect(await statusOf(id)).toBe(404);
    await runSchedule({ QUEUE: queue.binding });
    expect(queue.sent).toContainEqual({ assetId: lost });
  });

  it("has the same result when repeated and when run concurrently", async () => {
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

  it("stays within the limits of one invocation", async () => {
    for (let i = 0; i < 150; i++) {
      const assetId = newId("asset");
      await sqlAll("INSERT INTO asset_cleanups (asset_id, due_at) VALUES (?, 0)", assetId);
      await env.BUCKET.put(proxyKey(assetId, newId("assetVersion")), "orphan");
    }
    const many = Array.from({ length: 2100 }, () => ({ trashedAt: 1 }));
    await insertAssets(owner, many);
    const libraryId = await insertLibrary(owner.userId);
    await insertAssets({ userId: owner.userId, libraryId }, many);
    await sqlAll("UPDATE libraries SET trashed_at = 1, purge_at = 1 WHERE id = ?", libraryId);
    const lost = Array.from({ length: 400 }, () => ({ status: "pending" as const, dueAt: 0 }));
    await insertTaskRows(owner, lost);
    await env.BUCKET.put(originalKey(newId("asset"), newId("assetVersion")), "orphan");
    const { statements, r2, sent } = await countScheduleCalls();
    expect(sent).toBeLessThanOrEqual(300);
    // D1 does not document whether it counts batches or statements, so the greater number applies.
    expect(statements + OTHER_D1_QUERIES).toBeLessThan(MAX_D1_QUERIES);
    expect(r2).toBeLessThan(MAX_R2_CALLS);
  });
});
