import type { Asset } from "../../../records/assets/assets.ts";
import type { TaskOutcome } from "../taskOutcome.ts";

/** Outcome without a source image. A video without a poster is skipped, and setting a poster resets the task. */
export function noSourceImage(asset: Asset, reason: string): TaskOutcome {
  const awaitsPoster = asset.mediaType === "video" && asset.posterVersionId === null;
  return { kind: awaitsPoster ? "skipped" : "failed", reason };
}
