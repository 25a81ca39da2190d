import { downscale } from "../../../media/transcode/quality/downscale.ts";
import { encodeThumbhash } from "../../../media/transcode/thumbhash.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { noSourceImage } from "./noSourceImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Input limit of ThumbHash (https://github.com/evanw/thumbhash). */
const MAX_EDGE_PX = 100;

/** Computes the ThumbHash of the displayed, upright image. */
export async function runThumbhash(context: Context, asset: Asset): Promise<TaskOutcome> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return noSourceImage(asset, images.reason);
  const thumbhash = encodeThumbhash(downscale(images.analysis, MAX_EDGE_PX));
  return { kind: "done", result: null, change: { thumbhash } };
}
