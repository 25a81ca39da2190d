/** Blocks of vectors that the isolate keeps in memory. They never change, so that only their number is limited. */
import { readVectorBlock } from "../../../objects/search/vectorBlocks.ts";

/**
 * Uploads and decoders share 112 of the isolate's 128 MB (delivery/scaled/decoderTurn.ts), so that little is left. It is
 * enough for 30,000 vectors of 256 dimensions; blocks of larger libraries are read again for each search.
 */
export const MAX_CACHED_BLOCK_BYTES = 8 * 1024 * 1024;

const blocks = new Map<string, ArrayBuffer>();
let cachedBytes = 0;

function keep(key: string, block: ArrayBuffer): void {
  if (blocks.has(key)) return;
  // A cache of a part of a large library would be emptied by each scan.
  if (cachedBytes + block.byteLength > MAX_CACHED_BLOCK_BYTES) forgetOldest(block.byteLength);
  if (cachedBytes + block.byteLength > MAX_CACHED_BLOCK_BYTES) return;
  blocks.set(key, block);
  cachedBytes += block.byteLength;
}

function forgetOldest(neededBytes: number): void {
  for (const [key, block] of blocks) {
    if (cachedBytes + neededBytes <= MAX_CACHED_BLOCK_BYTES) return;
    blocks.delete(key);
    cachedBytes -= block.byteLength;
  }
}

/** Reads a block from memory or storage; null if it is missing. */
export async function readCachedBlock(bucket: R2Bucket, key: string): Promise<ArrayBuffer | null> {
  const cached = blocks.get(key);
  if (cached !== undefined) {
    blocks.delete(key);
    blocks.set(key, cached);
    return cached;
  }
  const block = await readVectorBlock(bucket, key);
  if (block !== null) keep(key, block);
  return block;
}
