/**
 * Puts the frames of a camera's burst into one stack, and a late one into the stack there is. Never touches a stack that
 * someone made or changed, nor an asset that someone took out of one.
 */
import { newId } from "../../../kernel/ids.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { readBurst, type Frame } from "../../../records/stacks/bursts.ts";
import { applyStackChange, type StackChange } from "../../../records/stacks/stackChanges.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";

/** Longest pause within a burst. Frames follow each other in tenths of a second; clocks without fractions, and timers, in seconds. */
const GAP_US = 30 * 1_000_000;
/** To either side of a frame. What lies beyond has tasks of its own, which join the stack. */
const MAX_FRAMES = 1000;
/** A frame's neighbours are often worked on at the same time, and whoever writes first makes the stack. */
const MAX_TRIES = 4;

const isFree = (frame: Frame): boolean => frame.stackId === null && !frame.isTrashed && !frame.wasTakenOut;

/** What makes one stack of these frames; null where they are in one, or too few. */
function planBurst(asset: Asset, frames: Frame[], nowMs: number): StackChange | null {
  const loose = frames.filter(isFree).map(({ id }) => id);
  const made = frames.flatMap(({ stackId, origin }) => (stackId !== null && origin === "auto_burst" ? [stackId] : []));
  // The oldest, and all that a frame between them shows to be the same burst.
  const [oldest, ...others] = [...new Set(made)].toSorted();
  if (oldest === undefined ? loose.length < 2 : loose.length + others.length === 0) return null;
  const stackId = oldest ?? newId("stack", nowMs);
  return {
    libraryId: asset.libraryId,
    stackId,
    createdFor: oldest === undefined ? asset.userId : null,
    origin: "auto_burst",
    assets: loose.map((id) => ({ id, to: stackId })),
    emptied: others.map((id) => ({ id, to: stackId, chosen: false })),
    shrunk: [],
  };
}

/** Why this frame is none of detection's business; null where it is. */
function leftAlone(frame: Frame | undefined): string | null {
  if (frame === undefined) return "the asset is gone";
  if (frame.origin === "user") return "it is in a stack that someone made or changed";
  if (frame.wasTakenOut) return "someone took it out of a stack";
  if (frame.isTrashed && frame.stackId === null) return "it is in the trash";
  return null;
}

export async function runBurst(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  const { autoStackId } = asset.metadata;
  if (autoStackId === null) return { kind: "skipped", reason: "the camera names no burst" };
  const { id: assetId, libraryId } = asset;
  for (let i = 0; i < MAX_TRIES; i++) {
    const question = { libraryId, assetId, autoStackId, gapUs: GAP_US, maxFrames: MAX_FRAMES };
    const { frames, unchanged } = await readBurst(deps.db, question);
    const reason = leftAlone(frames.find((frame) => frame.id === assetId));
    if (reason !== null) return { kind: "skipped", reason };
    const change = planBurst(asset, frames, deps.nowMs);
    if (change === null) return { kind: "done", result: null };
    if ((await applyStackChange(deps.db, change, unchanged, deps.nowMs)) !== false) {
      return { kind: "done", result: `stacked ${change.assets.length}` };
    }
  }
  return { kind: "again", reason: "other frames of its burst are being stacked" };
}
