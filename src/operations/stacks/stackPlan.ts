/** Plans stack changes by the rules of docs/stacks.md, without I/O. */
import type { DeletedStack, StackCandidate, StackState, StackChange } from "../../records/stacks/stackChanges.ts";

/** Smaller stacks are deleted. Trashed members count because they can be restored. */
export const MIN_STACK_MEMBERS = 2;

/** Groups the assets that would leave another stack by that stack. */
function groupBySourceStack(assets: StackCandidate[], stackId: string): { stack: StackState; removedIds: string[] }[] {
  const sources = new Map<string, { stack: StackState; removedIds: string[] }>();
  for (const { id, stack } of assets) {
    if (stack === null || stack.id === stackId) continue;
    const source = sources.get(stack.id) ?? { stack, removedIds: [] };
    source.removedIds.push(id);
    sources.set(stack.id, source);
  }
  return [...sources.values()];
}

/**
 * Plans moving `assets` into one stack. A stack whose pinned cover moves is merged whole; other source stacks are
 * reduced, or deleted when fewer than two members remain.
 */
export function planMerge(
  assets: StackCandidate[],
  stackId: string,
): Pick<StackChange, "assets" | "deletedStacks" | "reducedStackIds"> {
  const deletedStacks: DeletedStack[] = [];
  const reducedStackIds: string[] = [];
  for (const { stack, removedIds } of groupBySourceStack(assets, stackId)) {
    const movesCover = stack.primaryAssetId !== null && removedIds.includes(stack.primaryAssetId);
    if (movesCover) deletedStacks.push({ id: stack.id, to: stackId, byUser: false });
    else if (stack.memberCount - removedIds.length < MIN_STACK_MEMBERS)
      deletedStacks.push({ id: stack.id, to: null, byUser: false });
    else reducedStackIds.push(stack.id);
  }
  return { assets: assets.map(({ id }) => ({ id, to: stackId })), deletedStacks, reducedStackIds };
}

/** Plans removing members from a stack; the stack is deleted when fewer than two members remain. */
export function planRemoval(stack: StackState, removedIds: string[]): StackChange {
  const isDeleted = stack.memberCount - removedIds.length < MIN_STACK_MEMBERS;
  const removesCover = stack.primaryAssetId !== null && removedIds.includes(stack.primaryAssetId);
  return {
    libraryId: stack.libraryId,
    stackId: stack.id,
    newStackUserId: null,
    origin: "user",
    ...(removesCover ? { primaryAssetId: null } : {}),
    assets: removedIds.map((id) => ({ id, to: null })),
    deletedStacks: isDeleted ? [{ id: stack.id, to: null, byUser: false }] : [],
    reducedStackIds: [],
  };
}

/** Plans deleting a stack while keeping its assets. */
export function planUngroup(stack: StackState): StackChange {
  return {
    libraryId: stack.libraryId,
    stackId: stack.id,
    newStackUserId: null,
    origin: "user",
    assets: [],
    deletedStacks: [{ id: stack.id, to: null, byUser: true }],
    reducedStackIds: [],
  };
}

/**
 * Finds an existing user stack of exactly these assets with the same cover, which makes a repeated request idempotent.
 * A stack created by the same request also matches when a merged stack added members to it.
 */
export function findIdenticalStack(
  assets: StackCandidate[],
  primaryAssetId: string | null,
  isFromSameRequest: (stack: StackState) => boolean,
): StackState | null {
  const stack = assets[0]?.stack ?? null;
  if (stack === null || stack.origin !== "user" || stack.primaryAssetId !== primaryAssetId) return null;
  if (!assets.every((asset) => asset.stack?.id === stack.id)) return null;
  return stack.memberCount === assets.length || (stack.isUnmodified && isFromSameRequest(stack)) ? stack : null;
}
