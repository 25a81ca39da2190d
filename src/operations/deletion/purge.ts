/**
 * Deleting assets for good: rows first, then objects. An upload goes the other way round, so that at no time a row
 * points at nothing; what a crash leaves here are objects, and the note beside the rows that names them.
 */
import { info, warn } from "../../kernel/log.ts";
import { stillKey } from "../../objects/keys.ts";
import { deleteAssetObjects, deleteObjects } from "../../objects/listing.ts";
import type { Database } from "../../records/database.ts";
import {
  deleteAssets,
  forgetDeletions,
  listDueDeletions,
  type PurgedAsset,
  type PurgeReason,
} from "../../records/deletion/purge.ts";
import { listExpiredTrash } from "../../records/deletion/trash.ts";
import { CLEAN_UP_AFTER_MS, versionKeys } from "../versions/versionKeys.ts";

export interface PurgeDeps {
  db: Database;
  bucket: R2Bucket;
  nowMs: number;
}

/** As many as one call may name: it is then one batch. */
const BATCH = 200;

/** All that is stored of an asset, as far as names tell: of a video, a version may be its still. */
function knownKeys({ id, versionIds }: PurgedAsset): string[] {
  return versionIds.flatMap((versionId) => [...versionKeys({ assetId: id, versionId }), stillKey(id, versionId)]);
}

/** Never fails the deletion: the rows are gone, and their note brings the bucket up to them. */
async function deleteKnownObjects(deps: PurgeDeps, purged: PurgedAsset[]): Promise<void> {
  try {
    await deleteObjects(deps.bucket, purged.flatMap(knownKeys));
  } catch (error) {
    warn("objects of deleted assets are left to the schedule", { assets: purged.length, error: String(error) });
  }
}

/**
 * Deletes these assets where the reason still holds: callers have asked whether they may. Ids without a row are no
 * error. Answers the ids that it deleted.
 */
export async function purgeAssets(deps: PurgeDeps, ids: string[], reason: PurgeReason): Promise<string[]> {
  const purgedIds: string[] = [];
  for (let i = 0; i < ids.length; i += BATCH) {
    const purged = await deleteAssets(deps.db, {
      ids: ids.slice(i, i + BATCH),
      reason,
      atMs: deps.nowMs,
      cleanUpAt: deps.nowMs + CLEAN_UP_AFTER_MS,
    });
    await deleteKnownObjects(deps, purged);
    purgedIds.push(...purged.map((asset) => asset.id));
  }
  return purgedIds;
}

const DAY_MS = 24 * 3600_000;
const MAX_TRASH_PER_RUN = 10 * BATCH;

/** What has been in the trash for longer than it is kept, and what the trash was emptied of. */
export async function purgeTrash(deps: PurgeDeps, retentionDays: number): Promise<number> {
  const trashedBefore = Math.max(0, deps.nowMs - retentionDays * DAY_MS);
  const ids = await listExpiredTrash(deps.db, trashedBefore, MAX_TRASH_PER_RUN);
  const purged = await purgeAssets(deps, ids, { kind: "trash", trashedBefore });
  if (purged.length > 0) info("purged the trash", { assets: purged.length });
  return purged.length;
}

/** Four listings and a delete each: with it a scheduled run stays under a thousand calls. */
const MAX_CLEAN_UPS = 50;

/** Makes sure of the objects of deleted assets. A failure leaves the note, and the next run tries again. */
export async function cleanUpDeletions(deps: PurgeDeps): Promise<number> {
  const assetIds = await listDueDeletions(deps.db, deps.nowMs, MAX_CLEAN_UPS);
  const done: string[] = [];
  let deleted = 0;
  try {
    for (const assetId of assetIds) {
      deleted += await deleteAssetObjects(deps.bucket, assetId);
      done.push(assetId);
    }
  } finally {
    if (done.length > 0) await forgetDeletions(deps.db, done);
  }
  if (deleted > 0) info("deleted objects that deleted assets had left", { objects: deleted });
  return deleted;
}
