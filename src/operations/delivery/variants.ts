/** The sizes a picture is offered in, and what each is called. Renders nothing. */

/** Longest edge in pixels; null: full resolution. Never enlarged. */
export const rungEdges = { thumbnail: 360, small: 720, preview: 1440, fullsize: null } as const;
export type Rung = keyof typeof rungEdges;
export const rungs: readonly Rung[] = ["thumbnail", "small", "preview", "fullsize"];

export const rungFormats = ["webp", "avif", "jpeg"] as const;
export type RungFormat = (typeof rungFormats)[number];

/** A video's rungs show its still, and say so. */
export function variantOf(rung: Rung, mediaType: "image" | "video"): string {
  return mediaType === "video" ? `${rung}_image` : rung;
}

/** Null for a variant that is no rung, such as `original`. */
export function rungOf(variant: string): { rung: Rung; mediaType: "image" | "video" } | null {
  const mediaType = variant.endsWith("_image") ? "video" : "image";
  const name = variant.replace(/_image$/, "");
  const rung = rungs.find((candidate) => candidate === name);
  return rung === undefined ? null : { rung, mediaType };
}

/** Pixels of a rung of a picture that is shown as `width` × `height`; null while that is unknown. */
export function rungWidth(rung: Rung, width: number, height: number): number | null {
  const edge = rungEdges[rung];
  if (width <= 0 || height <= 0) return null;
  const scale = edge === null ? 1 : Math.min(1, edge / Math.max(width, height));
  return Math.max(1, Math.round(width * scale));
}

/** AVIF where the caller names it, WebP where it names that or takes anything, else JPEG, which all read. */
export function negotiate(accept: string | null, rung: Rung): RungFormat {
  const types = (accept ?? "*/*").toLowerCase();
  // An AVIF of full size is beyond what Images encodes.
  if (types.includes("image/avif") && rung !== "fullsize") return "avif";
  return /image\/webp|image\/\*|\*\/\*/.test(types) ? "webp" : "jpeg";
}
