/** Scheduled recovery from crashes between R2, D1 and the queue: overdue tasks and orphaned objects. */
import { info } from "../../kernel/log.ts";
import { assetIdOfKey, ASSET_KEY_PREFIXES, firstKeyAt, ORIGINALS_PREFIX, versionIdOfKey } from "../../objects/keys.ts";
import { deleteObjects, listObjects, type ListedObject } from "../../objects/listing.ts";
import { findSweepPosition, saveSweepPosition } from "../../records/maintenance/sweepPositions.ts";
import { listOverdueAssetIds, postponeTasks } from "../../records/tasks/tasks.ts";
import { listReferencedVersions } from "../../records/versions/versionCleanups.ts";
import { enqueueBatch } from "../tasks/taskQueue.ts";
import { REGISTER_WITHIN_MS } from "../uploads/receivedFile.ts";
import type { Context } from "../context.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Longer than a delivered message takes. */
const OVERDUE_AFTER_MS = 10 * MINUTE_MS;
export const MAX_REQUEUED_ASSETS = 300;

/** Enqueues assets whose tasks are overdue because their message is missing. Returns the number of assets. */
export async function requeueOverdue(context: Context): Promise<number> {
  const assetIds = await listOverdueAssetIds(context.db, context.nowMs - OVERDUE_AFTER_MS, MAX_REQUEUED_ASSETS);
  if (assetIds.length === 0) return 0;
  await postponeTasks(context.db, assetIds, context.nowMs);
  await enqueueBatch(context.queue, assetIds);
  info("requeued overdue tasks", { assets: assetIds.length });
  return assetIds.length;
}

/** Minimum age of an orphan: twice the time within which the row of an upload must be inserted. */
export const ORPHAN_GRACE_MS = 2 * REGISTER_WITHIN_MS;
/** Longest possible upload. Keys contain their creation time, so new objects sort after a position this old. */
const MAX_UPLOAD_DURATION_MS = 24 * HOUR_MS;
/** A page takes one listing, one query and at most one delete; there are four prefixes. */
const MAX_PAGES_PER_PREFIX = 15;

export interface Orphan {
  key: string;
  assetId: string;
  versionId: string | null;
}

/** Selects listed objects older than the grace period whose asset or version row is missing. */
export async function selectOrphans(context: Context, listed: ListedObject[]): Promise<Orphan[]> {
  const aged = listed.flatMap(({ key, uploadedMs }) => {
    const assetId = assetIdOfKey(key);
    const isRecent = uploadedMs > context.nowMs - ORPHAN_GRACE_MS;
    return assetId === null || isRecent ? [] : [{ key, assetId, versionId: versionIdOfKey(key) }];
  });
  if (aged.length === 0) return [];
  const referencedVersions = await listReferencedVersions(context.db, [
    ...new Set(aged.map((object) => object.assetId)),
  ]);
  const referencedAssets = new Set([...referencedVersions].map((address) => address.split("/", 1)[0]));
  return aged.filter(({ assetId, versionId }) =>
    versionId === null ? !referencedAssets.has(assetId) : !referencedVersions.has(`${assetId}/${versionId}`),
  );
}

/**
 * Derived objects are swept once, when their version is one day old: their row exists before them. Later orphans are
 * deleted by cleanup records (deletion/purge.ts and versions/versionCleanup.ts).
 */
function sweepEnd(prefix: string, safeEnd: string): string | null {
  return prefix === ORIGINALS_PREFIX ? null : safeEnd;
}

async function sweepPrefix(context: Context, prefix: string): Promise<number> {
  const name = prefix.replace("/", "");
  const safeEnd = firstKeyAt(prefix, context.nowMs - MAX_UPLOAD_DURATION_MS);
  const end = sweepEnd(prefix, safeEnd);
  let position = (await findSweepPosition(context.db, name)) ?? "";
  let deleted = 0;
  for (let page = 0; page < MAX_PAGES_PER_PREFIX; page++) {
    const { objects, hasMore } = await listObjects(context.bucket, prefix, position);
    const swept = objects.filter((object) => end === null || object.key < end);
    const orphans = await selectOrphans(context, swept);
    await deleteObjects(
      context.bucket,
      orphans.map((orphan) => orphan.key),
    );
    deleted += orphans.length;
    position = swept.at(-1)?.key ?? position;
    if (!hasMore || swept.length < objects.length) break;
  }
  await saveSweepPosition(context.db, name, position < safeEnd ? position : safeEnd, context.nowMs);
  return deleted;
}

/**
 * Deletes orphaned objects, starting at the position of the last sweep. The position stays one day
 * behind, so a sweep lists one day of uploads whatever the size of the bucket. Returns the number of deletions.
 */
export async function sweepObjects(context: Context): Promise<number> {
  let deleted = 0;
  for (const prefix of ASSET_KEY_PREFIXES) deleted += await sweepPrefix(context, prefix);
  if (deleted > 0) info("deleted orphaned objects", { deleted });
  return deleted;
}
