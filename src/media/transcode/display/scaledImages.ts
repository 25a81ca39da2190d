/** Derives the smaller images of a photo from its preview, so that one decoding or rendering serves all of them. */
import type { RgbaImage } from "../rgbaImage.ts";
import { resizeImage, resizeToSize } from "../resize/resizeImage.ts";
import { scaledSize, type Size } from "../resize/scaledSize.ts";
import { encodeWebp } from "../webp/encodeWebp.ts";

/** Longest edge of the image for the thumbhash and the quality metrics: large enough to measure blur. */
export const ANALYSIS_EDGE_PX = 512;

/**
 * WebP qualities. The smaller images keep a structural similarity of 0.97 to a Lanczos reference of the original, also
 * of detailed photos (docs/decisions/0020). Cloudflare's default for the preview is 85 too.
 */
export const WEBP_QUALITIES = { preview: 85, small: 88, thumbnail: 90 } as const;

/** A small photo's preview serves as its smaller images too, and has their quality. */
function previewQuality({ width, height }: Size, edges: ScaledEdges): number {
  const longest = Math.max(width, height);
  if (longest <= edges.thumbnail) return WEBP_QUALITIES.thumbnail;
  return longest <= edges.small ? WEBP_QUALITIES.small : WEBP_QUALITIES.preview;
}

/** Encoded images are WebP. */
export interface ScaledImages {
  preview: Uint8Array;
  small: Uint8Array;
  thumbnail: Uint8Array;
  /** At most `ANALYSIS_EDGE_PX` a side. */
  analysis: RgbaImage;
}

/** Longest edge of each encoded image in pixels. */
export type ScaledEdges = Readonly<Record<"preview" | "small" | "thumbnail", number>>;

/** Resizes an image for the thumbhash and the quality metrics. */
export function toAnalysisImage(image: RgbaImage): RgbaImage {
  return resizeImage(image, ANALYSIS_EDGE_PX);
}

/** Makes the same analysis image from a decoded preview as `deriveScaledImages` does. */
export function analysisOfPreview(image: RgbaImage, edges: ScaledEdges, original: Size): RgbaImage {
  return toAnalysisImage(shrink(image, scaledSize(unroundedSize(image, original), edges.small)));
}

/**
 * The size to compute smaller sizes from: the original's, because rounding the preview's rounded size again could differ
 * by a pixel from what the API states. Without the original's aspect ratio, as some embedded previews, the image's own.
 */
function unroundedSize(image: Size, original: Size): Size {
  const rounded = scaledSize(original, Math.max(image.width, image.height));
  const isSame = Math.abs(rounded.width - image.width) <= 1 && Math.abs(rounded.height - image.height) <= 1;
  return isSame ? original : image;
}

function shrink(image: RgbaImage, to: Size): RgbaImage {
  return resizeToSize(image, { width: Math.min(to.width, image.width), height: Math.min(to.height, image.height) });
}

/**
 * Resizes and encodes a decoded image; each smaller image is made from the next larger one. `encodedPreview` are the
 * bytes that `image` was decoded from, if it has the size of the preview: they are kept, and serve every image of the
 * same size. `original` is the upright size of the photo, which the sizes are computed from.
 */
export async function deriveScaledImages(
  image: RgbaImage,
  encodedPreview: Uint8Array | null,
  edges: ScaledEdges,
  original: Size = image,
): Promise<ScaledImages> {
  const full = unroundedSize(image, original);
  const previewImage = encodedPreview === null ? shrink(image, scaledSize(full, edges.preview)) : image;
  const smallImage = shrink(previewImage, scaledSize(full, edges.small));
  const thumbnailImage = shrink(smallImage, scaledSize(full, edges.thumbnail));
  const preview = encodedPreview ?? (await encodeWebp(previewImage, { quality: previewQuality(previewImage, edges) }));
  const small = smallImage === previewImage ? preview : await encodeWebp(smallImage, { quality: WEBP_QUALITIES.small });
  const thumbnail =
    thumbnailImage === smallImage ? small : await encodeWebp(thumbnailImage, { quality: WEBP_QUALITIES.thumbnail });
  return { preview, small, thumbnail, analysis: toAnalysisImage(smallImage) };
}
