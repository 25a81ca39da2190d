/** Splits H.264 data into NAL units: byte streams, samples of MP4 and Matroska, and their configuration records. */
import { startCodeUnits } from "../../inspect/video/codecs/bitReader.ts";

/** A picture of 4K has at most some hundred slices; what exceeds this isn't a key frame. */
export const MAX_NAL_UNITS = 16_384;

export interface AvcConfiguration {
  /** Size of the length in front of each unit of a sample. */
  lengthBytes: number;
  parameterSets: Uint8Array[];
}

/** Returns the units of a byte stream (ITU-T H.264 Annex B), at most `MAX_NAL_UNITS`. */
export function annexBUnits(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (const unit of startCodeUnits(bytes)) {
    if (unit.length > 0) units.push(unit);
    if (units.length === MAX_NAL_UNITS) break;
  }
  return units;
}

function readLength(bytes: Uint8Array, at: number, lengthBytes: number): number {
  let length = 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[at + i] ?? 0);
  return length;
}

/**
 * Returns the units of a sample, each with its length in front (ISO/IEC 14496-15 §5.2.3), at most `MAX_NAL_UNITS`. A
 * unit that exceeds the sample ends it.
 */
export function lengthPrefixedUnits(sample: Uint8Array, lengthBytes: number): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at + lengthBytes < sample.length && units.length < MAX_NAL_UNITS) {
    const length = readLength(sample, at, lengthBytes);
    at += lengthBytes;
    if (length > 0) units.push(sample.subarray(at, at + length));
    at += length;
  }
  return units;
}

/** Parses `avcC` (ISO/IEC 14496-15 §5.2.4.1). Returns null if it is truncated. */
export function parseAvcConfiguration(bytes: Uint8Array): AvcConfiguration | null {
  const parameterSets: Uint8Array[] = [];
  let at = 5;
  for (const mask of [31, 255]) {
    const count = bytes[at];
    if (count === undefined) return null;
    at++;
    for (let i = 0; i < (count & mask); i++) {
      const length = readLength(bytes, at, 2);
      at += 2;
      if (length === 0 || at + length > bytes.length) return null;
      parameterSets.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return { lengthBytes: ((bytes[4] ?? 0) & 3) + 1, parameterSets };
}
