/** The blocks of vectors in R2: each has the vectors of a range of numbers. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../../database.ts";
import type { Query, Row } from "../../sql/query.ts";
import { sqlNumber } from "../../sql/sqlLiterals.ts";

export interface VectorSpace {
  libraryId: string;
  /** The model and the number of dimensions. */
  space: string;
}

export interface VectorBlock {
  firstSeq: number;
  lastSeq: number;
  objectKey: string;
  /** Vectors in the object. */
  vectors: number;
  /** Vectors in the object that were deleted or replaced since. */
  outdated: number;
}

function parseBlock(row: Row): VectorBlock {
  return {
    firstSeq: Number(row["first_seq"]),
    lastSeq: Number(row["last_seq"]),
    objectKey: String(row["object_key"]),
    vectors: Number(row["vectors"]),
    outdated: Number(row["outdated"]),
  };
}

/** The blocks of a space in order. */
export function blocksQuery({ libraryId, space }: VectorSpace): Query<VectorBlock[]> {
  return {
    sql: sql`SELECT first_seq, last_seq, object_key, vectors, outdated FROM vector_blocks
      WHERE library_id = ${libraryId} AND space = ${space} ORDER BY first_seq`,
    parse: (rows) => rows.map(parseBlock),
  };
}

/** The first number after the blocks of a space, as SQL. */
export function seqAfterBlocks({ libraryId, space }: VectorSpace): SQL {
  return sql`(SELECT coalesce(max(last_seq), 0) + 1 FROM vector_blocks
    WHERE library_id = ${libraryId} AND space = ${space})`;
}

/**
 * Puts `block` in the place of `replaced`, which starts at the same number, or after the last block. A block of null
 * deletes `replaced`. Returns false, without any change, if another run has changed the blocks since they were read.
 */
export async function replaceBlock(
  searchDb: Database,
  { libraryId, space }: VectorSpace,
  replaced: VectorBlock | null,
  block: VectorBlock | null,
): Promise<boolean> {
  const ofSpace = sql`library_id = ${libraryId} AND space = ${space}`;
  const isUnchanged =
    replaced === null
      ? sql`NOT EXISTS (SELECT 1 FROM vector_blocks WHERE ${ofSpace} AND last_seq >= ${sqlNumber(block?.firstSeq ?? 0)})`
      : sql`EXISTS (SELECT 1 FROM vector_blocks WHERE ${ofSpace} AND object_key = ${replaced.objectKey})`;
  const [checked] = await searchDb.orm.batch([
    searchDb.statement(sql`SELECT 1 WHERE ${isUnchanged}`),
    block === null
      ? searchDb.statement(
          sql`DELETE FROM vector_blocks WHERE ${ofSpace} AND object_key = ${replaced?.objectKey ?? null}`,
        )
      : insertBlock(searchDb, { libraryId, space }, block, isUnchanged),
  ]);
  return checked.results.length > 0;
}

/** Vectors of the range that were deleted while the object was written count as outdated. */
function insertBlock(searchDb: Database, { libraryId, space }: VectorSpace, block: VectorBlock, condition: SQL) {
  const { firstSeq, lastSeq, objectKey, vectors } = block;
  const current = sql`(SELECT count(*) FROM vectors WHERE library_id = ${libraryId} AND space = ${space}
    AND seq BETWEEN ${sqlNumber(firstSeq)} AND ${sqlNumber(lastSeq)})`;
  return searchDb.statement(sql`INSERT INTO vector_blocks
      (library_id, space, first_seq, last_seq, object_key, vectors, outdated)
    SELECT ${libraryId}, ${space}, ${firstSeq}, ${lastSeq}, ${objectKey}, ${vectors}, ${vectors} - ${current}
    WHERE ${condition}
    ON CONFLICT (library_id, space, first_seq) DO UPDATE SET last_seq = excluded.last_seq,
      object_key = excluded.object_key, vectors = excluded.vectors, outdated = excluded.outdated`);
}

/** Blocks with outdated vectors, those with the most first. */
export async function listOutdatedBlocks(
  searchDb: Database,
  limit: number,
): Promise<(VectorSpace & { block: VectorBlock })[]> {
  const [rows] = await searchDb.select([
    sql`SELECT library_id, space, first_seq, last_seq, object_key, vectors, outdated FROM vector_blocks
      WHERE outdated > 0 ORDER BY outdated DESC LIMIT ${sqlNumber(limit)}`,
  ]);
  return (rows ?? []).map((row) => ({
    libraryId: String(row["library_id"]),
    space: String(row["space"]),
    block: parseBlock(row),
  }));
}

/** The keys among those listed that a block has. */
export async function listKnownKeys(searchDb: Database): Promise<Set<string>> {
  const [rows] = await searchDb.select([sql`SELECT object_key FROM vector_blocks`]);
  return new Set((rows ?? []).map((row) => String(row["object_key"])));
}
