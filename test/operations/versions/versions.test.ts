import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { originalKey, proxyKey, renditionKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import type { Principal } from "../../../src/operations/accounts/authentication.ts";
import { purgeAssets } from "../../../src/operations/deletion/purge.ts";
import { sweepObjects } from "../../../src/operations/maintenance/sweeps.ts";
import { runDisplayProxy } from "../../../src/operations/tasks/handlers/pictures/displayProxy.ts";
import * as thumbhash from "../../../src/operations/tasks/handlers/thumbhash.ts";
import { receiveVersion } from "../../../src/operations/versions/versionFiles.ts";
import { cleanUpVersions } from "../../../src/operations/versions/versionCleanup.ts";
import { registerVersion } from "../../../src/operations/versions/registerVersion.ts";
import { planAppend } from "../../../src/operations/versions/versionPreconditions.ts";
import { findAssetForTask, type Asset } from "../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { readReports } from "../../../src/records/maintenance/integrity.ts";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { bytesOf, u32 } from "../../support/media/buildImage.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import {
  appendVersion,
  fetchBytes,
  editedJpeg,
  listVersions,
  pendingVersionDeletions,
  listAssetObjects,
  uploadPhoto,
  solidPng,
  readAsset,
  deleteVersion,
  replaceVersion,
  variantUrl,
  expectVersion,
} from "../../support/clients/versions.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { applied } from "../../support/applied.ts";
import { testContext } from "../../support/context.ts";
import type { Context } from "../../../src/operations/context.ts";
import { tasksByType } from "../../support/rows/taskRows.ts";

const runThumbhash = applied(thumbhash.runThumbhash);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await getRootOwner();
  for (const method of ["warn", "log", "error"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  for (const table of [
    "assets",
    "asset_versions",
    "version_cleanups",
    "asset_cleanups",
    "asset_tasks",
    "events",
    "sweep_positions",
    "integrity_reports",
  ]) {
    await sqlAll(`DELETE FROM ${table}`);
  }
  await env.BUCKET.delete(await storedKeys());
});
afterEach(() => {
  vi.restoreAllMocks();
});

function contextAfter(ms: number): Context {
  return testContext({ nowMs: Date.now() + ms });
}

/** Fails the batch that writes a version: before it reaches D1, or after it was committed. */
function failingVersionBatch(when: "before" | "after"): Partial<Cloudflare.Env> {
  const fail = (sql: string[]): void => {
    if (sql.some((text) => /^\s*UPDATE "?assets"? SET|update "assets" set/i.test(text)))
      throw new Error("D1_ERROR: connection lost");
  };
  const faults: D1Faults = when === "before" ? { beforeBatch: fail } : { afterBatch: fail };
  return { DB: countingD1(env.DB, faults).binding };
}

async function getAsset(id: string): Promise<Asset> {
  const asset = await findAssetForTask(openDatabase(env.DB, "primary"), id);
  if (asset === null) throw new Error("asset not found");
  return asset;
}

describe("a new version during a D1 failure", () => {
  it("leaves an object that its cleanup record deletes a day later, and is stored on a retry", async () => {
    const asset = await uploadPhoto();
    const file = await editedJpeg();
    await expectError(await appendVersion(asset.id, file, { env: failingVersionBatch("before") }), 500);
    const [orphanId] = await pendingVersionDeletions(asset.id);
    expect(await listAssetObjects(asset.id)).toEqual(
      [asset.current_version_id, orphanId].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await listVersions(asset.id)).toHaveLength(1);
    const version = await expectVersion(await appendVersion(asset.id, file), 201);
    expect(await cleanUpVersions(contextAfter(23 * HOUR_MS))).toBe(0);
    expect(await cleanUpVersions(contextAfter(25 * HOUR_MS))).toBe(1);
    expect(await listAssetObjects(asset.id)).toEqual(
      [asset.current_version_id, version.id].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is found by a retry when only the response was lost", async () => {
    const asset = await uploadPhoto();
    const file = await editedJpeg();
    await expectError(await appendVersion(asset.id, file, { env: failingVersionBatch("after") }), 500);
    const [, version] = await listVersions(asset.id);
    expect((await expectVersion(await appendVersion(asset.id, file), 200)).id).toBe(version?.id);
    const other = await solidPng(1);
    await expectError(
      await replaceVersion(asset.id, version?.id ?? "", other, { env: failingVersionBatch("after") }),
      500,
    );
    const [, replaced] = await listVersions(asset.id);
    // The replaced file stays until its cleanup is due; a retry names the replaced version.
    expect(await listAssetObjects(asset.id)).toHaveLength(3);
    expect((await expectVersion(await replaceVersion(asset.id, version?.id ?? "", other), 200)).id).toBe(replaced?.id);
    expect(await pendingVersionDeletions(asset.id)).toEqual([version?.id]);
    expect(await cleanUpVersions(contextAfter(61 * MINUTE_MS))).toBe(1);
    expect(await listAssetObjects(asset.id)).toEqual(
      [asset.current_version_id, replaced?.id].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await findInconsistencies()).toEqual({});
  });

  it("is deleted once when the response of its deletion was lost", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await expectError(await deleteVersion(asset.id, version.id, { env: failingVersionBatch("after") }), 500);
    expect((await readAsset(asset.id)).current_version_id).toBe(asset.current_version_id);
    await expectError(await deleteVersion(asset.id, version.id), 404);
    expect(await listAssetObjects(asset.id)).toHaveLength(2);
    await runSchedule();
    expect(await listAssetObjects(asset.id)).toHaveLength(2);
    expect(await cleanUpVersions(contextAfter(61 * MINUTE_MS))).toBe(1);
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });
});

describe("a new version during an R2 failure", () => {
  it.each([["rejected"], ["response_lost"]] as const)("leaves no object: put %s", async (when) => {
    const asset = await uploadPhoto();
    const { binding: BUCKET } = instrumentedBucket({ put: when });
    const rejected = await appendVersion(asset.id, await editedJpeg(), { env: { BUCKET } });
    expect(rejected.headers.get("retry-after")).toBe("5");
    await expectError(rejected, 502);
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
  });

  it("is deleted by its cleanup record when its object could not be deleted", async () => {
    const asset = await uploadPhoto();
    const { binding: BUCKET } = instrumentedBucket({ put: "response_lost", delete: "rejected" });
    await expectError(await appendVersion(asset.id, await editedJpeg(), { env: { BUCKET } }), 502);
    expect(await pendingVersionDeletions(asset.id)).toHaveLength(1);
    expect(await listAssetObjects(asset.id)).toHaveLength(2);
    await cleanUpVersions(contextAfter(25 * HOUR_MS));
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("returns 502 when the upload's metadata cannot be read", async () => {
    const asset = await uploadPhoto();
    const { binding: BUCKET } = instrumentedBucket({ get: "rejected" });
    await expectError(await appendVersion(asset.id, await editedJpeg(), { env: { BUCKET } }), 502);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
  });
});

describe("deleting a version during an R2 failure", () => {
  it("returns 200, and the schedule deletes its file, proxy and renditions", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await fetchBytes(variantUrl(version.version_urls, "thumbnail"));
    await env.BUCKET.put(proxyKey(asset.id, version.id), "a proxy");
    const { binding: BUCKET } = instrumentedBucket({ delete: "rejected" });
    await expectAsset(await deleteVersion(asset.id, version.id, { env: { BUCKET } }), 200);
    // Both originals, the proxy and three renditions, which are made together.
    expect(await listAssetObjects(asset.id)).toHaveLength(6);
    await expect(cleanUpVersions({ ...contextAfter(2 * HOUR_MS), bucket: BUCKET })).rejects.toThrow();
    expect(await pendingVersionDeletions(asset.id)).toEqual([version.id]);
    expect(await cleanUpVersions(contextAfter(2 * HOUR_MS))).toBe(1);
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await cleanUpVersions(contextAfter(2 * HOUR_MS))).toBe(0);
  });

  it("never deletes objects of a version that has a row", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    for (const id of [asset.current_version_id, version.id]) {
      await sqlAll("INSERT INTO version_cleanups VALUES (?, ?, 0)", id, asset.id);
    }
    expect(await cleanUpVersions(contextAfter(0))).toBe(0);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await listAssetObjects(asset.id)).toHaveLength(2);
  });
});

describe("the object sweep", () => {
  it("deletes objects without a version row once they are an hour old", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await fetchBytes(variantUrl(version.version_urls, "thumbnail"));
    const kept = await listAssetObjects(asset.id);
    const orphan = newId("assetVersion");
    for (const key of [
      originalKey(asset.id, orphan),
      proxyKey(asset.id, orphan),
      renditionKey(asset.id, orphan, "small"),
    ]) {
      await env.BUCKET.put(key, "orphan");
    }
    expect(await sweepObjects(contextAfter(50 * MINUTE_MS))).toBe(0);
    expect(await sweepObjects(contextAfter(61 * MINUTE_MS))).toBe(1);
    expect(await sweepObjects(contextAfter(26 * HOUR_MS))).toBe(2);
    expect(await listAssetObjects(asset.id)).toEqual(kept);
  });
});

describe("the integrity check", () => {
  async function checkAll() {
    await sqlAll("DELETE FROM integrity_reports");
    for (let runs = 0; runs < 100; runs++) if (await checkIntegrity(contextAfter(2 * HOUR_MS), 10)) break;
    const { complete, findings } = await readReports(openDatabase(env.DB, "primary"));
    return { complete, findings: findings.map(({ kind, subject }) => `${kind} ${subject}`) };
  }

  it("counts files of versions and reports missing, truncated and orphaned ones", async () => {
    const [intact, lost, truncated, noOriginal] = [
      await uploadPhoto(),
      await uploadPhoto(),
      await uploadPhoto(),
      await uploadPhoto(),
    ];
    const ids: string[] = [];
    for (const asset of [intact, lost, truncated, noOriginal]) {
      ids.push((await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201)).id);
    }
    expect((await checkAll()).findings).toEqual([]);
    await env.BUCKET.delete(originalKey(lost.id, ids[1] ?? ""));
    await env.BUCKET.put(originalKey(truncated.id, ids[2] ?? ""), "short");
    await env.BUCKET.delete(originalKey(noOriginal.id, noOriginal.current_version_id));
    const orphan = originalKey(intact.id, newId("assetVersion"));
    await env.BUCKET.put(orphan, "orphan");
    const deletedId = newId("assetVersion");
    await env.BUCKET.put(originalKey(intact.id, deletedId), "awaiting cleanup");
    await sqlAll("INSERT INTO version_cleanups VALUES (?, ?, ?)", deletedId, intact.id, Date.now() + 9 * HOUR_MS);
    const { complete, findings } = await checkAll();
    expect(findings.toSorted()).toEqual(
      [`mismatch ${truncated.id}`, `missing ${lost.id}`, `missing ${noOriginal.id}`, `orphan ${orphan}`].toSorted(),
    );
    expect(complete).toMatchObject({ assetsChecked: 4, objectsChecked: 8 });
  });
});

describe("image tasks of an asset with a new version", () => {
  it("set nothing when they started before the change", async () => {
    const asset = await uploadPhoto();
    const old = await getAsset(asset.id);
    await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await runThumbhash(testContext(), old);
    expect((await getAsset(asset.id)).thumbhash).toBeNull();
    await runThumbhash(testContext(), await getAsset(asset.id));
    expect((await getAsset(asset.id)).thumbhash).not.toBeNull();
  });

  it("create a display proxy for a version that is too large for the renderer", async () => {
    const asset = await uploadPhoto();
    const png = await sampleBytes("0025_density_plot.png");
    const long = new Uint8Array(21 * 1024 * 1024);
    const sent = bytesOf(png.subarray(0, 33), u32(long.length), "sPLT", long, u32(0), png.subarray(33));
    const version = await expectVersion(await appendVersion(asset.id, sent), 201);
    expect((await tasksByType(asset.id))["display_proxy_generation"]?.status).toBe("pending");
    const outcome = await runDisplayProxy(testContext(), await getAsset(asset.id));
    expect(outcome).toEqual({ kind: "done", result: "full size, 800 × 800, decoded from PNG" });
    expect(await listAssetObjects(asset.id)).toContain(`proxies/${version.id}`);
    await expectAsset(await deleteVersion(asset.id, version.id), 200);
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("are enqueued for a new version, which is stored when the queue fails", async () => {
    const asset = await uploadPhoto();
    const queue = recordingQueue();
    await expectVersion(await appendVersion(asset.id, await editedJpeg(), { env: { QUEUE: queue.binding } }), 201);
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
    const broken = recordingQueue(new Error("away"));
    await expectAsset(
      await deleteVersion(asset.id, (await readAsset(asset.id)).current_version_id, { env: { QUEUE: broken.binding } }),
      200,
    );
  });
});

describe("form fields after the file", () => {
  async function received(assetId: string) {
    const context = testContext();
    const principal: Principal = {
      userId: owner.userId,
      libraryIds: null,
      actions: ["read", "write"],
      isSession: true,
      isOwner: true,
    };
    const plan = await planAppend(context, principal, assetId);
    const file = await editedJpeg();
    async function* body() {
      yield file;
    }
    const version = await receiveVersion(context, plan, {
      name: null,
      contentType: null,
      declaredSha256: null,
      body: body(),
      sizeHint: null,
    });
    if (version.file === null) throw new Error("the version was not stored");
    return { context, principal, version, file: version.file };
  }

  it("are rejected after half an hour, before the sweep could delete the file", async () => {
    const asset = await uploadPhoto();
    const { context, principal, version, file } = await received(asset.id);
    const old = { ...version, file: { ...file, receivedAtMs: Date.now() - 31 * MINUTE_MS } };
    const attempt = registerVersion(context, principal, old, { kind: "edit", params: {}, declaredSha256: null });
    await expect(attempt).rejects.toMatchObject({ code: "bad_request" });
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("create no row once the cleanup record has been processed", async () => {
    const asset = await uploadPhoto();
    const { context, principal, version } = await received(asset.id);
    await cleanUpVersions(contextAfter(25 * HOUR_MS));
    const attempt = registerVersion(context, principal, version, { kind: "edit", params: {}, declaredSha256: null });
    await expect(attempt).rejects.toMatchObject({ code: "write_conflict" });
    expect(await listVersions(asset.id)).toHaveLength(1);
    expect(await findInconsistencies()).toEqual({});
  });

  it("create one version when the batch runs twice", async () => {
    const asset = await uploadPhoto();
    const { context, principal, version } = await received(asset.id);
    const fields = { kind: "edit", params: {}, declaredSha256: null };
    const first = await registerVersion(context, principal, version, fields);
    const second = await registerVersion(context, principal, version, fields);
    expect([first.created, second.created]).toEqual([true, true]);
    expect(second.version.id).toBe(first.version.id);
    expect(await listAssetObjects(asset.id)).toHaveLength(2);
    const events = await sqlAll(
      "SELECT seq FROM events WHERE entity_id = ? AND event_type = 'asset_updated'",
      asset.id,
    );
    expect(events).toHaveLength(1);
  });
});

describe("permanently deleting a photo with versions", () => {
  it("deletes every row and object of its versions", async () => {
    const asset = await uploadPhoto();
    const version = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await fetchBytes(variantUrl(version.version_urls, "thumbnail"));
    const stored = await fetchBytes(variantUrl((await listVersions(asset.id))[1]?.version_urls ?? null, "original"));
    expect(
      (
        await readMediaInfo(memorySource(stored), {
          extension: "jpg",
          mimeType: "image/jpeg",
          mediaType: "image",
          family: "jpeg",
        })
      ).problem,
    ).toBeNull();
    await purgeAssets(contextAfter(0), [asset.id], { kind: "requested", libraryId: owner.libraryId });
    expect(await listAssetObjects(asset.id)).toEqual([]);
    expect(await sqlAll("SELECT * FROM asset_versions")).toEqual([]);
    expect(await findInconsistencies()).toEqual({});
  });
});
