import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, versionIdOfKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import { purgeAssets } from "../../../src/operations/deletion/purge.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { readReports } from "../../../src/records/maintenance/integrity.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { insertAssets, SEEDED_VERSION_ID } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import type { Context } from "../../../src/operations/context.ts";

const HOUR_MS = 3600_000;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await getRootOwner();
  for (const table of ["assets", "asset_tasks", "asset_cleanups", "integrity_reports", "integrity_findings"]) {
    await sqlAll(`DELETE FROM ${table}`);
  }
  await env.BUCKET.delete(await storedKeys());
});

/** Sets the clock two hours ahead so that new objects are past the grace period. */
function contextInTwoHours(changes: Partial<Context> = {}): Context {
  return testContext({ nowMs: Date.now() + 2 * HOUR_MS, ...changes });
}

async function uploaded(): Promise<{ id: string; key: string }> {
  const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes(64)), 201);
  return { id: asset.id, key: originalKey(asset.id, asset.current_version_id) };
}

async function report() {
  const { complete, findings } = await readReports(openDatabase(env.DB, "primary"));
  const subjects = (kind: string) =>
    findings.filter((finding) => finding.kind === kind).map((finding) => finding.subject);
  return {
    complete,
    missing: subjects("missing"),
    orphans: subjects("orphan"),
    mismatches: subjects("mismatch"),
    findings,
  };
}

/** The next report is due a day after the start of the last one. */
async function letDayPass(): Promise<void> {
  await sqlAll("UPDATE integrity_reports SET started_at = started_at - ? WHERE completed_at IS NOT NULL", 24 * HOUR_MS);
}

/** Runs checks until a report is complete; returns the number of runs. */
async function runUntilComplete(steps: number, changes: Partial<Context> = {}): Promise<number> {
  await letDayPass();
  for (let runs = 1; runs < 100; runs++) if (await checkIntegrity(contextInTwoHours(changes), steps)) return runs;
  throw new Error("the integrity check never completed");
}

describe("the integrity check", () => {
  it("starts a report at most once a day, and reads next to nothing until then", async () => {
    await uploaded();
    const database = countingD1(env.DB);
    const runAt = async (nowMs: number): Promise<boolean> => {
      database.reset();
      return await checkIntegrity(testContext({ nowMs, db: openDatabase(database.binding, "primary") }), 10);
    };
    const startMs = Date.now();
    expect(await runAt(startMs)).toBe(true);
    for (const hours of [0.25, 12, 23.9]) {
      expect(await runAt(startMs + hours * HOUR_MS), `${hours} h`).toBe(false);
      expect(database.counts.rowsRead).toBeLessThan(10);
    }
    expect(await runAt(startMs + 24 * HOUR_MS)).toBe(true);
  });

  it("reads each photo once, and its id once per kind of derived object", async () => {
    const assetIds = await insertAssets(
      owner,
      Array.from({ length: 100 }, () => ({})),
    );
    for (const id of assetIds) {
      await env.BUCKET.put(originalKey(id, SEEDED_VERSION_ID), "ten bytes.");
      for (const variant of ["thumbnail", "small", "preview"])
        await env.BUCKET.put(renditionKey(id, SEEDED_VERSION_ID, variant), "rendition");
    }
    const database = countingD1(env.DB);
    await runUntilComplete(10, { db: openDatabase(database.binding, "primary") });
    expect(await report()).toMatchObject({ complete: { assetsChecked: 100, objectsChecked: 400 }, findings: [] });
    // The photo, then the photo and an element of the list of ids for its renditions.
    expect(database.counts.rowsRead).toBeLessThanOrEqual(100 * 3 + 20);
  }, 30_000);

  it("reports no findings for consistent data and counts checked assets and objects", async () => {
    const [a] = [await uploaded(), await uploaded()];
    await env.BUCKET.put(renditionKey(a.id, versionIdOfKey(a.key) ?? "", "thumbnail"), "derived bytes");
    await runUntilComplete(10);
    const { complete, findings } = await report();
    expect(complete).toMatchObject({
      assetsChecked: 2,
      objectsChecked: 3,
      missingCount: 0,
      orphanCount: 0,
      mismatchCount: 0,
    });
    expect(findings).toEqual([]);
  });

  it("finds missing objects, orphaned objects and size mismatches", async () => {
    const [intact, missing, truncated] = [await uploaded(), await uploaded(), await uploaded()];
    await env.BUCKET.delete(missing.key);
    await env.BUCKET.put(truncated.key, "short");
    const orphan = originalKey(newId("asset"), newId("assetVersion"));
    const unknownKey = "originals/notes.txt";
    const proxy = proxyKey(newId("asset"), newId("assetVersion"));
    for (const key of [orphan, unknownKey, proxy]) await env.BUCKET.put(key, "bytes");
    await runUntilComplete(10);
    const found = await report();
    expect(found).toMatchObject({
      missing: [missing.id],
      orphans: [orphan, unknownKey, proxy].toSorted(),
      mismatches: [truncated.id],
    });
    expect(found.findings.find((finding) => finding.kind === "mismatch")).toMatchObject({
      expectedBytes: 64,
      storedBytes: 5,
    });
    expect(found.findings.find((finding) => finding.subject === orphan)).toMatchObject({ storedBytes: 5 });
    expect(JSON.stringify(found)).not.toContain(intact.id);
  });

  it("changes no rows and no objects", async () => {
    const withoutObject = await uploaded();
    await env.BUCKET.delete(withoutObject.key);
    await env.BUCKET.put(originalKey(newId("asset"), newId("assetVersion")), "only copy");
    const before = await storedKeys();
    await runUntilComplete(10);
    expect(await storedKeys()).toEqual(before);
    expect(await sqlAll("SELECT id FROM assets")).toHaveLength(1);
  });

  it("gives the same result in many short runs as in one long run", async () => {
    const withoutObject = await uploaded();
    await env.BUCKET.delete(withoutObject.key);
    await env.BUCKET.put(proxyKey(newId("asset"), newId("assetVersion")), "orphan");
    expect(await runUntilComplete(1)).toBe(4);
    const pieces = await report();
    expect(await runUntilComplete(100)).toBe(1);
    const whole = await report();
    expect([whole.missing, whole.orphans]).toEqual([pieces.missing, pieces.orphans]);
    expect(whole.complete?.assetsChecked).toBe(pieces.complete?.assetsChecked);
  });

  it("compares rows and objects across several pages", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 2100 }, () => ({})),
    );
    await Promise.all(
      ids.slice(0, 1200).map(async (id) => {
        await env.BUCKET.put(originalKey(id, "asset_version_2222222222222222222222"), "0123456789");
      }),
    );
    await runUntilComplete(2);
    const { complete, missing } = await report();
    expect(complete).toMatchObject({
      assetsChecked: 2100,
      objectsChecked: 1200,
      missingCount: 900,
      mismatchCount: 0,
      orphanCount: 0,
    });
    expect(missing).toEqual(ids.slice(1200).toSorted());
  }, 30_000);

  it("distinguishes mismatches from missing objects when there are many", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 60 }, () => ({})),
    );
    const put = async (id: string) =>
      await env.BUCKET.put(originalKey(id, "asset_version_2222222222222222222222"), "short");
    await Promise.all(ids.slice(0, 30).map(put));
    await runUntilComplete(10);
    const { missing, mismatches } = await report();
    expect([mismatches, missing]).toEqual([ids.slice(0, 30).toSorted(), ids.slice(30).toSorted()]);
  });

  it("lists the first 1,000 findings of a kind and counts all", async () => {
    await insertAssets(
      owner,
      Array.from({ length: 1500 }, () => ({})),
    );
    await runUntilComplete(1);
    const { complete, missing } = await report();
    expect(complete?.missingCount).toBe(1500);
    expect(missing).toHaveLength(1000);
  });

  it("makes a bounded number of D1 and R2 calls per run", async () => {
    await insertAssets(
      owner,
      Array.from({ length: 1500 }, () => ({})),
    );
    const bucket = instrumentedBucket();
    const database = countingD1(env.DB);
    await checkIntegrity(
      contextInTwoHours({ bucket: bucket.binding, db: openDatabase(database.binding, "primary") }),
      2,
    );
    expect(bucket.calls.filter((call) => call === "list")).toHaveLength(2);
    expect(bucket.calls.filter((call) => call === "head")).toHaveLength(40);
    expect(database.counts.roundTrips).toBeLessThanOrEqual(2 + 2 * 4);
  });

  it("ignores assets that are being uploaded or deleted", async () => {
    const recentKey = originalKey(newId("asset"), newId("assetVersion"));
    const pendingDeletion = await uploaded();
    const { binding: bucket } = instrumentedBucket({ delete: "rejected" });
    await purgeAssets({ ...contextInTwoHours(), bucket }, [pendingDeletion.id], {
      kind: "requested",
      libraryId: owner.libraryId,
    });
    expect(await storedKeys()).toEqual([pendingDeletion.key]);
    await env.BUCKET.put(recentKey, "no row yet");
    await runUntilComplete(10, { nowMs: Date.now() });
    expect(await report()).toMatchObject({ missing: [], orphans: [] });
  });

  it("repeats an interrupted run from its start without counting twice", async () => {
    await uploaded();
    await checkIntegrity(contextInTwoHours(), 1);
    const { binding: bucket } = instrumentedBucket({ list: "response_lost" });
    await expect(checkIntegrity(contextInTwoHours({ bucket }), 1)).rejects.toThrow();
    await runUntilComplete(1);
    expect((await report()).complete).toMatchObject({ assetsChecked: 1, objectsChecked: 1 });
  });

  it("counts nothing twice when two runs overlap", async () => {
    await uploaded();
    await Promise.all([checkIntegrity(contextInTwoHours(), 1), checkIntegrity(contextInTwoHours(), 1)]);
    await runUntilComplete(1);
    expect((await report()).complete).toMatchObject({ assetsChecked: 1, objectsChecked: 1 });
    expect(await sqlAll("SELECT id FROM integrity_reports WHERE completed_at IS NOT NULL")).toHaveLength(1);
  });

  it("keeps only the last complete report while the next one runs", async () => {
    const withoutObject = await uploaded();
    await env.BUCKET.delete(withoutObject.key);
    await runUntilComplete(10);
    await runUntilComplete(10);
    await letDayPass();
    await checkIntegrity(contextInTwoHours(), 1);
    expect((await report()).missing).toEqual([withoutObject.id]);
    expect(await sqlAll("SELECT id FROM integrity_reports")).toHaveLength(2);
    expect(await sqlAll("SELECT DISTINCT report_id FROM integrity_findings")).toHaveLength(2);
  });
});
