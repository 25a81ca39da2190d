/**
 * Finds the last chunks of a file with too many chunks to read each. Chunks can be read only forwards, but their chain
 * ends at the end of the file.
 */
import type { ByteSource } from "../bytes/byteSource.ts";

const TAIL_BYTES = 64 * 1024;

export interface ChunkFormat {
  /** Whether a metadata chunk may begin at `at`. */
  isMetadata(bytes: Uint8Array, at: number): boolean;
  /** The size of the chunk at `at`, including header and padding. */
  sizeAt(bytes: Uint8Array, at: number): number;
}

/**
 * Returns the offset of the first metadata chunk in the tail from which chunks lead to the end of the file; null
 * without one.
 */
export async function findTrailingChunks(
  source: ByteSource,
  minOffset: number,
  format: ChunkFormat,
): Promise<number | null> {
  const start = Math.max(minOffset, source.sizeBytes - TAIL_BYTES);
  const tail = await source.read(start, source.sizeBytes - start);
  const deadEnds = new Set<number>();
  for (let at = 0; at + 8 <= tail.length; at++) {
    if (format.isMetadata(tail, at) && reachesEnd(tail, at, format, deadEnds)) return start + at;
  }
  return null;
}

/** Visits each offset at most once, so that a tail of small chunks costs linear time. */
function reachesEnd(tail: Uint8Array, start: number, format: ChunkFormat, deadEnds: Set<number>): boolean {
  let at = start;
  while (at + 8 <= tail.length && !deadEnds.has(at)) {
    deadEnds.add(at);
    at += format.sizeAt(tail, at);
  }
  return at === tail.length;
}
