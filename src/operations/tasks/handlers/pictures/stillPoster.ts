import type { Asset } from "../../../../records/assets/assets.ts";
import type { PosterImage } from "../../../delivery/posters/posters.ts";
import { displayImages } from "../../../delivery/scaled/displayImages.ts";
import type { Context } from "../../../context.ts";
import { previewJpeg } from "../description.ts";

/**
 * Returns the preview of a live photo's still, as the poster of its film. Null if the still can't be shown, or not yet: a
 * trigger reopens the film's task when it can.
 */
export async function copyStillPhoto(context: Context, still: Asset): Promise<PosterImage | null> {
  const source = still.currentVersionId;
  const images = await displayImages(context, still);
  if (images.kind === "none") return null;
  if (images.preview !== null) return { bytes: images.preview, mimeType: "image/webp", source };
  const rendered = await previewJpeg(context, still);
  return rendered.kind === "image" ? { ...rendered.image, source } : null;
}
