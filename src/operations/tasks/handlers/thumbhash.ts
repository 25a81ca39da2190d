import { downscale } from "../../../media/transcode/quality/downscale.ts";
import { encodeThumbhash } from "../../../media/transcode/thumbhash.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { noSourceImage, renderAnalysisImage } from "./analysisImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Input limit of ThumbHash (https://github.com/evanw/thumbhash). */
const MAX_EDGE_PX = 100;

/** Computes the ThumbHash of the displayed, upright image. */
export async function runThumbhash(context: Context, asset: Asset): Promise<TaskOutcome> {
  const analysis = await renderAnalysisImage(context, asset);
  if (analysis.kind === "none") return noSourceImage(asset, analysis.reason);
  const thumbhash = encodeThumbhash(downscale(analysis.image, MAX_EDGE_PX));
  return { kind: "done", result: null, change: { thumbhash } };
}
