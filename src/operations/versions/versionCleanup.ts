/**
 * The objects of a version: its file, its proxy, its rungs. They go after the row that named them, at once where that
 * can be, and once more by the schedule, which also takes what was stored for a version that never got a row.
 */
import { info, warn } from "../../kernel/log.ts";
import { deleteObjects } from "../../objects/listing.ts";
import {
  forgetVersionDeletions,
  listDueVersionDeletions,
  listKnownVersions,
  type VersionAddress,
} from "../../records/versions/versionCleanups.ts";
import { versionKeys } from "./versionKeys.ts";
import type { SweepDeps } from "../maintenance/sweeps.ts";

/** Never fails the change: its rows are written, and the note beside them brings the bucket up to them. False: not yet. */
export async function deleteVersionObjects(bucket: R2Bucket, versions: VersionAddress[]): Promise<boolean> {
  try {
    await deleteObjects(bucket, versions.flatMap(versionKeys));
    return true;
  } catch (error) {
    warn("objects of versions are left to the schedule", { versions: versions.length, error: String(error) });
    return false;
  }
}

/** Fourteen names each: one delete for 71 of them. */
const MAX_CLEAN_UPS = 700;

/** What has a row is kept whatever the note says. A failure leaves the notes, and the next run tries again. */
export async function cleanUpVersions({ db, bucket, nowMs }: SweepDeps): Promise<number> {
  const due = await listDueVersionDeletions(db, nowMs, MAX_CLEAN_UPS);
  if (due.length === 0) return 0;
  const known = await listKnownVersions(db, [...new Set(due.map(({ assetId }) => assetId))]);
  const gone = due.filter(({ assetId, versionId }) => !known.has(`${assetId}/${versionId}`));
  await deleteObjects(bucket, gone.flatMap(versionKeys));
  await forgetVersionDeletions(
    db,
    due.map(({ versionId }) => versionId),
  );
  info("made sure that the objects of versions are gone", { versions: gone.length });
  return gone.length;
}
