/** Scheduled tidying: what a crash between R2, D1 and the queue left behind is found here, and nowhere else. */
import { info } from "../kernel/log.ts";
import { firstOriginalKeyAt, parseOriginalKey } from "../objects/keys.ts";
import { deleteOriginals, listOriginals, type ListedOriginal } from "../objects/listing.ts";
import { listKnownAssetIds } from "../records/assets.ts";
import { findSweepPosition, saveSweepPosition } from "../records/sweeps.ts";
import { listOverdueAssetIds, postponeTasks } from "../records/tasks.ts";
import type { WorkDeps } from "./taskOutcome.ts";
import { REGISTER_WITHIN_MS } from "./uploads.ts";
import { ring } from "./work.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A message in hand is worked on well within this. */
const OVERDUE_MS = 10 * MINUTE_MS;
const MAX_RINGS = 500;

/** Rings for assets whose tasks are long due: their message was lost, or never sent. */
export async function ringOverdue(deps: WorkDeps): Promise<number> {
  const assetIds = await listOverdueAssetIds(deps.db, deps.nowMs - OVERDUE_MS, MAX_RINGS);
  if (assetIds.length === 0) return 0;
  await postponeTasks(deps.db, assetIds, deps.nowMs);
  for (const assetId of assetIds) await ring(deps.queue, assetId);
  info("rang for overdue work", { assets: assetIds.length });
  return assetIds.length;
}

/** After this, no row will come. */
const GRACE_MS = 2 * REGISTER_WITHIN_MS;
/** An upload that began before this has ended, so nothing can appear behind the position any more. */
const LONGEST_UPLOAD_MS = 24 * HOUR_MS;
const MAX_PAGES = 20;
const SWEEP = "originals";

async function orphansOf(deps: WorkDeps, originals: ListedOriginal[]): Promise<string[]> {
  const settled = originals.flatMap((original) => {
    const parsed = parseOriginalKey(original.key);
    return parsed === null || original.uploadedMs > deps.nowMs - GRACE_MS ? [] : [{ ...parsed, key: original.key }];
  });
  const known = await listKnownAssetIds(
    deps.db,
    settled.map((original) => original.assetId),
  );
  return settled.filter((original) => !known.has(original.assetId)).map((original) => original.key);
}

/**
 * Deletes originals that no row points at, from where the last sweep got to. The position stays a day behind, so what
 * is listed again each time is one day of uploads, whatever the size of the bucket. Answers how many it deleted.
 */
export async function sweepOriginals(deps: WorkDeps): Promise<number> {
  const safeEnd = firstOriginalKeyAt(deps.nowMs - LONGEST_UPLOAD_MS);
  let position = (await findSweepPosition(deps.db, SWEEP)) ?? "";
  let deleted = 0;
  let reached = position;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { originals, hasMore } = await listOriginals(deps.bucket, position);
    const orphans = await orphansOf(deps, originals);
    await deleteOriginals(deps.bucket, orphans);
    deleted += orphans.length;
    position = originals.at(-1)?.key ?? position;
    reached = position < safeEnd ? position : safeEnd;
    if (!hasMore) break;
  }
  await saveSweepPosition(deps.db, SWEEP, reached, deps.nowMs);
  if (deleted > 0) info("deleted originals without a row", { deleted });
  return deleted;
}
