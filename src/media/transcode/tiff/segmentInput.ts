/** The compressed bytes of one strip or tile, read in windows. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";

/** Bytes of one window. */
export const SEGMENT_WINDOW_BYTES = 256 * 1024;

export interface SegmentInput {
  /** The current window and the read position in it, which callers advance. */
  bytes: Uint8Array;
  position: number;
  /** Replaces an empty window by the next one; false at the end of the segment or of the file. */
  refill(): Promise<boolean>;
}

/** Creates an input for `length` bytes from `offset`. Nothing is read before the first `refill`. */
export function segmentInput(source: ByteSource, offset: number, length: number): SegmentInput {
  let at = offset;
  const end = Math.min(offset + length, source.sizeBytes);
  const input: SegmentInput = {
    bytes: new Uint8Array(),
    position: 0,
    refill: async () => {
      if (at >= end) return false;
      input.bytes = await source.read(at, Math.min(SEGMENT_WINDOW_BYTES, end - at));
      input.position = 0;
      at += input.bytes.length;
      return input.bytes.length > 0;
    },
  };
  return input;
}
