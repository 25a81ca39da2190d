/**
 * The ways to the picture of a file, as the `result` of its tasks names them, and what to do about a file without one.
 * Words in braces stand for a value. `docs/pictures.md` lists them.
 */
export const PICTURE_WAYS = {
  stillPhoto: "copied the still photo of the live photo",
  coverArt: "extracted the cover art",
  image: "the file is an image",
  mediaTransformations: "extracted a frame with Media Transformations",
  keyFrame: "decoded a key frame of {codec}",
  clientPoster: "kept the client's poster",
  unchangedPoster: "kept the poster",
  newerPoster: "kept the newer poster",
  earlierPoster: "kept the earlier poster: {reason}",
  embeddedJpeg: "embedded JPEG, {width} × {height}",
  decoded: "full size, {width} × {height}, decoded from {format}",
  reduced: "reduced, {width} × {height}, decoded from {format}",
  requantized: "full size, {width} × {height}, requantized",
  converted: "full size, encoded by Cloudflare Images as {type}",
  unchangedProxy: "kept the display proxy",
  worker: "renditions decoded in the Worker",
  substitute: "renditions decoded in the Worker; {note}",
  cloudflareImages: "renditions rendered by Cloudflare Images",
  unchangedRenditions: "kept the renditions",
} as const;

export type PictureWay = keyof typeof PICTURE_WAYS;

/** Fills the words in braces. Throws if a value is missing. */
export function describeWay(way: PictureWay, values: Record<string, string | number> = {}): string {
  return PICTURE_WAYS[way].replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${way} has no ${name}`);
    return String(value);
  });
}

function patternOf(text: string): RegExp {
  const parts = text.split(/\{\w+\}/).map((part) => part.replaceAll(/[.()|[\]]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".+")}$`);
}

/** The text of `PICTURE_WAYS` that a task's result is made of; null if it is made of none. */
export function findWay(result: string): string | null {
  return Object.values(PICTURE_WAYS).find((text) => patternOf(text).test(result)) ?? null;
}

/** What a client does about a file without a picture. Reasons end with it. */
export const ADVICE = {
  poster: "upload a poster with PUT /api/assets/{asset_id}/still",
  proxy: "add a JPEG of it with POST /api/assets/{asset_id}/versions",
} as const;
