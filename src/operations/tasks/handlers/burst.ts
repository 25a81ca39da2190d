import { newId } from "../../../kernel/ids.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { readBurst, type BurstFrame } from "../../../records/stacks/bursts.ts";
import { applyStackChange, type StackChange } from "../../../records/stacks/stackChanges.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Maximum gap within a burst: long enough for self-timers and for cameras whose clock has whole seconds. */
const MAX_GAP_US = 30 * 1_000_000;
/** Frames read on each side of the asset. Tasks of frames beyond it add them to the same stack. */
const MAX_FRAMES = 1000;
/** Tasks of neighbouring frames often run concurrently; the first write creates the stack. */
const MAX_ATTEMPTS = 4;

/** Some cameras write zeros, plain or in the form of a UUID, into single photos. */
const EMPTY_BURST_ID = /^[0\s{}_-]*$/;

const isStackable = (frame: BurstFrame): boolean => frame.stackId === null && !frame.isTrashed && !frame.wasUnstacked;

/** Plans stacking the frames. Returns null if they are stacked already or too few. */
function planBurst(asset: Asset, frames: BurstFrame[], nowMs: number): StackChange | null {
  const stackableIds = frames.filter(isStackable).map(({ id }) => id);
  const burstStackIds = frames.flatMap(({ stackId, origin }) =>
    stackId !== null && origin === "auto_burst" ? [stackId] : [],
  );
  // A frame between two burst stacks connects them, so newer stacks are merged into the oldest.
  const [oldest, ...others] = [...new Set(burstStackIds)].toSorted();
  if (oldest === undefined ? stackableIds.length < 2 : stackableIds.length + others.length === 0) return null;
  const stackId = oldest ?? newId("stack", nowMs);
  return {
    libraryId: asset.libraryId,
    stackId,
    newStackUserId: oldest === undefined ? asset.userId : null,
    origin: "auto_burst",
    assets: stackableIds.map((id) => ({ id, to: stackId })),
    deletedStacks: others.map((id) => ({ id, to: stackId, byUser: false })),
    reducedStackIds: [],
  };
}

/** Reason to leave the frame to the user's own decision, or null. */
function skipReason(frame: BurstFrame | undefined): string | null {
  if (frame === undefined) return "the asset was deleted";
  if (frame.origin === "user") return "the asset is in a stack created or edited by a user";
  if (frame.wasUnstacked) return "a user removed the asset from a stack";
  if (frame.isTrashed && frame.stackId === null) return "the asset is trashed";
  return null;
}

/**
 * Stacks the frames of a camera burst and adds late frames to the existing stack. Stacks that a user created or
 * edited, and assets that a user removed from a stack, stay unchanged.
 */
export async function runBurstDetection(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { autoStackId, make } = asset.metadata;
  if (autoStackId === null || EMPTY_BURST_ID.test(autoStackId))
    return { kind: "skipped", reason: "the file has no burst identifier" };
  const { id: assetId, libraryId } = asset;
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    const query = { libraryId, assetId, autoStackId, make, gapUs: MAX_GAP_US, maxFrames: MAX_FRAMES };
    const { frames, unchanged } = await readBurst(context.db, query);
    const reason = skipReason(frames.find((frame) => frame.id === assetId));
    if (reason !== null) return { kind: "skipped", reason };
    const change = planBurst(asset, frames, context.nowMs);
    if (change === null) return { kind: "done", result: null };
    if ((await applyStackChange(context.db, change, unchanged, context.nowMs)) !== false) {
      return { kind: "done", result: `stacked ${change.assets.length}` };
    }
  }
  return { kind: "retry", reason: "frames of the same burst are being stacked concurrently" };
}
