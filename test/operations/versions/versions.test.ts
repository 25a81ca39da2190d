/** What a crash between R2, D1 and the queue leaves of a version, and who finds it. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { originalKey, proxyKey, renditionKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import type { Principal } from "../../../src/operations/accounts/authentication.ts";
import { purgeAssets } from "../../../src/operations/deletion/purge.ts";
import { sweepObjects, type SweepDeps } from "../../../src/operations/maintenance/sweeps.ts";
import { runDisplayProxy } from "../../../src/operations/tasks/handlers/displayProxy.ts";
import { runThumbhash } from "../../../src/operations/tasks/handlers/thumbhash.ts";
import { receiveVersion, type VersionDeps } from "../../../src/operations/versions/versionFiles.ts";
import { cleanUpVersions } from "../../../src/operations/versions/versionCleanup.ts";
import { registerVersion } from "../../../src/operations/versions/versions.ts";
import { openAppend } from "../../../src/operations/versions/versionPreconditions.ts";
import { findAssetForWork, type Asset } from "../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { readReports } from "../../../src/records/maintenance/integrity.ts";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { bytesOf, u32 } from "../../support/media/buildImage.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1, type Faults } from "../../support/bindings/d1.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { recount } from "../../support/rows/recount.ts";
import { rootOwner } from "../../support/clients/tenants.ts";
import {
  append,
  bytesAt,
  edited,
  list,
  notes,
  objectsOf,
  photo,
  plainPng,
  read,
  remove,
  replace,
  urlOf,
  versionOf,
} from "../../support/clients/versions.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let owner: { userId: string; libraryId: string };
beforeEach(async () => {
  owner = await rootOwner();
  for (const method of ["warn", "log", "error"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  for (const table of [
    "assets",
    "asset_versions",
    "version_deletions",
    "deletions",
    "tasks",
    "sweeps",
    "integrity_reports",
  ]) {
    await sqlAll(`DELETE FROM ${table}`);
  }
  await env.BUCKET.delete(await storedKeys());
});
afterEach(() => {
  vi.restoreAllMocks();
});

function later(ms: number): SweepDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs: Date.now() + ms };
}

/** Breaks the batch that writes a version: before it reaches D1, or when its answer comes back. */
function breaking(when: "before" | "after"): Partial<Cloudflare.Env> {
  const fail = (sql: string[]): void => {
    if (sql.some((text) => /^\s*UPDATE "?assets"? SET|update "assets" set/i.test(text)))
      throw new Error("D1_ERROR: gone");
  };
  const faults: Faults = when === "before" ? { beforeBatch: fail } : { afterBatch: fail };
  return { DB: countingD1(env.DB, faults).binding };
}

async function getAsset(id: string): Promise<Asset> {
  const asset = await findAssetForWork(openDatabase(env.DB, "primary"), id);
  if (asset === null) throw new Error("no asset");
  return asset;
}

describe("a version that D1 would not take", () => {
  it("leaves its object and a note, which a day later brings it down; sent again it is stored", async () => {
    const asset = await photo();
    const file = await edited();
    await refusalOf(await append(asset.id, file, { env: breaking("before") }), 500);
    const [left] = await notes(asset.id);
    expect(await objectsOf(asset.id)).toEqual(
      [asset.current_version_id, left].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await list(asset.id)).toHaveLength(1);
    const made = await versionOf(await append(asset.id, file), 201);
    expect(await cleanUpVersions(later(23 * HOUR_MS))).toBe(0);
    expect(await cleanUpVersions(later(25 * HOUR_MS))).toBe(1);
    expect(await objectsOf(asset.id)).toEqual(
      [asset.current_version_id, made.id].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await notes(asset.id)).toEqual([]);
    expect(await recount()).toEqual({});
  });

  it("and took all the same is found by who sends it again", async () => {
    const asset = await photo();
    const file = await edited();
    await refusalOf(await append(asset.id, file, { env: breaking("after") }), 500);
    const [, made] = await list(asset.id);
    expect((await versionOf(await append(asset.id, file), 200)).id).toBe(made?.id);
    const other = await plainPng(1);
    await refusalOf(await replace(asset.id, made?.id ?? "", other, { env: breaking("after") }), 500);
    const [, replaced] = await list(asset.id);
    // The old file stays until its note is due; the one who asks again names the old version.
    expect(await objectsOf(asset.id)).toHaveLength(3);
    expect((await versionOf(await replace(asset.id, made?.id ?? "", other), 200)).id).toBe(replaced?.id);
    expect(await notes(asset.id)).toEqual([made?.id]);
    expect(await cleanUpVersions(later(61 * MINUTE_MS))).toBe(1);
    expect(await objectsOf(asset.id)).toEqual(
      [asset.current_version_id, replaced?.id].map((id) => `originals/${id}`).toSorted(),
    );
    expect(await recount()).toEqual({});
  });

  it("is deleted once, though nobody heard of that", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    await refusalOf(await remove(asset.id, made.id, { env: breaking("after") }), 500);
    expect((await read(asset.id)).current_version_id).toBe(asset.current_version_id);
    await refusalOf(await remove(asset.id, made.id), 404);
    expect(await objectsOf(asset.id)).toHaveLength(2);
    await runSchedule();
    expect(await objectsOf(asset.id)).toHaveLength(2);
    expect(await cleanUpVersions(later(61 * MINUTE_MS))).toBe(1);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });
});

describe("a version that R2 would not take", () => {
  it.each([["early"], ["late"]] as const)("leaves nothing, whether it arrived there or not: %s", async (when) => {
    const asset = await photo();
    const { binding: BUCKET } = watchedBucket({ put: when });
    const refused = await append(asset.id, await edited(), { env: { BUCKET } });
    expect(refused.headers.get("retry-after")).toBe("5");
    await refusalOf(refused, 502);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await notes(asset.id)).toEqual([]);
  });

  it("nor give back leaves a note, which brings it down", async () => {
    const asset = await photo();
    const { binding: BUCKET } = watchedBucket({ put: "late", delete: "early" });
    await refusalOf(await append(asset.id, await edited(), { env: { BUCKET } }), 502);
    expect(await notes(asset.id)).toHaveLength(1);
    expect(await objectsOf(asset.id)).toHaveLength(2);
    await cleanUpVersions(later(25 * HOUR_MS));
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("because it cannot be read for its metadata is refused, and never stored without", async () => {
    const asset = await photo();
    const { binding: BUCKET } = watchedBucket({ get: "early" });
    await refusalOf(await append(asset.id, await edited(), { env: { BUCKET } }), 502);
    expect(await notes(asset.id)).toEqual([]);
  });
});

describe("deleting a version while R2 is away", () => {
  it("answers all the same; the schedule deletes its file and what was made of it", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    await bytesAt(urlOf(made.version_urls, "thumbnail"));
    await env.BUCKET.put(proxyKey(asset.id, made.id), "a proxy");
    const { binding: BUCKET } = watchedBucket({ delete: "early" });
    await assetOf(await remove(asset.id, made.id, { env: { BUCKET } }), 200);
    expect(await objectsOf(asset.id)).toHaveLength(4);
    await expect(cleanUpVersions({ ...later(2 * HOUR_MS), bucket: BUCKET })).rejects.toThrow();
    expect(await notes(asset.id)).toEqual([made.id]);
    expect(await cleanUpVersions(later(2 * HOUR_MS))).toBe(1);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await cleanUpVersions(later(2 * HOUR_MS))).toBe(0);
  });

  it("never takes what a row still names, whatever a note says", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    for (const id of [asset.current_version_id, made.id]) {
      await sqlAll("INSERT INTO version_deletions VALUES (?, ?, 0)", id, asset.id);
    }
    expect(await cleanUpVersions(later(0))).toBe(0);
    expect(await notes(asset.id)).toEqual([]);
    expect(await objectsOf(asset.id)).toHaveLength(2);
  });
});

describe("the sweep of objects", () => {
  it("takes what belongs to no version of an asset that is there, when it is an hour old", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    await bytesAt(urlOf(made.version_urls, "thumbnail"));
    const kept = await objectsOf(asset.id);
    const orphan = newId("assetVersion");
    for (const key of [
      originalKey(asset.id, orphan),
      proxyKey(asset.id, orphan),
      renditionKey(asset.id, orphan, "small", "webp"),
    ]) {
      await env.BUCKET.put(key, "left behind");
    }
    expect(await sweepObjects(later(50 * MINUTE_MS))).toBe(0);
    expect(await sweepObjects(later(61 * MINUTE_MS))).toBe(1);
    expect(await sweepObjects(later(26 * HOUR_MS))).toBe(2);
    expect(await objectsOf(asset.id)).toEqual(kept);
  });
});

describe("the integrity walk", () => {
  async function walk() {
    while (!(await checkIntegrity(later(2 * HOUR_MS), 10))) continue;
    const { complete, findings } = await readReports(openDatabase(env.DB, "primary"));
    return { complete, findings: findings.map(({ kind, subject }) => `${kind} ${subject}`) };
  }

  it("counts the files of versions, and finds the ones that are missing, short or too many", async () => {
    const [fine, lost, short, first] = [await photo(), await photo(), await photo(), await photo()];
    const ids: string[] = [];
    for (const asset of [fine, lost, short, first]) {
      ids.push((await versionOf(await append(asset.id, await edited()), 201)).id);
    }
    expect((await walk()).findings).toEqual([]);
    await env.BUCKET.delete(originalKey(lost.id, ids[1] ?? ""));
    await env.BUCKET.put(originalKey(short.id, ids[2] ?? ""), "short");
    await env.BUCKET.delete(originalKey(first.id, first.current_version_id));
    const orphan = originalKey(fine.id, newId("assetVersion"));
    await env.BUCKET.put(orphan, "nobody's");
    const leaving = newId("assetVersion");
    await env.BUCKET.put(originalKey(fine.id, leaving), "on its way out");
    await sqlAll("INSERT INTO version_deletions VALUES (?, ?, ?)", leaving, fine.id, Date.now() + 9 * HOUR_MS);
    const { complete, findings } = await walk();
    expect(findings.toSorted()).toEqual(
      [`mismatch ${short.id}`, `missing ${lost.id}`, `missing ${first.id}`, `orphan ${orphan}`].toSorted(),
    );
    expect(complete).toMatchObject({ assetsChecked: 4, objectsChecked: 8 });
  });
});

describe("work on a picture that has changed", () => {
  function work() {
    return {
      db: openDatabase(env.DB, "primary"),
      bucket: env.BUCKET,
      queue: keptQueue().binding,
      images: env.IMAGES,
      nowMs: Date.now(),
    };
  }

  it("that began before the change sets nothing", async () => {
    const asset = await photo();
    const old = await getAsset(asset.id);
    await versionOf(await append(asset.id, await edited()), 201);
    await runThumbhash(work(), old);
    expect((await getAsset(asset.id)).thumbhash).toBeNull();
    await runThumbhash(work(), await getAsset(asset.id));
    expect((await getAsset(asset.id)).thumbhash).not.toBeNull();
  });

  it("makes a display proxy for a version that is too long for the renderer, whatever the upload's length", async () => {
    const asset = await photo();
    const png = await sampleBytes("0025_density_plot.png");
    const long = new Uint8Array(21 * 1024 * 1024);
    const sent = bytesOf(png.subarray(0, 33), u32(long.length), "sPLT", long, u32(0), png.subarray(33));
    const made = await versionOf(await append(asset.id, sent), 201);
    const [row] = await sqlAll(
      "SELECT status FROM tasks WHERE asset_id = ? AND task_type = 'display_proxy_generation'",
      asset.id,
    );
    expect(row?.["status"]).toBe("pending");
    const outcome = await runDisplayProxy(work(), await getAsset(asset.id));
    expect(outcome).toEqual({ kind: "done", result: "full size, 800 × 800, from PNG" });
    expect(await objectsOf(asset.id)).toContain(`proxies/${made.id}`);
    await assetOf(await remove(asset.id, made.id), 200);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("rings for an edit as for an upload, and the schedule does where the queue would not take it", async () => {
    const asset = await photo();
    const queue = keptQueue();
    await versionOf(await append(asset.id, await edited(), { env: { QUEUE: queue.binding } }), 201);
    expect(queue.sent).toEqual([{ assetId: asset.id }]);
    const broken = keptQueue(new Error("away"));
    await assetOf(
      await remove(asset.id, (await read(asset.id)).current_version_id, { env: { QUEUE: broken.binding } }),
      200,
    );
  });
});

describe("a file whose fields dawdle", () => {
  async function received(assetId: string) {
    const deps: VersionDeps = {
      db: openDatabase(env.DB, "primary"),
      bucket: env.BUCKET,
      queue: keptQueue().binding,
      nowMs: Date.now(),
    };
    const who: Principal = { userId: owner.userId, libraryIds: null, actions: ["read", "write"], managesKeys: true };
    const target = await openAppend(deps.db, who, assetId);
    const file = await edited();
    async function* body() {
      yield file;
    }
    const got = await receiveVersion(deps, target, { body: body(), declaredType: null, sizeHint: null });
    if (got.file === null) throw new Error("nothing was stored");
    return { deps, who, got, file: got.file };
  }

  it("is refused after half an hour, before the sweep may take it", async () => {
    const asset = await photo();
    const { deps, who, got, file } = await received(asset.id);
    const old = { ...got, file: { ...file, receivedAtMs: Date.now() - 31 * MINUTE_MS } };
    const attempt = registerVersion(deps, who, old, { kind: "edit", params: {} });
    await expect(attempt).rejects.toMatchObject({ code: "bad_request" });
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
  });

  it("gets no row when its note has been dealt with", async () => {
    const asset = await photo();
    const { deps, who, got } = await received(asset.id);
    await cleanUpVersions(later(25 * HOUR_MS));
    const attempt = registerVersion(deps, who, got, { kind: "edit", params: {} });
    await expect(attempt).rejects.toMatchObject({ code: "write_conflict" });
    expect(await list(asset.id)).toHaveLength(1);
    expect(await recount()).toEqual({});
  });

  it("registered twice is one version", async () => {
    const asset = await photo();
    const { deps, who, got } = await received(asset.id);
    const recipe = { kind: "edit", params: {} };
    const first = await registerVersion(deps, who, got, recipe);
    const second = await registerVersion(deps, who, got, recipe);
    expect([first.created, second.created]).toEqual([true, true]);
    expect(second.version.id).toBe(first.version.id);
    expect(await objectsOf(asset.id)).toHaveLength(2);
    const events = await sqlAll(
      "SELECT seq FROM events WHERE entity_id = ? AND event_type = 'asset_updated'",
      asset.id,
    );
    expect(events).toHaveLength(1);
  });
});

describe("deleting a photo with versions for good", () => {
  it("leaves nothing of any of them", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    await bytesAt(urlOf(made.version_urls, "thumbnail"));
    const stored = await bytesAt(urlOf((await list(asset.id))[1]?.version_urls ?? null, "original"));
    expect(
      (
        await readFacts(memorySource(stored), {
          extension: "jpg",
          mimeType: "image/jpeg",
          mediaType: "image",
          family: "jpeg",
        })
      ).problem,
    ).toBeNull();
    await purgeAssets(later(0), [asset.id], { kind: "asked", libraryId: owner.libraryId });
    expect(await objectsOf(asset.id)).toEqual([]);
    expect(await sqlAll("SELECT * FROM asset_versions")).toEqual([]);
    expect(await recount()).toEqual({});
  });
});
