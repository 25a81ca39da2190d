import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, stillKey } from "../../../src/objects/keys.ts";
import { ringOverdue, sweepObjects, type SweepDeps } from "../../../src/operations/maintenance/sweeps.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { insertTaskRows } from "../../support/rows/taskRows.ts";
import { rootOwner } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await rootOwner();
});

beforeEach(async () => {
  await sqlAll("DELETE FROM sweeps");
  await sqlAll("DELETE FROM tasks");
  await env.BUCKET.delete(await storedKeys());
});

function deps(nowMs = Date.now()): SweepDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs };
}

/** Everything that is stored of an asset, under ids minted at `atMs`. */
async function putAll(atMs: number): Promise<string[]> {
  const asset = newId("asset", atMs);
  const version = newId("assetVersion", atMs);
  const keys = [
    originalKey(asset, version),
    proxyKey(asset, version),
    stillKey(asset, version),
    renditionKey(asset, version, "thumbnail", "webp"),
  ];
  for (const key of keys) await env.BUCKET.put(key, "bytes");
  return keys;
}

async function uploaded(): Promise<string> {
  const asset = await assetOf(await quietUpload(uniqueBytes()), 201);
  return originalKey(asset.id, asset.current_version_id);
}

describe("the sweep of objects without a row", () => {
  it("leaves young ones alone, since their row may yet come", async () => {
    const keys = await putAll(Date.now());
    expect(await sweepObjects(deps())).toBe(0);
    expect(await storedKeys()).toEqual(keys.toSorted());
  });

  it("deletes an original an hour after it was stored", async () => {
    const [original = "", ...derived] = await putAll(Date.now());
    expect(await sweepObjects(deps(Date.now() + 61 * MINUTE_MS))).toBe(1);
    expect(await storedKeys()).toEqual(derived.toSorted());
    expect(original).toMatch(/^originals\//);
  });

  it("deletes all that is stored of an asset that has no row, when it is a day old", async () => {
    await putAll(Date.now());
    const kept = await uploaded();
    expect(await sweepObjects(deps(Date.now() + 25 * HOUR_MS))).toBe(4);
    expect(await storedKeys()).toEqual([kept]);
  });

  it("keeps its position a day behind, and lists nothing older again", async () => {
    for (let i = 0; i < 3; i++) await uploaded();
    const later = Date.now() + 2 * DAY_MS;
    await sweepObjects(deps(later));
    await env.BUCKET.put(originalKey(newId("asset", Date.now() - HOUR_MS), newId("assetVersion")), "behind it");
    expect(await sweepObjects(deps(later))).toBe(0);
    expect(await sqlAll("SELECT name FROM sweeps ORDER BY name")).toEqual([
      { name: "originals" },
      { name: "proxies" },
      { name: "renditions" },
      { name: "stills" },
    ]);
  });

  it("does the same again when it could not say how far it had come", async () => {
    await putAll(Date.now());
    const { binding } = watchedBucket({ delete: "late" });
    const later = Date.now() + 25 * HOUR_MS;
    await expect(sweepObjects({ ...deps(later), bucket: binding })).rejects.toThrow();
    await sweepObjects(deps(later));
    expect(await storedKeys()).toEqual([]);
  });

  it("touches nothing that is not an asset's", async () => {
    await env.BUCKET.put("originals/notes.txt", "mine");
    await env.BUCKET.put("backup/originals/x/y", "mine");
    await sweepObjects(deps(Date.now() + 3 * DAY_MS));
    expect(await storedKeys()).toEqual(["backup/originals/x/y", "originals/notes.txt"]);
  });
});

describe("the sweep of overdue work", () => {
  const assetIds = (sent: unknown[]): unknown[] => sent.map((message) => (message as { assetId: string }).assetId);

  async function ringAt(nowMs: number): Promise<unknown[]> {
    const queue = keptQueue();
    await ringOverdue({ db: openDatabase(env.DB, "primary"), queue: queue.binding, nowMs });
    return assetIds(queue.sent);
  }

  it("rings once for an asset whose message was lost, whatever number of its tasks wait", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    const due = { assetId, dueAt: now - 11 * MINUTE_MS };
    await insertTaskRows(owner, [
      { ...due, status: "pending" },
      { ...due, status: "started", taskType: "image_quality" },
    ]);
    expect(await ringAt(now)).toEqual([assetId]);
    expect(await ringAt(now + MINUTE_MS)).toEqual([]);
  });

  it("leaves alone what is done, what is young, and what waits for a later try", async () => {
    const now = Date.now();
    await insertTaskRows(owner, [
      { status: "success", dueAt: 0 },
      { status: "failure", dueAt: 0 },
      { status: "pending", dueAt: now - 9 * MINUTE_MS },
      { status: "pending", dueAt: now + MINUTE_MS },
      { status: "started", dueAt: now + MINUTE_MS },
    ]);
    expect(await ringAt(now)).toEqual([]);
  });

  it("does not shorten the claim of a consumer at work on the same asset", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    const claimEnds = now + 10 * MINUTE_MS;
    await insertTaskRows(owner, [
      { assetId, status: "pending", dueAt: now - HOUR_MS },
      { assetId, status: "started", taskType: "image_quality", dueAt: claimEnds },
    ]);
    await ringAt(now);
    expect(await sqlAll("SELECT due_at FROM tasks WHERE asset_id = ? AND status = 'started'", assetId)).toEqual([
      { due_at: claimEnds },
    ]);
  });

  it("rings later when the queue would not take the message", async () => {
    const now = Date.now();
    const assetId = newId("asset");
    await insertTaskRows(owner, [{ assetId, status: "pending", dueAt: now - HOUR_MS }]);
    const broken = keptQueue(new Error("queue is away"));
    await ringOverdue({ db: openDatabase(env.DB, "primary"), queue: broken.binding, nowMs: now });
    expect(await ringAt(now + 15 * MINUTE_MS)).toEqual([assetId]);
  });
});
