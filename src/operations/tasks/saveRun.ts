import { AppError } from "../../kernel/errors.ts";
import { qualityScore } from "../../media/transcode/quality/qualityScore.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { DerivedChange } from "../../records/assets/metadata/derivedChanges.ts";
import { isSamePosition, positionOf, type DerivedMetadata } from "../../records/assets/metadata/metadata.ts";
import type { MetadataUpdate } from "../../records/assets/metadata/metadataUpdates.ts";
import type { PairKey } from "../../records/delivery/livePhotos.ts";
import type { AssetTasks, StoredTask } from "../../records/tasks/assetTasks.ts";
import { findSnapshot, saveTasks, type TaskSnapshot } from "../../records/tasks/claims.ts";
import { planGeocodeUpdate } from "../assets/updatePlan.ts";
import type { Context } from "../context.ts";
import { embedsTexts, reopenEmbedding } from "./embeddingTasks.ts";
import { enqueuePairedFilms, pairsOf } from "./pairedFilms.ts";
import { completeTasks, type FinishedTask } from "./taskCompletion.ts";
import { roleOf } from "./taskDefinitions.ts";
import type { AssetChange } from "./taskOutcome.ts";

const MAX_ATTEMPTS = 6;

function isSameTask(stored: StoredTask | undefined, task: StoredTask): boolean {
  return stored?.status === "pending" && stored.dueAt === task.dueAt && stored.createdAt === task.createdAt;
}

function isSameImage(asset: Asset | null, read: Asset | null): boolean {
  return asset?.currentVersionId === read?.currentVersionId && asset?.posterVersionId === read?.posterVersionId;
}

function changeOf({ outcome }: FinishedTask): AssetChange {
  return outcome.kind === "skipped" ? {} : (outcome.change ?? {});
}

/** An asset whose position was removed needs no other place. */
function isSamePlace(asset: Asset | null, read: Asset | null): boolean {
  const position = asset === null ? null : positionOf(asset.sources);
  return position === null || isSamePosition(position, read === null ? null : positionOf(read.sources));
}

/** The results that are valid: the task was not reopened meanwhile, and the asset has the image or position it read. */
function validResults({ row, asset }: TaskSnapshot, finished: FinishedTask[]): FinishedTask[] {
  return finished.filter((result) => {
    const { type, task, asset: read } = result;
    if (!isSameTask(row.tasks[type], task)) return false;
    if (changeOf(result).place !== undefined && !isSamePlace(asset, read)) return false;
    return roleOf(type) !== "image" || isSameImage(asset, read);
  });
}

/** Keys are sorted, so that equal metrics are equal texts. */
function mergeMetrics(metrics: Asset["metrics"], added: Asset["metrics"]): Asset["metrics"] {
  return Object.fromEntries(Object.entries({ ...metrics, ...added }).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The columns whose values the change replaces by others. */
function changedValues(asset: Asset, { thumbhash, description, metrics }: AssetChange): DerivedChange["values"] {
  const merged = mergeMetrics(asset.metrics, metrics ?? {});
  const score = metrics === undefined ? asset.qualityScore : qualityScore(merged);
  return {
    ...(thumbhash === undefined || thumbhash === asset.thumbhash ? {} : { thumbhash }),
    ...(description === undefined || description === asset.description ? {} : { description }),
    ...(JSON.stringify(merged) === JSON.stringify(asset.metrics) ? {} : { metrics: merged }),
    ...(score === asset.qualityScore ? {} : { qualityScore: score }),
  };
}

/** A moved asset gets the place of its new position from a separate task. */
function planPlace(asset: Asset, read: Asset, place: Partial<DerivedMetadata>): MetadataUpdate | null {
  return isSamePosition(positionOf(asset.sources), positionOf(read.sources)) ? planGeocodeUpdate(asset, place) : null;
}

/** Merges what the tasks derived into one change of the asset; null if every value is stored already. */
export function planDerivedChange(asset: Asset, results: FinishedTask[]): DerivedChange | null {
  const change = results.reduce<AssetChange>((merged, result) => ({ ...merged, ...changeOf(result) }), {});
  const values = changedValues(asset, change);
  const read = results.find((result) => changeOf(result).place !== undefined)?.asset ?? asset;
  const metadata = change.place === undefined ? null : planPlace(asset, read, change.place);
  return Object.keys(values).length === 0 && metadata === null ? null : { asset, values, metadata };
}

/** The pair of a live photo whose still can be shown now. */
function shownPairs(asset: Asset | null, change: DerivedChange | null): PairKey[] {
  return asset?.mediaType === "image" && change?.values.thumbhash !== undefined ? pairsOf(asset) : [];
}

/**
 * Stores the results of a claimed run, the change of the asset and its events in one batch, and ends the claim. Results
 * for another image or position than the asset's current one are dropped. Returns the stored row, or null, without any
 * change, if the asset was deleted or another consumer took the tasks over.
 */
export async function saveRun(
  context: Context,
  snapshot: TaskSnapshot,
  finished: FinishedTask[],
  nowMs: number,
): Promise<AssetTasks | null> {
  let current: TaskSnapshot | null = snapshot;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (current === null || current.row.claim?.untilMs !== snapshot.row.claim?.untilMs) return null;
    const { row, asset }: TaskSnapshot = current;
    const results = validResults(current, finished);
    const change = asset === null ? null : planDerivedChange(asset, results);
    const completed = completeTasks(row.tasks, results);
    const tasks = embedsTexts(context) ? reopenEmbedding(completed, change, results, nowMs) : completed;
    const next = { ...row, tasks, claim: null };
    const saved = await saveTasks(context.db, next, change, nowMs);
    if (saved !== null) {
      await enqueuePairedFilms(context, shownPairs(asset, change));
      return saved;
    }
    current = await findSnapshot(context.db, row.assetId);
  }
  throw new AppError("write_conflict", "the asset was modified concurrently");
}
