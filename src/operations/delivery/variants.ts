import { scaledSize } from "../../media/transcode/resize/scaledSize.ts";

/** Longest edge of each variant in pixels; null keeps the full resolution. Smaller images keep their size. */
export const VARIANT_EDGES_PX = { thumbnail: 360, small: 720, preview: 1440, fullsize: null } as const;
export type Variant = keyof typeof VARIANT_EDGES_PX;
export const variants: readonly Variant[] = ["thumbnail", "small", "preview", "fullsize"];

/** The file format of a rendition. Each variant of a version has one, so that its URL has one response. */
export type RenditionFormat = "webp" | "jpeg";

/** Returns the API name of a variant. Variants of a video show its poster and have the suffix `_image`. */
export function variantName(variant: Variant, mediaType: "image" | "video"): string {
  return mediaType === "video" ? `${variant}_image` : variant;
}

/** Parses an API variant name. Returns null for other names, such as `original`. */
export function parseVariantName(name: string): { variant: Variant; mediaType: "image" | "video" } | null {
  const mediaType = name.endsWith("_image") ? "video" : "image";
  const variant = variants.find((candidate) => candidate === name.replace(/_image$/, ""));
  return variant === undefined ? null : { variant, mediaType };
}

/** Options of Cloudflare's image resizing. */
export function edgeOptions(edgePx: number): string {
  return `width=${edgePx},height=${edgePx},fit=scale-down,metadata=none,format=webp`;
}

/** Names the bytes that a renderer reads. Their URLs are internal: only edge resizing fetches them. */
export function sourceVariantName(mediaType: "image" | "video"): string {
  return mediaType === "video" ? "source_image" : "source";
}

/** The media type of a source variant; null for other names. */
export function parseSourceVariant(name: string): "image" | "video" | null {
  return (["image", "video"] as const).find((mediaType) => sourceVariantName(mediaType) === name) ?? null;
}

/** Longest edge of a WebP in pixels. */
export const MAX_WEBP_EDGE_PX = 16_383;

/** Format of a variant of an image with the given longest edge: JPEG if the variant is too large for WebP. */
export function renditionFormat(variant: Variant, longestEdgePx: number): RenditionFormat {
  return Math.min(longestEdgePx, VARIANT_EDGES_PX[variant] ?? longestEdgePx) > MAX_WEBP_EDGE_PX ? "jpeg" : "webp";
}

/** Width in pixels of a variant of an upright `width` × `height` image; null while its size is unknown. */
export function variantWidth(variant: Variant, width: number, height: number): number | null {
  if (width <= 0 || height <= 0) return null;
  return scaledSize({ width, height }, VARIANT_EDGES_PX[variant]).width;
}
