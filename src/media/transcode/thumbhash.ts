import { rgbaToThumbHash } from "thumbhash";
import type { RgbaImage } from "./png/decodePng.ts";

/** Encodes a ThumbHash as base64, about 28 characters, from an image of at most 100 × 100 pixels. */
export function encodeThumbhash({ width, height, rgba }: RgbaImage): string {
  return rgbaToThumbHash(width, height, rgba).toBase64();
}
