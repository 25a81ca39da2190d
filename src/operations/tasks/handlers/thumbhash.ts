import { encodeThumbhash } from "../../../media/transcode/thumbhash.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { noSourceImage } from "./noSourceImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Computes the ThumbHash of the displayed, upright image. */
export async function runThumbhash(context: Context, asset: Asset): Promise<TaskOutcome> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return noSourceImage(asset, images.reason);
  const thumbhash = encodeThumbhash(images.analysis);
  return { kind: "done", result: null, change: { thumbhash } };
}
