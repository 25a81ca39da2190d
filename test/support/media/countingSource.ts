import type { ByteSource } from "../../../src/media/inspect/bytes/byteSource.ts";

export interface CountingSource extends ByteSource {
  /** `longestRead` is the largest requested length, even past the end of the file. */
  readonly counts: { bytes: number; reads: number; longestRead: number };
}

/** A source in memory that counts reads. */
export function countingSource(bytes: Uint8Array): CountingSource {
  const counts = { bytes: 0, reads: 0, longestRead: 0 };
  return {
    sizeBytes: bytes.length,
    counts,
    read: (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      counts.bytes += part.length;
      counts.reads += 1;
      counts.longestRead = Math.max(counts.longestRead, length);
      return Promise.resolve(part);
    },
  };
}
