import { type ByteSource, memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";

export interface CountingSource extends ByteSource {
  /** `longestRead` is the largest requested length, even past the end of the file. */
  readonly counts: { bytes: number; reads: number; longestRead: number };
}

/** Counts the reads of a source. */
export function counted(source: ByteSource): CountingSource {
  const counts = { bytes: 0, reads: 0, longestRead: 0 };
  return {
    sizeBytes: source.sizeBytes,
    counts,
    read: async (offset, length) => {
      counts.reads += 1;
      counts.longestRead = Math.max(counts.longestRead, length);
      const part = await source.read(offset, length);
      counts.bytes += part.length;
      return part;
    },
  };
}

/** A source in memory that counts reads. */
export function countingSource(bytes: Uint8Array): CountingSource {
  return counted(memorySource(bytes));
}
