/**
 * Deletes the objects of a version: file, display proxy and renditions. They are deleted right after the row, and again
 * by the schedule, which also covers files without a row.
 */
import { info, warn } from "../../kernel/log.ts";
import { deleteObjects } from "../../objects/listing.ts";
import {
  completeVersionCleanups,
  listDueVersionCleanups,
  listReferencedVersions,
  type VersionAddress,
} from "../../records/versions/versionCleanups.ts";
import type { Context } from "../context.ts";
import { versionKeys } from "./versionKeys.ts";

/** Deletes the objects of versions. False after an R2 failure: their cleanup records make the schedule retry it. */
export async function deleteVersionObjects(bucket: R2Bucket, versions: VersionAddress[]): Promise<boolean> {
  try {
    await deleteObjects(bucket, versions.flatMap(versionKeys));
    return true;
  } catch (error) {
    warn("failed to delete objects of versions; a scheduled run retries", {
      versions: versions.length,
      error: String(error),
    });
    return false;
  }
}

/** Each version has 16 possible keys, and one R2 delete takes 1,000. */
const MAX_CLEANUPS_PER_RUN = 600;

/**
 * Deletes the objects of due cleanup records, except for versions that have a row, and returns the number of
 * versions. An R2 or D1 failure keeps the records for the next run.
 */
export async function cleanUpVersions({ db, bucket, nowMs }: Context): Promise<number> {
  const due = await listDueVersionCleanups(db, nowMs, MAX_CLEANUPS_PER_RUN);
  if (due.length === 0) return 0;
  const referenced = await listReferencedVersions(db, [...new Set(due.map(({ assetId }) => assetId))]);
  const deleted = due.filter(({ assetId, versionId }) => !referenced.has(`${assetId}/${versionId}`));
  await deleteObjects(bucket, deleted.flatMap(versionKeys));
  await completeVersionCleanups(
    db,
    due.map(({ versionId }) => versionId),
  );
  info("deleted objects of versions", { versions: deleted.length });
  return deleted.length;
}
