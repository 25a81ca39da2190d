/** The marker segments of a JPEG file, made and not read: what a decoder is told before the pixels. */
import { concatenated } from "../../inspect/bytes/bytes.ts";
import { zigzag, type HuffmanTable } from "./jpegTables.ts";

/** T.81 table B.1; a segment's length counts its own two bytes. */
export function segment(marker: number, content: Uint8Array | number[]): Uint8Array {
  const length = content.length + 2;
  return concatenated([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), Uint8Array.from(content)]);
}

function bytesOf(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** EXIF with one entry: how the picture is to be turned (tag 0x112, a SHORT). Nothing else of the original gets in. */
export function orientationSegment(orientation: number): Uint8Array {
  const tiff = [...bytesOf("MM\0*"), 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  return segment(0xe1, [...bytesOf("Exif\0\0"), ...tiff]);
}

/** What one segment holds of a profile beside its name and its number. */
const PROFILE_BYTES = 65_533 - 14;

/** ICC.1 annex B.4: the profile in numbered pieces. One of more than 255 pieces is left out. */
export function profileSegments(profile: Uint8Array): Uint8Array[] {
  const count = Math.ceil(profile.length / PROFILE_BYTES);
  if (count > 255) return [];
  return Array.from({ length: count }, (_, index) => {
    const piece = profile.subarray(index * PROFILE_BYTES, (index + 1) * PROFILE_BYTES);
    return segment(0xe2, concatenated([Uint8Array.from([...bytesOf("ICC_PROFILE\0"), index + 1, count]), piece]));
  });
}

export function quantizationSegment(id: number, steps: Uint8Array): Uint8Array {
  return segment(0xdb, [id, ...Array.from(zigzag, (at) => steps[at] ?? 1)]);
}

/** `kind`: 0 for first coefficients, 1 for the others. */
export function huffmanSegment(kind: number, id: number, { counts, symbols }: HuffmanTable): Uint8Array {
  return segment(0xc4, [kind * 16 + id, ...counts, ...symbols]);
}

/** Baseline, 8 bits, Y at twice the resolution of Cb and Cr. */
export function frameSegment(width: number, height: number): Uint8Array {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  return segment(0xc0, [8, ...size, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
}

/** One scan with all three components. */
export const scanSegment = segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);

export const jfifSegment = segment(0xe0, [...bytesOf("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
export const startOfImage = Uint8Array.of(0xff, 0xd8);
export const endOfImage = Uint8Array.of(0xff, 0xd9);
