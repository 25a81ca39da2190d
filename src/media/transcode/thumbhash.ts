/** ThumbHash of a small picture, in the base64 form that clients take. */
import { rgbaToThumbHash } from "thumbhash";
import type { Picture } from "./png/decodePng.ts";

/** `picture` at most 100 × 100. About 28 characters. */
export function thumbhashOf(picture: Picture): string {
  return btoa(String.fromCharCode(...rgbaToThumbHash(picture.width, picture.height, picture.rgba)));
}
