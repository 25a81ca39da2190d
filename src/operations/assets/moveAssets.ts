/** Moves assets between libraries: docs/move-assets.md. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import {
  isMoveOutdated,
  moveAssets as move,
  readMoveSnapshot,
  type MoveCandidate,
  type MoveRequest,
  type MoveSnapshot,
} from "../../records/assets/moves.ts";
import type { PairKey } from "../../records/delivery/livePhotos.ts";
import { requireAction, type Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { withOptimisticRetry } from "../optimisticRetry.ts";
import { enqueuePairedFilms } from "../tasks/pairedFilms.ts";
import { followMovedAssets } from "../search/vectors/syncVectors.ts";

/**
 * `unavailable`: unknown, trashed or inaccessible. `changed_source`: in another library than the source. `duplicate`:
 * the destination has the same original bytes, maybe in its trash. `quota`: the destination's storage limit. `busy`: the
 * same bytes are being deleted from the destination; try again later.
 */
export type MoveFailure = "unavailable" | "changed_source" | "duplicate" | "quota" | "busy";

export type MoveOutcome =
  | { assetId: string; outcome: "moved" | "already_in_destination"; failure: null }
  | { assetId: string; outcome: "failed"; failure: MoveFailure };

function failureOf(asset: MoveCandidate | undefined, { sourceLibraryId }: MoveRequest): MoveFailure | null {
  if (asset === undefined || asset.isTrashed) return "unavailable";
  if (asset.libraryId !== sourceLibraryId) return "changed_source";
  if (asset.duplicate !== null) return asset.duplicate === "visible" ? "duplicate" : "busy";
  return null;
}

/**
 * Decides about each asset in order. As for uploads, an asset fits while the destination has not reached its limit. The
 * owner's own limit doesn't count: only an owner of both libraries moves, so the sum stays the same.
 */
function planMove(request: MoveRequest, snapshot: MoveSnapshot): MoveOutcome[] {
  const { usedBytes, limitBytes } = snapshot.destination ?? { usedBytes: 0, limitBytes: null };
  const assets = new Map(snapshot.assets.map((asset) => [asset.id, asset]));
  let bytes = usedBytes;
  return request.assetIds.map((assetId) => {
    const asset = assets.get(assetId);
    if (asset?.isTrashed === false && asset.libraryId === request.destinationLibraryId)
      return { assetId, outcome: "already_in_destination", failure: null };
    const failure = failureOf(asset, request);
    if (failure !== null) return { assetId, outcome: "failed", failure };
    if (limitBytes !== null && bytes >= limitBytes) return { assetId, outcome: "failed", failure: "quota" };
    bytes += snapshot.sizeBytes[assetId] ?? 0;
    return { assetId, outcome: "moved", failure: null };
  });
}

function requireLibraries(request: MoveRequest, { visibleLibraryIds, libraryIds }: MoveSnapshot): void {
  for (const [id, name] of [
    [request.sourceLibraryId, "source library"],
    [request.destinationLibraryId, "destination library"],
  ] as const) {
    if (!visibleLibraryIds.includes(id)) throw notFound(name);
    if (!libraryIds.includes(id)) throw new AppError("forbidden", `only the owner of the ${name} can move assets`);
  }
}

/** The pairs of live photos that moved assets leave and join. */
function pairsOfMoved(request: MoveRequest, { assets }: MoveSnapshot, movedIds: Set<string>): PairKey[] {
  const libraryIds = [request.sourceLibraryId, request.destinationLibraryId];
  return assets.flatMap(({ id, livePhotoCid }) =>
    movedIds.has(id) && livePhotoCid !== null ? libraryIds.map((libraryId) => ({ libraryId, livePhotoCid })) : [],
  );
}

/** Returns null, without any change, if the assets or libraries changed after they were read. */
async function attemptMove(
  context: Context,
  principal: Principal,
  request: MoveRequest,
): Promise<MoveOutcome[] | null> {
  const { db } = context;
  const snapshot = await readMoveSnapshot(db, { ...principal, action: "delete_permanently" }, request);
  requireLibraries(request, snapshot);
  const outcomes = planMove(request, snapshot);
  const assetIds = outcomes.flatMap(({ assetId, outcome }) => (outcome === "moved" ? [assetId] : []));
  if (assetIds.length === 0) return outcomes;
  const movingIds = new Set(assetIds);
  const stackIds = snapshot.assets.flatMap(({ id, stackId }) =>
    movingIds.has(id) && stackId !== null ? [stackId] : [],
  );
  try {
    await move(db, { ...request, assetIds }, [...new Set(stackIds)], snapshot.unchanged, context.nowMs);
  } catch (error) {
    if (isMoveOutdated(error)) return null;
    throw error;
  }
  await enqueuePairedFilms(context, pairsOfMoved(request, snapshot, movingIds));
  return outcomes;
}

/**
 * Moves up to 200 assets of one library to another, with ids, files and versions, all in one batch. They leave the
 * albums and stacks of the source. Returns one outcome for each distinct id, in order. Repeatable.
 *
 * @throws {AppError} `validation_error` for equal libraries, `not_found` for an unknown one, `forbidden` unless the
 * credential allows "write" and "delete_permanently" and its user owns both, `write_conflict`, without any change, after
 * concurrent changes.
 */
export async function moveAssets(context: Context, principal: Principal, request: MoveRequest): Promise<MoveOutcome[]> {
  requireAction(principal, "write");
  requireAction(principal, "delete_permanently");
  if (request.sourceLibraryId === request.destinationLibraryId) {
    throw invalid(["body", "destination_library_id"], "must be another library than the source");
  }
  const distinct = { ...request, assetIds: [...new Set(request.assetIds)] };
  const outcomes = await withOptimisticRetry(
    "the assets changed during the move, and none was moved; retry the request",
    async () => await attemptMove(context, principal, distinct),
  );
  const moved = outcomes.filter(({ outcome }) => outcome === "moved").map(({ assetId }) => assetId);
  if (moved.length > 0) await requestCachePurge(context);
  await followMovedAssets(context, moved);
  return outcomes;
}
