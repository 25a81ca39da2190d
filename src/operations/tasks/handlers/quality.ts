import { measureQuality } from "../../../media/transcode/quality/qualityMetrics.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { noSourceImage, renderAnalysisImage } from "./analysisImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Measures quality metrics of the displayed image and keeps metrics written by others. */
export async function runImageQuality(context: Context, asset: Asset): Promise<TaskOutcome> {
  const analysis = await renderAnalysisImage(context, asset);
  if (analysis.kind === "none") return noSourceImage(asset, analysis.reason);
  return { kind: "done", result: null, change: { metrics: measureQuality(analysis.image) } };
}
