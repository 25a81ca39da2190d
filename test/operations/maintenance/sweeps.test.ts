import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, posterKey } from "../../../src/objects/keys.ts";
import { requeueOverdue, sweepObjects } from "../../../src/operations/maintenance/sweeps.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { insertTaskRows } from "../../support/rows/taskRows.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import type { Context } from "../../../src/operations/context.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await getRootOwner();
});

beforeEach(async () => {
  await sqlAll("DELETE FROM sweep_positions");
  await sqlAll("DELETE FROM asset_tasks");
  await env.BUCKET.delete(await storedKeys());
});

function contextAt(nowMs = Date.now()): Context {
  return testContext({ nowMs });
}

/** Stores every kind of object of an asset whose ids were created at `atMs`. */
async function putAll(atMs: number): Promise<string[]> {
  const asset = newId("asset", atMs);
  const version = newId("assetVersion", atMs);
  const keys = [
    originalKey(asset, version),
    proxyKey(asset, version),
    posterKey(asset, version),
    renditionKey(asset, version, "thumbnail"),
  ];
  for (const key of keys) await env.BUCKET.put(key, "bytes");
  return keys;
}

async function uploaded(): Promise<string> {
  const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
  return originalKey(asset.id, asset.current_version_id);
}

describe("sweepObjects", () => {
  it("keeps recent objects, whose row may still be inserted", async () => {
    const keys = await putAll(Date.now());
    expect(await sweepObjects(contextAt())).toBe(0);
    expect(await storedKeys()).toEqual(keys.toSorted());
  });

  it("deletes an orphaned original one hour after it was stored", async () => {
    const [original = "", ...derived] = await putAll(Date.now());
    expect(await sweepObjects(contextAt(Date.now() + 61 * MINUTE_MS))).toBe(1);
    expect(await storedKeys()).toEqual(derived.toSorted());
    expect(original).toMatch(/^originals\//);
  });

  it("deletes all objects of an asset without a row after one day", async () => {
    await putAll(Date.now());
    const retained = await uploaded();
    expect(await sweepObjects(contextAt(Date.now() + 25 * HOUR_MS))).toBe(4);
    expect(await storedKeys()).toEqual([retained]);
  });

  it("keeps its position one day behind and never lists older objects again", async () => {
    for (let i = 0; i < 3; i++) await uploaded();
    const later = Date.now() + 2 * DAY_MS;
    await sweepObjects(contextAt(later));
    await env.BUCKET.put(
      originalKey(newId("asset", Date.now() - HOUR_MS), newId("assetVersion")),
      "before the position",
    );
    expect(await sweepObjects(contextAt(later))).toBe(0);
    expect(await sqlAll("SELECT name FROM sweep_positions ORDER BY name")).toEqual([
      { name: "originals" },
      { name: "posters" },
      { name: "proxies" },
      { name: "renditions" },
    ]);
  });

  it("repeats the sweep when saving the position failed", async () => {
    await putAll(Date.now());
    const { binding } = instrumentedBucket({ delete: "response_lost" });
    const later = Date.now() + 25 * HOUR_MS;
    await expect(sweepObjects({ ...contextAt(later), bucket: binding })).rejects.toThrow();
    await sweepObjects(contextAt(later));
    expect(await storedKeys()).toEqual([]);
  });

  it("keeps objects outside the asset prefixes", async () => {
    await env.BUCKET.put("originals/notes.txt", "mine");
    await env.BUCKET.put("backup/originals/x/y", "mine");
    await sweepObjects(contextAt(Date.now() + 3 * DAY_MS));
    expect(await storedKeys()).toEqual(["backup/originals/x/y", "originals/notes.txt"]);
  });
});

describe("requeueOverdue", () => {
  const assetIds = (sent: unknown[]): unknown[] => sent.map((message) => (message as { assetId: string }).assetId);

  async function requeueAt(nowMs: number): Promise<unknown[]> {
    const queue = recordingQueue();
    await requeueOverdue(testContext({ queue: queue.binding, nowMs }));
    return assetIds(queue.sent);
  }

  it("enqueues one message for an asset with lost messages, for any number of pending tasks", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    const due = { assetId, dueAt: now - 11 * MINUTE_MS };
    await insertTaskRows(owner, [
      { ...due, status: "pending" },
      { ...due, status: "started", taskType: "quality_scoring" },
    ]);
    expect(await requeueAt(now)).toEqual([assetId]);
    expect(await requeueAt(now + MINUTE_MS)).toEqual([]);
  });

  it("ignores finished tasks, recent tasks and tasks scheduled for a later retry", async () => {
    const now = Date.now();
    await insertTaskRows(owner, [
      { status: "success", dueAt: 0 },
      { status: "failure", dueAt: 0 },
      { status: "pending", dueAt: now - 9 * MINUTE_MS },
      { status: "pending", dueAt: now + MINUTE_MS },
      { status: "started", dueAt: now + MINUTE_MS },
    ]);
    expect(await requeueAt(now)).toEqual([]);
  });

  it("keeps the claim of a consumer that is running tasks of the same asset", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    const claimEnds = now + 10 * MINUTE_MS;
    await insertTaskRows(owner, [
      { assetId, status: "pending", dueAt: now - HOUR_MS },
      { assetId, status: "started", taskType: "quality_scoring", dueAt: claimEnds },
    ]);
    expect(await requeueAt(now)).toEqual([]);
    expect(await sqlAll("SELECT claimed_until FROM asset_tasks WHERE asset_id = ?", assetId)).toEqual([
      { claimed_until: claimEnds },
    ]);
  });

  it("enqueues later when the queue rejects the message", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    await insertTaskRows(owner, [{ assetId, status: "pending", dueAt: now - HOUR_MS }]);
    const broken = recordingQueue(new Error("queue is away"));
    await requeueOverdue(testContext({ queue: broken.binding, nowMs: now }));
    expect(await requeueAt(now + 15 * MINUTE_MS)).toEqual([assetId]);
  });
});
