/**
 * Deletes assets permanently: rows first, then objects, so that every row points at existing objects. After a crash,
 * the cleanup record written with the row deletion leads to the remaining objects.
 */
import { info, warn } from "../../kernel/log.ts";
import { posterKey, renditionKey } from "../../objects/keys.ts";
import { deleteAssetObjects, deleteObjects } from "../../objects/listing.ts";
import {
  deleteAssets,
  completeAssetCleanups,
  listDueAssetCleanups,
  type PurgedAsset,
  type PurgeReason,
} from "../../records/deletion/purge.ts";
import { listExpiredTrash } from "../../records/deletion/trash.ts";
import { enqueuePairedFilms } from "../tasks/pairedFilms.ts";
import { forgetDeletedAssets } from "../search/vectors/syncVectors.ts";
import { CLEAN_UP_AFTER_MS, versionKeys } from "../versions/versionKeys.ts";
import type { Context } from "../context.ts";

/** The API accepts up to 200 ids per call, so one call is one batch. */
const PURGE_BATCH_SIZE = 200;

/** Lists all possible object keys of an asset. A version of a video can be its poster. */
function objectKeysOf({ id, versionIds, crops }: PurgedAsset): string[] {
  const versions = versionIds.flatMap((versionId) => [
    ...versionKeys({ assetId: id, versionId }),
    posterKey(id, versionId),
  ]);
  return [...versions, ...crops.map(({ versionId, name }) => renditionKey(id, versionId, name))];
}

/** Ignores R2 failures: the rows are deleted, and the cleanup record makes a scheduled run delete the objects. */
async function deleteKnownObjects(context: Context, purged: PurgedAsset[]): Promise<void> {
  try {
    await deleteObjects(context.bucket, purged.flatMap(objectKeysOf));
  } catch (error) {
    warn("deleting objects failed; the scheduled cleanup will retry", { assets: purged.length, error: String(error) });
  }
}

/**
 * Deletes the given assets for which `reason` still holds, and ignores unknown ids. Callers authorize the deletion.
 * Returns the ids of the deleted assets.
 */
export async function purgeAssets(context: Context, ids: string[], reason: PurgeReason): Promise<string[]> {
  const deletedIds: string[] = [];
  for (let i = 0; i < ids.length; i += PURGE_BATCH_SIZE) {
    const purged = await deleteAssets(context.db, {
      ids: ids.slice(i, i + PURGE_BATCH_SIZE),
      reason,
      atMs: context.nowMs,
      cleanUpAt: context.nowMs + CLEAN_UP_AFTER_MS,
    });
    await deleteKnownObjects(context, purged);
    const purgedIds = purged.map((asset) => asset.id);
    await forgetDeletedAssets(context, purgedIds);
    // All films of a library that is deleted are deleted with it.
    const pairs = reason.kind === "library" ? [] : purged.flatMap(({ pair }) => pair ?? []);
    await enqueuePairedFilms(context, pairs);
    deletedIds.push(...purgedIds);
  }
  return deletedIds;
}

const DAY_MS = 24 * 3600_000;
export const MAX_TRASHED_ASSETS_PER_RUN = 10 * PURGE_BATCH_SIZE;

/** Purges assets whose trash retention ended or whose trash was cleared. Returns the number of deleted assets. */
export async function purgeTrash(context: Context): Promise<number> {
  const trashedBefore = Math.max(0, context.nowMs - context.config.trashRetentionDays * DAY_MS);
  const ids = await listExpiredTrash(context.db, trashedBefore, MAX_TRASHED_ASSETS_PER_RUN);
  const deletedIds = await purgeAssets(context, ids, { kind: "trash", trashedBefore });
  if (deletedIds.length > 0) info("purged expired trash", { assets: deletedIds.length });
  return deletedIds.length;
}

/** Each takes four listings and a deletion in R2. */
export const MAX_CLEANUPS_PER_RUN = 50;

/**
 * Deletes remaining objects of deleted assets and completes their cleanup records. A failed cleanup is repeated by the
 * next run. Returns the number of deleted objects.
 */
export async function cleanUpDeletedAssets(context: Context): Promise<number> {
  const assetIds = await listDueAssetCleanups(context.db, context.nowMs, MAX_CLEANUPS_PER_RUN);
  const completedIds: string[] = [];
  let deleted = 0;
  try {
    for (const assetId of assetIds) {
      deleted += await deleteAssetObjects(context.bucket, assetId);
      completedIds.push(assetId);
    }
  } finally {
    await forgetDeletedAssets(context, completedIds);
    if (completedIds.length > 0) await completeAssetCleanups(context.db, completedIds);
  }
  if (deleted > 0) info("deleted remaining objects of deleted assets", { objects: deleted });
  return deleted;
}
