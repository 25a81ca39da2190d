/** Searches films without an index: a key frame is looked for at some places of the file. */
import type { ByteRange } from "../../bytes/byteSource.ts";

/** The places divide the file into equal parts. */
export const SEARCHED_PLACES = 10;

/** Read from one place on until a key frame is found: two seconds of a film of 30 Mbit/s. */
export const MAX_PLACE_SEARCH_BYTES = 8 * 1024 * 1024;

/** Returns the offset of a place, given as a fraction, between two offsets. */
export function placeOffset({ offset, length }: ByteRange, fraction: number): number {
  return offset + Math.floor(length * fraction);
}
