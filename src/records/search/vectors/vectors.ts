/** The vector of each asset, in the search database. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { inList, jsonEach } from "../../sql/jsonList.ts";
import { sqlNumber } from "../../sql/sqlLiterals.ts";
import type { Query, Row } from "../../sql/query.ts";
import { seqAfterBlocks } from "./vectorBlocks.ts";

/** `content`: by an embedder. `appearance`: a perceptual hash. An asset has one of each. */
export type VectorKind = "content" | "appearance";

export interface NewVector {
  libraryId: string;
  assetId: string;
  kind: VectorKind;
  /** The model and the number of dimensions. */
  space: string;
  /** What was embedded: the version of an image, or a digest of a text. */
  source: string;
  /** Base64 of signed bytes. */
  data: string;
}

export interface StoredVector extends NewVector {
  seq: number;
}

function parseVector(row: Row): StoredVector {
  return {
    seq: Number(row["seq"]),
    libraryId: String(row["library_id"]),
    assetId: String(row["asset_id"]),
    kind: row["kind"] === "appearance" ? "appearance" : "content",
    space: String(row["space"]),
    source: String(row["source"]),
    data: String(row["data"]),
  };
}

const columns: SQL = sql.raw("v.seq, v.library_id, v.asset_id, v.kind, v.space, v.source, v.data");

/** One vector in this many counts those that aren't packed. A prime, so that vectors that alternate both count at times. */
export const COUNTED_VECTORS_STEP = 31;

/**
 * Replaces the vector of this kind of an asset. Returns the number of vectors of its space after the blocks, up to
 * `countLimit`, or 0 for the vectors that don't count them: a count reads each of those vectors.
 */
export async function putVector(searchDb: Database, vector: NewVector, countLimit: number): Promise<number> {
  const { libraryId, assetId, kind, space, source, data } = vector;
  const [, , counted] = await searchDb.orm.batch([
    searchDb.statement(sql`DELETE FROM vectors WHERE asset_id = ${assetId} AND kind = ${kind}`),
    searchDb.statement(sql`INSERT INTO vectors (library_id, asset_id, kind, space, source, data)
      VALUES (${libraryId}, ${assetId}, ${kind}, ${space}, ${source}, ${data})`),
    searchDb.statement(sql`SELECT CASE WHEN last_insert_rowid() % ${sqlNumber(COUNTED_VECTORS_STEP)} = 0
      THEN (SELECT count(*) FROM (SELECT 1 FROM vectors WHERE library_id = ${libraryId} AND space = ${space}
        AND seq >= ${seqAfterBlocks(vector)} LIMIT ${sqlNumber(countLimit)})) ELSE 0 END AS vectors`),
  ]);
  const [row] = counted.results;
  return typeof row === "object" && row !== null && "vectors" in row ? Number(row.vectors) : 0;
}

/** Vectors of one batch: bound text has up to 2 MB. */
const MAX_MOVED_VECTORS = 200;

/** Moves vectors to other libraries. A vector that was replaced since it was read stays as it is. */
export async function moveVectors(
  searchDb: Database,
  vectors: readonly { vector: StoredVector; libraryId: string }[],
): Promise<void> {
  for (let from = 0; from < vectors.length; from += MAX_MOVED_VECTORS) {
    const rows = vectors
      .slice(from, from + MAX_MOVED_VECTORS)
      .map(({ vector, libraryId }) => ({ ...vector, libraryId }) satisfies StoredVector);
    const field = (name: keyof StoredVector): SQL => sql`w.value ->> ${sql.raw(`'${name}'`)}`;
    await searchDb.orm.batch([
      searchDb.statement(sql`DELETE FROM vectors WHERE seq IN (SELECT ${field("seq")} FROM ${jsonEach(rows)} w)`),
      searchDb.statement(sql`INSERT INTO vectors (library_id, asset_id, kind, space, source, data)
        SELECT ${field("libraryId")}, ${field("assetId")}, ${field("kind")}, ${field("space")}, ${field("source")},
          ${field("data")} FROM ${jsonEach(rows)} w WHERE TRUE ORDER BY w.key ON CONFLICT DO NOTHING`),
    ]);
  }
}

/** Deletes the vectors of assets, of one kind or of both. */
export async function deleteVectors(
  searchDb: Database,
  assetIds: readonly string[],
  kind: VectorKind | null = null,
): Promise<void> {
  if (assetIds.length === 0) return;
  const ofKind = kind === null ? sql`TRUE` : sql`kind = ${kind}`;
  await searchDb.orm.run(sql`DELETE FROM vectors WHERE ${inList(sql`asset_id`, assetIds)} AND ${ofKind}`);
}

/** The vectors of assets, of any library, kind and space. */
export async function listVectorsOf(searchDb: Database, assetIds: readonly string[]): Promise<StoredVector[]> {
  const [rows] = await searchDb.select([
    sql`SELECT ${columns} FROM ${jsonEach(assetIds)} j CROSS JOIN vectors v ON v.asset_id = j.value`,
  ]);
  return (rows ?? []).map(parseVector);
}

/** The space of the content of each asset that has a vector of it. */
export async function listVectorSpaces(searchDb: Database, assetIds: readonly string[]): Promise<Map<string, string>> {
  const [rows] = await searchDb.select([
    sql`SELECT v.asset_id, v.space FROM ${jsonEach(assetIds)} j CROSS JOIN vectors v ON v.asset_id = j.value AND v.kind = 'content'`,
  ]);
  return new Map((rows ?? []).map((row) => [String(row["asset_id"]), String(row["space"])]));
}

/** The vectors of a space from a number on, in order. */
export function spaceQuery(
  { libraryId, space }: Pick<NewVector, "libraryId" | "space">,
  fromSeq: SQL,
  limit: number,
): Query<StoredVector[]> {
  return {
    sql: sql`SELECT ${columns} FROM vectors v WHERE v.library_id = ${libraryId} AND v.space = ${space}
      AND v.seq >= ${fromSeq} ORDER BY v.seq LIMIT ${sqlNumber(limit)}`,
    parse: (rows) => rows.map(parseVector),
  };
}

/** The assets of the numbers that still exist. */
export async function listAssetsOfSeqs(searchDb: Database, seqs: readonly number[]): Promise<Map<number, string>> {
  const [rows] = await searchDb.select([
    sql`SELECT v.seq, v.asset_id FROM ${jsonEach(seqs)} j CROSS JOIN vectors v ON v.seq = j.value`,
  ]);
  return new Map((rows ?? []).map((row) => [Number(row["seq"]), String(row["asset_id"])]));
}

/** Vectors of assets after `afterId`, with the library of the vector, in the order of the assets. */
export async function listVectorAssets(
  searchDb: Database,
  afterId: string,
  limit: number,
): Promise<{ assetId: string; libraryId: string }[]> {
  const [rows] = await searchDb.select([
    sql`SELECT asset_id, library_id FROM vectors WHERE asset_id > ${afterId} ORDER BY asset_id LIMIT ${sqlNumber(limit)}`,
  ]);
  return (rows ?? []).map((row) => ({ assetId: String(row["asset_id"]), libraryId: String(row["library_id"]) }));
}
