/** The index of vectors by scanned blocks: docs/decisions/0048-vectors-are-scanned-in-blocks.md. */
import { blocksQuery, seqAfterBlocks, type VectorBlock } from "../../../records/search/vectors/vectorBlocks.ts";
import {
  deleteVectors,
  listAssetsOfSeqs,
  listVectorsOf,
  putVector,
  spaceQuery,
  type StoredVector,
} from "../../../records/search/vectors/vectors.ts";
import { runQueries } from "../../../records/sql/query.ts";
import type { Context } from "../../context.ts";
import { readCachedBlock } from "./blockCache.ts";
import { dimensionsOf, MAX_BLOCK_VECTORS, PACKED_AFTER_VECTORS, packVectors } from "./packVectors.ts";
import { NearestVectors, scanBlock, type ScoredVector } from "./scanBlock.ts";
import { decodeBlock, decodeVector, encodeBlock, encodeVector, toBytes } from "./vectorCodec.ts";
import type { AssetVector, VectorHit, VectorIndex, VectorQuery } from "./vectorIndex.ts";

/** Blocks in memory while they are read, 1 MiB each. */
const CONCURRENT_BLOCKS = 4;
/** Deleted and replaced vectors among the nearest are left out, so that more than the limit are looked for. */
const OUTDATED_RESERVE = 100;

async function put(context: Context, { vector, ...asset }: AssetVector): Promise<void> {
  const { libraryId, space } = asset;
  const countLimit = PACKED_AFTER_VECTORS + MAX_BLOCK_VECTORS;
  const waiting = await putVector(context.searchDb, { ...asset, data: encodeVector(vector) }, countLimit);
  if (waiting >= PACKED_AFTER_VECTORS) await packVectors(context, { libraryId, space });
}

function toAssetVector({ data, libraryId, assetId, kind, space, source }: StoredVector): AssetVector {
  return { libraryId, assetId, kind, space, source, vector: Float32Array.from(decodeVector(data)) };
}

/** @throws {Error} for a missing block: it was replaced more than an hour ago, and the list of blocks is that old. */
async function scanBlocks(
  context: Context,
  query: Int8Array,
  blocks: readonly VectorBlock[],
  nearest: NearestVectors,
): Promise<void> {
  const waiting = [...blocks];
  const work = async (): Promise<void> => {
    for (let block = waiting.shift(); block !== undefined; block = waiting.shift()) {
      const bytes = await readCachedBlock(context.bucket, block.objectKey);
      if (bytes === null) throw new Error(`the block ${block.objectKey} of vectors is missing`);
      scanBlock(query, decodeBlock(bytes), nearest);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_BLOCKS }, work));
}

function scanRows(query: Int8Array, rows: StoredVector[], nearest: NearestVectors): void {
  scanBlock(query, decodeBlock(encodeBlock(rows, query.length)), nearest);
}

/** The nearest of all assets. The numbers of blocks are looked up, so that deleted and replaced vectors are left out. */
async function searchSpace(context: Context, query: VectorQuery, bytes: Int8Array): Promise<VectorHit[]> {
  const [blocks, rows] = await runQueries(context.searchDb, [
    blocksQuery(query),
    spaceQuery(query, seqAfterBlocks(query), MAX_BLOCK_VECTORS),
  ]);
  const nearest = new NearestVectors(query.limit + OUTDATED_RESERVE);
  scanRows(bytes, rows, nearest);
  await scanBlocks(context, bytes, blocks, nearest);
  const scored = nearest.sorted();
  const assets = await listAssetsOfSeqs(
    context.searchDb,
    scored.map(({ seq }) => seq),
  );
  return toHits(scored, assets).slice(0, query.limit);
}

function toHits(scored: ScoredVector[], assets: ReadonlyMap<number, string>): VectorHit[] {
  return scored.flatMap(({ seq, cosine }) => {
    const assetId = assets.get(seq);
    return assetId === undefined ? [] : [{ assetId, cosine }];
  });
}

async function searchAmong(
  context: Context,
  { libraryId, space, limit }: VectorQuery,
  assetIds: readonly string[],
  bytes: Int8Array,
): Promise<VectorHit[]> {
  const rows = (await listVectorsOf(context.searchDb, assetIds)).filter(
    (row) => row.libraryId === libraryId && row.space === space,
  );
  // The rows are in the order of the ids, and a block is in the order of numbers.
  const ordered = rows.toSorted((a, b) => a.seq - b.seq);
  const nearest = new NearestVectors(limit);
  scanRows(bytes, ordered, nearest);
  return toHits(nearest.sorted(), new Map(ordered.map(({ seq, assetId }) => [seq, assetId])));
}

/** The index of vectors in the search database and in R2. */
export function blockIndex(context: Context): VectorIndex {
  return {
    put: (vector) => put(context, vector),
    find: async (assetId) => {
      const rows = await listVectorsOf(context.searchDb, [assetId]);
      return Object.fromEntries(rows.map((row) => [row.kind, toAssetVector(row)]));
    },
    search: async (query) => {
      if (dimensionsOf(query.space) !== query.vector.length) return [];
      const bytes = toBytes(query.vector);
      return query.assetIds === null
        ? await searchSpace(context, query, bytes)
        : await searchAmong(context, query, query.assetIds, bytes);
    },
    remove: (assetIds, kind) => deleteVectors(context.searchDb, assetIds, kind),
  };
}
