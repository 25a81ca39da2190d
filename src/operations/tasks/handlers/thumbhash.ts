/** A ThumbHash of the picture as it is shown, never of the original's own pixels. */
import { shrinkPicture } from "../../../media/transcode/quality/downscale.ts";
import { thumbhashOf } from "../../../media/transcode/thumbhash.ts";
import { setThumbhash, type Asset } from "../../../records/assets/assets.ts";
import { smallPicture } from "./analysisImage.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";

/** ThumbHash takes at most 100 × 100. */
const EDGE_PX = 100;

export async function runThumbhash(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  const small = await smallPicture(deps, asset);
  if (small.kind === "none") return nothingToSee(asset, small.reason);
  await setThumbhash(deps.db, asset, thumbhashOf(shrinkPicture(small.picture, EDGE_PX)), deps.nowMs);
  return { kind: "done", result: null };
}

/** A video without a still has no picture to look at yet, which is no failure; a still reopens its work. */
export function nothingToSee(asset: Asset, reason: string): Outcome {
  const waits = asset.mediaType === "video" && asset.stillVersionId === null;
  return { kind: waits ? "skipped" : "impossible", reason };
}
