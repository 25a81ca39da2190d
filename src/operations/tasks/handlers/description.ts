import { encodePreviewJpeg } from "../../../media/transcode/display/previewJpeg.ts";
import { decodeRendition } from "../../../media/transcode/webp/decodeWebp.ts";
import { renderPreview, type Preview } from "../../../providers/describers/previewImage.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { openDisplaySource } from "../../delivery/displaySource.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { displayImages } from "../../delivery/scaled/displayImages.ts";
import { RENDITION_MEMORY_BYTES, withDecoder } from "../../delivery/scaled/decoderTurn.ts";
import { noSourceImage } from "./noSourceImage.ts";
import type { Context } from "../../context.ts";

/**
 * Returns the JPEG for the describer and the embedder: the stored preview converted, or another rendering on the Workers Free plan, which
 * has no preview and too little CPU for the conversion.
 */
export async function previewJpeg(context: Context, asset: Asset): Promise<Preview | { kind: "none"; reason: string }> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return images;
  const { preview } = images;
  if (preview !== null) {
    const bytes = await withDecoder(RENDITION_MEMORY_BYTES, async () =>
      encodePreviewJpeg(await decodeRendition(preview)),
    );
    return { kind: "image", image: { bytes, mimeType: "image/jpeg" } };
  }
  const source = await openDisplaySource(context, asset);
  return source.kind === "none" ? source : await renderPreview(context.images, source.body);
}

/** Asks a describer for a caption of the displayed image. Captions from users are stored separately and are kept. */
export async function runDescription(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { describer } = context;
  if (describer === null) return { kind: "skipped", reason: "no describer is configured (DESCRIBER)" };
  const preview = await previewJpeg(context, asset);
  if (preview.kind === "none") return noSourceImage(asset, preview.reason);
  if (preview.kind === "unreadable") return { kind: "failed", reason: preview.reason };
  const description = await describer.describe(preview.image);
  if (description.kind === "unreadable" || description.kind === "misconfigured") {
    return { kind: "failed", reason: description.reason };
  }
  // An empty description means that the model declined; null means that the task has yet to run.
  const declined = description.kind === "declined";
  const change = { description: declined ? "" : description.text };
  return { kind: "done", result: declined ? "the model declined" : null, change };
}
