/** Fills the index of vectors with random ones. */
import { env } from "cloudflare:workers";
import { storeVectorBlock } from "../src/objects/search/vectorBlocks.ts";
import { MAX_BLOCK_VECTORS } from "../src/operations/search/vectors/packVectors.ts";
import { encodeBlock, toBytes } from "../src/operations/search/vectors/vectorCodec.ts";
import type { VectorSpace } from "../src/operations/search/vectors/vectorIndex.ts";
import { seededRandom } from "../test/support/random.ts";

export const VECTOR_DIMENSIONS = 256;

const random = seededRandom(1);
export const randomVector = (): Float32Array => Float32Array.from({ length: VECTOR_DIMENSIONS }, () => random() - 0.5);

export const blockData = Array.from({ length: MAX_BLOCK_VECTORS }, () => {
  const bytes = toBytes(randomVector());
  return new Uint8Array(bytes.buffer).toBase64();
});

/** Writes rows without data, as the search reads only their numbers, and blocks of random vectors. */
export async function fillVectors(space: VectorSpace, assetIds: string[]): Promise<VectorSpace> {
  const next = await env.SEARCH_DB.prepare("SELECT coalesce(max(seq), 0) + 1 AS seq FROM vectors").first<number>("seq");
  for (let start = 0; start < assetIds.length; start += MAX_BLOCK_VECTORS) {
    const ids = assetIds.slice(start, start + MAX_BLOCK_VECTORS);
    const base = (next ?? 1) + start;
    await env.SEARCH_DB.prepare(
      `INSERT INTO vectors (seq, library_id, asset_id, space, source, data)
       SELECT ?3 + key, ?1, value, ?2, '', '' FROM json_each(?4)`,
    )
      .bind(space.libraryId, space.space, base, JSON.stringify(ids))
      .run();
    // The same components in another order take as long as others, and half the time to make.
    const vectors = ids.map((_, i) => ({ seq: base + i, data: blockData[i] ?? "" }));
    const key = await storeVectorBlock(env.BUCKET, space.libraryId, encodeBlock(vectors, VECTOR_DIMENSIONS));
    await env.SEARCH_DB.prepare("INSERT INTO vector_blocks VALUES (?, ?, ?, ?, ?, ?, 0)")
      .bind(space.libraryId, space.space, base, base + ids.length - 1, key, ids.length)
      .run();
  }
  return space;
}
