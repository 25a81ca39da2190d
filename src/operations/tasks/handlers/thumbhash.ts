import { encodeThumbhash } from "../../../media/transcode/thumbhash.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { describeWay, PICTURE_WAYS } from "../pictureWays.ts";
import { noSourceImage } from "./noSourceImage.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/**
 * Computes the ThumbHash of the displayed, upright image. As the first task that reads the image it makes the scaled
 * renditions, and its result names their way.
 */
export async function runThumbhash(context: Context, asset: Asset): Promise<TaskOutcome> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return noSourceImage(asset, images.reason);
  const thumbhash = encodeThumbhash(images.analysis);
  const { way, note } = images;
  const result = note === null ? PICTURE_WAYS[way] : describeWay("substitute", { note });
  return { kind: "done", result, change: { thumbhash } };
}
