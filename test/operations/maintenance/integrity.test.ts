import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, versionIdOfKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import { purgeAssets } from "../../../src/operations/deletion/purge.ts";
import type { SweepDeps } from "../../../src/operations/maintenance/sweeps.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { readReports } from "../../../src/records/maintenance/integrity.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { insertAssets, rootOwner } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const HOUR_MS = 3600_000;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await rootOwner();
  for (const table of ["assets", "tasks", "deletions", "integrity_reports", "integrity_findings"]) {
    await sqlAll(`DELETE FROM ${table}`);
  }
  await env.BUCKET.delete(await storedKeys());
});

/** Two hours on, so that what was just stored is old enough to be missed. */
function deps(changes: Partial<SweepDeps> = {}): SweepDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs: Date.now() + 2 * HOUR_MS, ...changes };
}

async function uploaded(): Promise<{ id: string; key: string }> {
  const asset = await assetOf(await quietUpload(uniqueBytes(64)), 201);
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

/** Run after run until a report is complete. */
async function walk(steps: number, changes: Partial<SweepDeps> = {}): Promise<number> {
  for (let runs = 1; runs < 100; runs++) if (await checkIntegrity(deps(changes), steps)) return runs;
  throw new Error("the walk does not end");
}

describe("the integrity walk", () => {
  it("finds nothing wrong where nothing is, and counts what it looked at", async () => {
    const [a] = [await uploaded(), await uploaded()];
    await env.BUCKET.put(renditionKey(a.id, versionIdOfKey(a.key) ?? "", "thumbnail", "webp"), "made of it");
    await walk(10);
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

  it("finds the row without an object, the object without a row, and the wrong length", async () => {
    const [fine, lost, short] = [await uploaded(), await uploaded(), await uploaded()];
    await env.BUCKET.delete(lost.key);
    await env.BUCKET.put(short.key, "short");
    const orphan = originalKey(newId("asset"), newId("assetVersion"));
    const stray = "originals/notes.txt";
    const proxy = proxyKey(newId("asset"), newId("assetVersion"));
    for (const key of [orphan, stray, proxy]) await env.BUCKET.put(key, "bytes");
    await walk(10);
    const found = await report();
    expect(found).toMatchObject({
      missing: [lost.id],
      orphans: [orphan, stray, proxy].toSorted(),
      mismatches: [short.id],
    });
    expect(found.findings.find((finding) => finding.kind === "mismatch")).toMatchObject({
      expectedBytes: 64,
      storedBytes: 5,
    });
    expect(found.findings.find((finding) => finding.subject === orphan)).toMatchObject({ storedBytes: 5 });
    expect(JSON.stringify(found)).not.toContain(fine.id);
  });

  it("mends nothing", async () => {
    const lost = await uploaded();
    await env.BUCKET.delete(lost.key);
    await env.BUCKET.put(originalKey(newId("asset"), newId("assetVersion")), "all that is left");
    const before = await storedKeys();
    await walk(10);
    expect(await storedKeys()).toEqual(before);
    expect(await sqlAll("SELECT id FROM assets")).toHaveLength(1);
  });

  it("comes to the same result in many short runs as in one long one", async () => {
    const lost = await uploaded();
    await env.BUCKET.delete(lost.key);
    await env.BUCKET.put(proxyKey(newId("asset"), newId("assetVersion")), "orphan");
    expect(await walk(1)).toBe(4);
    const pieces = await report();
    expect(await walk(100)).toBe(1);
    const whole = await report();
    expect([whole.missing, whole.orphans]).toEqual([pieces.missing, pieces.orphans]);
    expect(whole.complete?.assetsChecked).toBe(pieces.complete?.assetsChecked);
  });

  it("holds rows against objects page by page where there are more than one page of either", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 2100 }, () => ({})),
    );
    await Promise.all(
      ids.slice(0, 1200).map(async (id) => {
        await env.BUCKET.put(originalKey(id, "asset_version_2222222222222222222222"), "0123456789");
      }),
    );
    await walk(2);
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

  it("tells the wrong length from the missing object where there are many of either", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 60 }, () => ({})),
    );
    const put = async (id: string) =>
      await env.BUCKET.put(originalKey(id, "asset_version_2222222222222222222222"), "short");
    await Promise.all(ids.slice(0, 30).map(put));
    await walk(10);
    const { missing, mismatches } = await report();
    expect([mismatches, missing]).toEqual([ids.slice(0, 30).toSorted(), ids.slice(30).toSorted()]);
  });

  it("lists the first thousand of a kind and counts all of them", async () => {
    await insertAssets(
      owner,
      Array.from({ length: 1500 }, () => ({})),
    );
    await walk(1);
    const { complete, missing } = await report();
    expect(complete?.missingCount).toBe(1500);
    expect(missing).toHaveLength(1000);
  });

  it("asks a bounded number of questions in one run", async () => {
    await insertAssets(
      owner,
      Array.from({ length: 1500 }, () => ({})),
    );
    const bucket = watchedBucket();
    const database = countingD1(env.DB);
    await checkIntegrity(deps({ bucket: bucket.binding, db: openDatabase(database.binding, "primary") }), 2);
    expect(bucket.calls.filter((call) => call === "list")).toHaveLength(2);
    expect(bucket.calls.filter((call) => call === "head")).toHaveLength(40);
    expect(database.counts.roundTrips).toBeLessThanOrEqual(2 + 2 * 4);
  });

  it("does not call missing or orphaned what is on its way in or out", async () => {
    const young = originalKey(newId("asset"), newId("assetVersion"));
    const leaving = await uploaded();
    const { binding: bucket } = watchedBucket({ delete: "early" });
    await purgeAssets({ ...deps(), bucket }, [leaving.id], { kind: "asked", libraryId: owner.libraryId });
    expect(await storedKeys()).toEqual([leaving.key]);
    await env.BUCKET.put(young, "no row yet");
    await walk(10, { nowMs: Date.now() });
    expect(await report()).toMatchObject({ missing: [], orphans: [] });
  });

  it("starts where it was when a run breaks off, and counts nothing twice", async () => {
    await uploaded();
    await checkIntegrity(deps(), 1);
    const { binding: bucket } = watchedBucket({ list: "late" });
    await expect(checkIntegrity(deps({ bucket }), 1)).rejects.toThrow();
    await walk(1);
    expect((await report()).complete).toMatchObject({ assetsChecked: 1, objectsChecked: 1 });
  });

  it("counts nothing twice when two runs come at once", async () => {
    await uploaded();
    await Promise.all([checkIntegrity(deps(), 1), checkIntegrity(deps(), 1)]);
    await walk(1);
    expect((await report()).complete).toMatchObject({ assetsChecked: 1, objectsChecked: 1 });
    expect(await sqlAll("SELECT id FROM integrity_reports WHERE completed_at IS NOT NULL")).toHaveLength(1);
  });

  it("keeps the last complete report while the next is under way, and no older one", async () => {
    const lost = await uploaded();
    await env.BUCKET.delete(lost.key);
    await walk(10);
    await walk(10);
    await checkIntegrity(deps(), 1);
    expect((await report()).missing).toEqual([lost.id]);
    expect(await sqlAll("SELECT id FROM integrity_reports")).toHaveLength(2);
    expect(await sqlAll("SELECT DISTINCT report_id FROM integrity_findings")).toHaveLength(2);
  });
});
