import { startsWith } from "../bytes/bytes.ts";
import { memorySource } from "../bytes/byteSource.ts";
import type { ExifBlock } from "../containers/imageContent.ts";

const tiffSignatures = ["II*\0", "MM\0*"];
/** Without a prefix, after HEIF's offset, JPEG's name ("Exif\0\0"), or both. */
const usualOffsets = [0, 4, 6, 10];

/**
 * Makes a block of the bytes of an EXIF chunk or item. `expectedOffset` is the container's offset of the TIFF header;
 * some writers state a wrong one, or put JPEG's segment name in front.
 */
export function toExifBlock(bytes: Uint8Array, expectedOffset = 0): ExifBlock {
  const offsets = [expectedOffset, ...usualOffsets];
  const start =
    offsets.find((offset) => tiffSignatures.some((signature) => startsWith(bytes, signature, offset))) ??
    expectedOffset;
  return exifBlockOf(bytes.slice(start));
}

/** Makes a block of bytes that begin with a TIFF header and span their entire buffer. */
export function exifBlockOf(bytes: Uint8Array): ExifBlock {
  return { source: memorySource(bytes), bytes, firstDirectory: "image" };
}
