/** What becomes of stacks when assets move between them: the rules of docs/stacks.md. Reads and writes nothing. */
import type { EmptiedStack, KnownAsset, KnownStack, StackChange } from "../../records/stacks/stackChanges.ts";

/** A stack of one is none. What is in the trash counts: it may come back. */
const MIN_MEMBERS = 2;

/** The assets that come from each other stack. */
function bySource(assets: KnownAsset[], stackId: string): { stack: KnownStack; leaving: string[] }[] {
  const sources = new Map<string, { stack: KnownStack; leaving: string[] }>();
  for (const { id, stack } of assets) {
    if (stack === null || stack.id === stackId) continue;
    const source = sources.get(stack.id) ?? { stack, leaving: [] };
    source.leaving.push(id);
    sources.set(stack.id, source);
  }
  return [...sources.values()];
}

/** Gathers `assets` in one stack: a pinned cover brings its whole stack along; what is left of others goes on, or ends. */
export function gather(assets: KnownAsset[], stackId: string): Pick<StackChange, "assets" | "emptied" | "shrunk"> {
  const emptied: EmptiedStack[] = [];
  const shrunk: string[] = [];
  for (const { stack, leaving } of bySource(assets, stackId)) {
    const bringsAll = stack.primaryAssetId !== null && leaving.includes(stack.primaryAssetId);
    if (bringsAll) emptied.push({ id: stack.id, to: stackId, chosen: false });
    else if (stack.memberCount - leaving.length < MIN_MEMBERS) emptied.push({ id: stack.id, to: null, chosen: false });
    else shrunk.push(stack.id);
  }
  return { assets: assets.map(({ id }) => ({ id, to: stackId })), emptied, shrunk };
}

/** Takes members out of their stack, which ends where it is left with fewer than two. */
export function takeOut(stack: KnownStack, leaving: string[]): StackChange {
  const ends = stack.memberCount - leaving.length < MIN_MEMBERS;
  const losesCover = stack.primaryAssetId !== null && leaving.includes(stack.primaryAssetId);
  return {
    libraryId: stack.libraryId,
    stackId: stack.id,
    createdFor: null,
    origin: "user",
    ...(losesCover ? { primaryAssetId: null } : {}),
    assets: leaving.map((id) => ({ id, to: null })),
    emptied: ends ? [{ id: stack.id, to: null, chosen: false }] : [],
    shrunk: [],
  };
}

/** Lets all members go. */
export function dissolve(stack: KnownStack): StackChange {
  return {
    libraryId: stack.libraryId,
    stackId: stack.id,
    createdFor: null,
    origin: "user",
    assets: [],
    emptied: [{ id: stack.id, to: null, chosen: true }],
    shrunk: [],
  };
}

/**
 * The stack of just these assets, with that pin, where someone has made it already; or the one that this very request
 * made, with what a cover among them brought along.
 */
export function sameStack(
  assets: KnownAsset[],
  primaryAssetId: string | null,
  isOfRequest: (stack: KnownStack) => boolean,
): KnownStack | null {
  const stack = assets[0]?.stack ?? null;
  if (stack === null || stack.origin !== "user" || stack.primaryAssetId !== primaryAssetId) return null;
  if (!assets.every((asset) => asset.stack?.id === stack.id)) return null;
  return stack.memberCount === assets.length || (stack.isAsMade && isOfRequest(stack)) ? stack : null;
}
