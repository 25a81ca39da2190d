import { rgbaToThumbHash } from "thumbhash";
import type { RgbaImage } from "./rgbaImage.ts";
import { resizeImage } from "./resize/resizeImage.ts";

/** Input limit of ThumbHash (https://github.com/evanw/thumbhash). */
const MAX_EDGE_PX = 100;

/** Encodes a ThumbHash as base64, about 28 characters, from an image that is shrunk to 100 × 100 pixels at most. */
export function encodeThumbhash(image: RgbaImage): string {
  const { width, height, rgba } = resizeImage(image, MAX_EDGE_PX);
  return rgbaToThumbHash(width, height, rgba).toBase64();
}
