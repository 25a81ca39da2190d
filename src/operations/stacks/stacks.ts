import { AppError, invalid } from "../../kernel/errors.ts";
import { idFromBytes } from "../../kernel/ids.ts";
import {
  applyStackChange,
  readStackSnapshot,
  storeStackResult,
  type StackCandidate,
  type StackState,
} from "../../records/stacks/stackChanges.ts";
import * as records from "../../records/stacks/stacks.ts";
import type { Principal } from "../accounts/authentication.ts";
import { createOnce, storedStack, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { inaccessible } from "../libraries/access.ts";
import { requireLibrary, resolveLibrary } from "../libraries/resolveLibrary.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import { planUngroup, planMerge, findIdenticalStack, planRemoval } from "./stackPlan.ts";
import type { Context } from "../context.ts";
import { withOptimisticRetry } from "../optimisticRetry.ts";
import { requireCursor } from "../pages.ts";

export type Stack = records.Stack;
export { MAX_LISTED_STACK_MEMBERS, type ListedStack } from "../../records/stacks/stacks.ts";

/** Reads a stack. Throws `not_found` for an unknown or inaccessible id. */
export async function getStack(context: Context, principal: Principal, id: string): Promise<Stack> {
  const stack = await records.findStack(context.db, principal, id);
  if (stack === null) throw await inaccessible(context, principal, "stack", id);
  return stack;
}

export type ListStacksParams = Omit<records.StackListRequest, "libraryId"> & { libraryId: string | null };

/** Lists stacks of one library, a page at a time. Throws `bad_request` for a cursor of another library. */
export async function listStacks(
  context: Context,
  principal: Principal,
  params: ListStacksParams,
): Promise<records.StackPage> {
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.stackLibraryQuery(principal, params.startingAfterId),
    select: ({ id }) => records.stackPageQuery({ ...params, libraryId: id }),
  });
  requireCursor(params.startingAfterId, checked, library.id, "stack");
  return (await read()) ?? { stacks: [], hasMore: false };
}

const MODIFIED = "stacks were modified concurrently; retry the request";

/** Throws `not_found` for an unknown stack, or `conflict` if it was deleted during the request: a retry would fail. */
async function requireStack(
  context: Context,
  principal: Principal,
  id: string,
  stack: StackState | null,
  isFirst: boolean,
): Promise<StackState> {
  if (stack !== null) return stack;
  const error = await inaccessible(context, principal, "stack", id);
  if (isFirst || error.code === "forbidden") throw error;
  throw new AppError("conflict", "the stack was deleted during the request");
}

const MAX_IDS_IN_ERROR = 10;

function formatIds(ids: string[]): string {
  const rest = ids.length - MAX_IDS_IN_ERROR;
  return ids.slice(0, MAX_IDS_IN_ERROR).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Returns the requested assets except current members. Throws unless all exist in the library and are live. */
function requireStackableAssets(
  candidates: StackCandidate[],
  requestedIds: string[],
  libraryId: string,
  stackId: string | null,
): StackCandidate[] {
  const assets = candidates.filter((asset) => asset.libraryId === libraryId);
  const foundIds = new Set(assets.map(({ id }) => id));
  const missingIds = requestedIds.filter((id) => !foundIds.has(id));
  if (missingIds.length > 0)
    throw new AppError("not_found", `assets not found in this library: ${formatIds(missingIds)}`);
  const nonMembers = assets.filter(({ stack }) => stackId === null || stack?.id !== stackId);
  const trashedIds = nonMembers.filter((asset) => asset.isTrashed).map(({ id }) => id);
  if (trashedIds.length > 0) {
    throw invalid(
      ["body", "asset_ids"],
      `trashed assets must be restored before they can be stacked: ${formatIds(trashedIds)}`,
    );
  }
  return nonMembers;
}

export interface NewStack {
  assetIds: string[];
  primaryAssetId: string | null;
  libraryId: string | null;
}

/**
 * Digest of the request, independent of asset order. The new stack's id contains it, which identifies repeated
 * requests.
 */
async function requestDigest(principal: Principal, request: NewStack, assetIds: string[]): Promise<Uint8Array> {
  const text = JSON.stringify([principal.userId, request.primaryAssetId, assetIds.toSorted()]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/**
 * Creates a stack and moves assets out of other stacks. A repeated request returns the existing stack, and with an
 * Idempotency-Key the answer of the first request.
 * Throws `not_found`, `validation_error` for trashed assets, or `write_conflict` after concurrent changes.
 */
export async function createStack(
  context: Context,
  principal: Principal,
  request: NewStack,
  idempotent: IdempotentRequest | null,
): Promise<Stack> {
  const create = async () => await createOrFindStack(context, principal, request, idempotent);
  const { row, isRepeated } = await createOnce(context, idempotent, storedStack, create);
  // A stored answer is of a library from which the caller may have been removed since.
  if (isRepeated) await resolveLibrary(context, principal, row.libraryId);
  return row;
}

async function createOrFindStack(
  context: Context,
  principal: Principal,
  request: NewStack,
  idempotent: IdempotentRequest | null,
): Promise<Stack> {
  const { primaryAssetId, libraryId } = request;
  const assetIds = [...new Set(request.assetIds)];
  const digest = await requestDigest(principal, request, assetIds);
  const isFromSameRequest = ({ id, createdAt }: StackState): boolean => id === idFromBytes("stack", createdAt, digest);
  return await withOptimisticRetry(MODIFIED, async () => {
    const snapshot = await readStackSnapshot(context.db, principal, { libraryId, stackId: null, assetIds });
    const library = await requireLibrary(context, principal, snapshot.libraries, libraryId);
    const assets = requireStackableAssets(snapshot.assets, assetIds, library.id, null);
    const existing = findIdenticalStack(assets, primaryAssetId, isFromSameRequest);
    if (existing !== null) {
      if (idempotent !== null) await storeStackResult(context.db, idempotent, existing.id, context.nowMs);
      return await records.findStack(context.db, principal, existing.id);
    }
    const stackId = idFromBytes("stack", context.nowMs, digest);
    const change = {
      libraryId: library.id,
      stackId,
      newStackUserId: library.userId,
      origin: "user" as const,
      primaryAssetId,
      ...planMerge(assets, stackId),
    };
    const result = await applyStackChange(context.db, change, snapshot.unchanged, context.nowMs, idempotent);
    return result === false ? null : result.stack;
  });
}

/** Adds assets to a stack; members are ignored. Throws `not_found`, `conflict` or `write_conflict`. */
export async function addToStack(
  context: Context,
  principal: Principal,
  id: string,
  assetIds: string[],
): Promise<Stack> {
  const requestedIds = [...new Set(assetIds)];
  return await withOptimisticRetry(MODIFIED, async (isFirst) => {
    const snapshot = await readStackSnapshot(context.db, principal, {
      libraryId: null,
      stackId: id,
      assetIds: requestedIds,
    });
    const { libraryId } = await requireStack(context, principal, id, snapshot.stack, isFirst);
    const added = requireStackableAssets(snapshot.assets, requestedIds, libraryId, id);
    if (added.length === 0) return await records.findStack(context.db, principal, id);
    const change = { libraryId, stackId: id, newStackUserId: null, origin: "user" as const, ...planMerge(added, id) };
    const result = await applyStackChange(context.db, change, snapshot.unchanged, context.nowMs);
    return result === false ? null : result.stack;
  });
}

/** Removes assets from a stack; other assets are ignored. Throws `not_found`, `conflict` or `write_conflict`. */
export async function removeFromStack(
  context: Context,
  principal: Principal,
  id: string,
  assetIds: string[],
): Promise<void> {
  const requestedIds = [...new Set(assetIds)];
  await withOptimisticRetry(MODIFIED, async (isFirst) => {
    const snapshot = await readStackSnapshot(context.db, principal, {
      libraryId: null,
      stackId: id,
      assetIds: requestedIds,
    });
    const stack = await requireStack(context, principal, id, snapshot.stack, isFirst);
    const removedIds = snapshot.assets.filter((asset) => asset.stack?.id === id).map((asset) => asset.id);
    if (removedIds.length === 0) return true;
    const result = await applyStackChange(
      context.db,
      planRemoval(stack, removedIds),
      snapshot.unchanged,
      context.nowMs,
    );
    return result === false ? null : true;
  });
}

/** Deletes a stack and keeps its assets. Throws `not_found`, `conflict` or `write_conflict`. */
export async function deleteStack(context: Context, principal: Principal, id: string): Promise<void> {
  await withOptimisticRetry(MODIFIED, async (isFirst) => {
    const snapshot = await readStackSnapshot(context.db, principal, { libraryId: null, stackId: id, assetIds: [] });
    const stack = await requireStack(context, principal, id, snapshot.stack, isFirst);
    const result = await applyStackChange(context.db, planUngroup(stack), snapshot.unchanged, context.nowMs);
    return result === false ? null : true;
  });
}

/** Pins a live member as the cover of its stack. Throws `not_found` or `validation_error`. */
export async function setStackCover(
  context: Context,
  principal: Principal,
  id: string,
  assetId: string,
): Promise<Stack> {
  const result = await records.setStackCover(context.db, principal, id, assetId, context.nowMs);
  if (result === null) throw await inaccessible(context, principal, "stack", id);
  if (!result.isMember) throw invalid(["body", "primary_asset_id"], "must be a live member of this stack");
  return result.stack;
}
