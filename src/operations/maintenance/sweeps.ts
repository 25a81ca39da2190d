/** Scheduled tidying: what a crash between R2, D1 and the queue left behind is found here, and nowhere else. */
import { info } from "../../kernel/log.ts";
import { assetIdOfKey, assetKeyPrefixes, firstKeyAt, originalsPrefix, versionIdOfKey } from "../../objects/keys.ts";
import { deleteObjects, listObjects, type ListedObject } from "../../objects/listing.ts";
import { openDatabase } from "../../records/database.ts";
import { findSweepPosition, saveSweepPosition } from "../../records/maintenance/sweepPositions.ts";
import { listOverdueAssetIds, postponeTasks } from "../../records/tasks/tasks.ts";
import { listKnownVersions } from "../../records/versions/versionCleanups.ts";
import { ringAll, type ManyBell } from "../tasks/taskQueue.ts";
import type { Bell, WorkDeps } from "../tasks/taskOutcome.ts";
import { REGISTER_WITHIN_MS } from "../uploads/uploadAsset.ts";

export type SweepDeps = Pick<WorkDeps, "db" | "bucket" | "nowMs">;
export type ScheduleDeps = SweepDeps & { queue: Bell & ManyBell };

/** Needs no settings: a deployment that is set up wrong is tidied all the same. */
export function scheduleDeps(env: Cloudflare.Env): ScheduleDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, queue: env.QUEUE, nowMs: Date.now() };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A message in hand is worked on well within this. */
const OVERDUE_MS = 10 * MINUTE_MS;
const MAX_RINGS = 300;

/** Rings for assets whose tasks are long due: their message was lost, or never sent. */
export async function ringOverdue(deps: Pick<SweepDeps, "db" | "nowMs"> & { queue: ManyBell }): Promise<number> {
  const assetIds = await listOverdueAssetIds(deps.db, deps.nowMs - OVERDUE_MS, MAX_RINGS);
  if (assetIds.length === 0) return 0;
  await postponeTasks(deps.db, assetIds, deps.nowMs);
  await ringAll(deps.queue, assetIds);
  info("rang for overdue work", { assets: assetIds.length });
  return assetIds.length;
}

/** After this, no row will come. */
export const GRACE_MS = 2 * REGISTER_WITHIN_MS;
/** An upload that began before this has ended, so nothing can appear behind the position any more. */
const LONGEST_UPLOAD_MS = 24 * HOUR_MS;
/** For each of four prefixes; a page is a listing, a query and at most one delete. */
const MAX_PAGES = 15;

export interface Orphan {
  key: string;
  assetId: string;
  versionId: string | null;
}

/** Of the listed objects, the ones old enough to have a row, and without one: of their asset, or of their version. */
export async function orphansAmong(deps: SweepDeps, listed: ListedObject[]): Promise<Orphan[]> {
  const settled = listed.flatMap(({ key, uploadedMs }) => {
    const assetId = assetIdOfKey(key);
    const isYoung = uploadedMs > deps.nowMs - GRACE_MS;
    return assetId === null || isYoung ? [] : [{ key, assetId, versionId: versionIdOfKey(key) }];
  });
  if (settled.length === 0) return [];
  const versions = await listKnownVersions(deps.db, [...new Set(settled.map((object) => object.assetId))]);
  const assets = new Set([...versions].map((address) => address.split("/", 1)[0]));
  return settled.filter(({ assetId, versionId }) =>
    versionId === null ? !assets.has(assetId) : !versions.has(`${assetId}/${versionId}`),
  );
}

/**
 * Objects made later than the original are swept once, when they are a day old: their row was there before them. What
 * is stored for an asset that is older than that has a note of its own: operations/versionObjects.
 */
function endOf(prefix: string, safeEnd: string): string | null {
  return prefix === originalsPrefix ? null : safeEnd;
}

async function sweepPrefix(deps: SweepDeps, prefix: string): Promise<number> {
  const name = prefix.replace("/", "");
  const safeEnd = firstKeyAt(prefix, deps.nowMs - LONGEST_UPLOAD_MS);
  const end = endOf(prefix, safeEnd);
  let position = (await findSweepPosition(deps.db, name)) ?? "";
  let deleted = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { objects, hasMore } = await listObjects(deps.bucket, prefix, position);
    const within = objects.filter((object) => end === null || object.key < end);
    const orphans = await orphansAmong(deps, within);
    await deleteObjects(
      deps.bucket,
      orphans.map((orphan) => orphan.key),
    );
    deleted += orphans.length;
    position = within.at(-1)?.key ?? position;
    if (!hasMore || within.length < objects.length) break;
  }
  await saveSweepPosition(deps.db, name, position < safeEnd ? position : safeEnd, deps.nowMs);
  return deleted;
}

/**
 * Deletes objects whose asset or version has no row, from where the last sweep got to. The position stays a day behind, so what
 * is listed again each time is one day of uploads, whatever the size of the bucket. Answers how many it deleted.
 */
export async function sweepObjects(deps: SweepDeps): Promise<number> {
  let deleted = 0;
  for (const prefix of assetKeyPrefixes) deleted += await sweepPrefix(deps, prefix);
  if (deleted > 0) info("deleted objects without a row", { deleted });
  return deleted;
}
