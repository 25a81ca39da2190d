/** A source in memory that counts what is read from it. */
import type { ByteSource } from "../../../src/media/inspect/bytes/byteSource.ts";

export interface CountingSource extends ByteSource {
  /** `longest`: the most bytes that were asked for at once, there or not. */
  readonly counts: { bytes: number; reads: number; longest: number };
}

export function countingSource(bytes: Uint8Array): CountingSource {
  const counts = { bytes: 0, reads: 0, longest: 0 };
  return {
    sizeBytes: bytes.length,
    counts,
    read: (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      counts.bytes += part.length;
      counts.reads += 1;
      counts.longest = Math.max(counts.longest, length);
      return Promise.resolve(part);
    },
  };
}
