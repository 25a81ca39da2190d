/** Derives the smaller images of a photo from its preview, so that one decoding or rendering serves all of them. */
import type { RgbaImage } from "../png/decodePng.ts";
import { resizeImage } from "../resize/resizeImage.ts";
import { encodeWebp } from "../webp/encodeWebp.ts";

/** Longest edge of the image for the thumbhash and the quality metrics: large enough to measure blur. */
export const ANALYSIS_EDGE_PX = 512;

/** Photos of 360 pixels take about 15 KB at this quality, of 1440 pixels about 200 KB. */
const WEBP_QUALITY = 80;

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

/** Longest edge that the image has after resizing. */
function resultEdge({ width, height }: RgbaImage, edgePx: number): number {
  return Math.min(edgePx, Math.max(width, height));
}

/**
 * Resizes and encodes a decoded image. `encodedPreview` are the bytes that `image` was decoded from, if it has the size
 * of the preview: they are kept, and serve every image of the same size.
 */
export async function deriveScaledImages(
  image: RgbaImage,
  encodedPreview: Uint8Array | null,
  edges: ScaledEdges,
): Promise<ScaledImages> {
  const encode = async (edgePx: number) => await encodeWebp(resizeImage(image, edgePx), { quality: WEBP_QUALITY });
  const preview = encodedPreview ?? (await encode(edges.preview));
  const isSame = (a: number, b: number) => resultEdge(image, a) === resultEdge(image, b);
  const small = isSame(edges.small, edges.preview) ? preview : await encode(edges.small);
  const thumbnail = isSame(edges.thumbnail, edges.small) ? small : await encode(edges.thumbnail);
  return { preview, small, thumbnail, analysis: toAnalysisImage(image) };
}
