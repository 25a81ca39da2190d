import { measureQuality } from "../../../media/transcode/quality/qualityMetrics.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { noSourceImage } from "./noSourceImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Measures quality metrics of the displayed image and keeps metrics written by others. */
export async function runQualityScoring(context: Context, asset: Asset): Promise<TaskOutcome> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return noSourceImage(asset, images.reason);
  return { kind: "done", result: null, change: { metrics: measureQuality(images.analysis) } };
}
