/** Builds the marker segments of a JPEG. */
import { concat } from "../../inspect/bytes/bytes.ts";
import { zigzag, type HuffmanTable } from "./jpegTables.ts";

/** Markers are in T.81 table B.1; the length includes its own two bytes. */
export function segment(marker: number, content: Uint8Array | number[]): Uint8Array {
  const length = content.length + 2;
  return concat([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), Uint8Array.from(content)]);
}

function asciiBytes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** One big-endian directory with one entry: tag 0x112, SHORT, count 1. */
const ORIENTATION_HEADER = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";

/** Builds an EXIF block that contains only the orientation. */
export function orientationTiff(orientation: number): Uint8Array {
  return Uint8Array.from([...asciiBytes(ORIENTATION_HEADER), orientation, 0, 0, 0, 0, 0, 0]);
}

/** Builds an EXIF segment that contains only the orientation. */
export function orientationSegment(orientation: number): Uint8Array {
  return segment(0xe1, [...asciiBytes("Exif\0\0"), ...orientationTiff(orientation)]);
}

/** A segment holds 65,533 bytes, 14 of them name and numbers. */
const MAX_PROFILE_PIECE_BYTES = 65_533 - 14;

/** Splits a profile into numbered segments; ICC.1 annex B.4. A profile of more than 255 segments is omitted. */
export function profileSegments(profile: Uint8Array): Uint8Array[] {
  const count = Math.ceil(profile.length / MAX_PROFILE_PIECE_BYTES);
  if (count > 255) return [];
  return Array.from({ length: count }, (_, index) => {
    const piece = profile.subarray(index * MAX_PROFILE_PIECE_BYTES, (index + 1) * MAX_PROFILE_PIECE_BYTES);
    return segment(0xe2, concat([Uint8Array.from([...asciiBytes("ICC_PROFILE\0"), index + 1, count]), piece]));
  });
}

/** `steps` are row by row. */
export function quantizationSegment(id: number, steps: Uint8Array): Uint8Array {
  return segment(0xdb, [id, ...Array.from(zigzag, (at) => steps[at] ?? 1)]);
}

/** `kind` is 0 for DC tables and 1 for AC tables. */
export function huffmanSegment(kind: number, id: number, { counts, symbols }: HuffmanTable): Uint8Array {
  return segment(0xc4, [kind * 16 + id, ...counts, ...symbols]);
}

/** Baseline, 8 bits, 4:2:0 subsampling. */
export function frameSegment(width: number, height: number): Uint8Array {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  return segment(0xc0, [8, ...size, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
}

/** One scan with all three components. */
export const scanSegment = segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);

export const jfifSegment = segment(0xe0, [...asciiBytes("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
export const START_OF_IMAGE = Uint8Array.of(0xff, 0xd8);
export const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);
