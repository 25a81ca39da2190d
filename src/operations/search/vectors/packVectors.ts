/**
 * Packs vectors into blocks. New vectors are rows of the search database until there are enough for a block; the last
 * block is packed again with them until it is full. A block is made of rows alone, so that a repeated run makes the same.
 */
import { info } from "../../../kernel/log.ts";
import { deleteUnknownBlocks, storeVectorBlock } from "../../../objects/search/vectorBlocks.ts";
import {
  blocksQuery,
  listKnownKeys,
  listOutdatedBlocks,
  replaceBlock,
  seqAfterBlocks,
  type VectorBlock,
} from "../../../records/search/vectors/vectorBlocks.ts";
import { spaceQuery, type StoredVector } from "../../../records/search/vectors/vectors.ts";
import type { Database } from "../../../records/database.ts";
import { runQueries } from "../../../records/sql/query.ts";
import { sqlNumber } from "../../../records/sql/sqlLiterals.ts";
import type { Context } from "../../context.ts";
import { encodeBlock } from "./vectorCodec.ts";
import type { VectorSpace } from "./vectorIndex.ts";

/** A block is read whole, and four at a time. */
const BLOCK_BYTES = 1024 * 1024;
export const MAX_BLOCK_VECTORS = 4096;
/** New vectors of a space that are packed. Each search reads those that aren't packed yet as rows. */
export const PACKED_AFTER_VECTORS = 256;
/** Blocks that one run packs. */
const MAX_PACKED_BLOCKS = 8;
/** A search that has read the list of blocks still reads a replaced one. */
const UNKNOWN_BLOCK_GRACE_MS = 3_600_000;
const MAX_REPACKED_BLOCKS = 20;

export function dimensionsOf(space: string): number {
  return Number(space.slice(space.lastIndexOf("#") + 1));
}

function blockCapacity(space: string): number {
  return Math.min(MAX_BLOCK_VECTORS, Math.max(1, Math.floor(BLOCK_BYTES / dimensionsOf(space))));
}

async function writeBlock(
  context: Context,
  space: VectorSpace,
  replaced: VectorBlock | null,
  rows: StoredVector[],
  lastSeq: number,
): Promise<boolean> {
  const searchDb = context.searchDb.primary();
  const [first] = rows;
  if (first === undefined) return await replaceBlock(searchDb, space, replaced, null);
  const bytes = encodeBlock(rows, dimensionsOf(space.space));
  const objectKey = await storeVectorBlock(context.bucket, space.libraryId, bytes);
  const firstSeq = replaced?.firstSeq ?? first.seq;
  return await replaceBlock(searchDb, space, replaced, {
    firstSeq,
    lastSeq,
    objectKey,
    vectors: rows.length,
    outdated: 0,
  });
}

/** The last block, if it has room; null to begin another one. */
async function findOpenBlock(searchDb: Database, space: VectorSpace): Promise<VectorBlock | null> {
  const [blocks] = await runQueries(searchDb, [blocksQuery(space)]);
  const last = blocks.at(-1);
  return last !== undefined && last.vectors - last.outdated < blockCapacity(space.space) ? last : null;
}

/** Packs the new vectors of a space. Concurrent runs pack the same vectors, and one of them stores its block. */
export async function packVectors(context: Context, space: VectorSpace): Promise<void> {
  const searchDb = context.searchDb.primary();
  for (let packed = 0; packed < MAX_PACKED_BLOCKS; packed++) {
    const open = await findOpenBlock(searchDb, space);
    const from = open === null ? seqAfterBlocks(space) : sqlNumber(open.firstSeq);
    const [rows] = await runQueries(searchDb, [spaceQuery(space, from, blockCapacity(space.space))]);
    const last = rows.at(-1);
    if (last === undefined || last.seq <= (open?.lastSeq ?? 0)) return;
    if (!(await writeBlock(context, space, open, rows, last.seq))) return;
    if (rows.length < blockCapacity(space.space)) return;
  }
}

/** Packs the blocks with the most deleted and replaced vectors again. Returns their number. */
export async function repackVectors(context: Context): Promise<number> {
  const searchDb = context.searchDb.primary();
  const outdated = await listOutdatedBlocks(searchDb, MAX_REPACKED_BLOCKS);
  for (const { block, ...space } of outdated) {
    const { firstSeq, lastSeq } = block;
    const [rows] = await runQueries(searchDb, [spaceQuery(space, sqlNumber(firstSeq), MAX_BLOCK_VECTORS)]);
    const ofBlock = rows.filter(({ seq }) => seq <= lastSeq);
    await writeBlock(context, space, block, ofBlock, lastSeq);
  }
  const known = await listKnownKeys(searchDb);
  const deleted = await deleteUnknownBlocks(context.bucket, known, context.nowMs - UNKNOWN_BLOCK_GRACE_MS);
  if (outdated.length + deleted > 0) info("packed vectors again", { blocks: outdated.length, deleted });
  return outdated.length;
}
