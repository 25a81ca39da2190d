/** Where TIFF begins in a block of EXIF: writers put the name of JPEG's segment or an offset in front, some of them a wrong one. */
import { startsWith } from "../bytes/bytes.ts";
import { memorySource } from "../bytes/byteSource.ts";
import type { TiffBlock } from "../containers/imageContent.ts";

const marks = ["II*\0", "MM\0*"];
/** Right at the start, behind HEIF's offset, behind JPEG's name, behind both. */
const usualPlaces = [0, 4, 6, 10];

/** `expectedAt` is where the container says it begins. */
export function exifBlock(bytes: Uint8Array, expectedAt = 0): TiffBlock {
  const places = [expectedAt, ...usualPlaces];
  const at = places.find((place) => marks.some((mark) => startsWith(bytes, mark, place))) ?? expectedAt;
  return { source: memorySource(bytes.slice(at)), firstDirectory: "image" };
}
