/** Writes the documents of the text index. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { checkState, isCurrent, moveState, type SearchState } from "./searchState.ts";

/** The columns of the index, in its order. The values are words, separated by spaces. */
export const DOCUMENT_FIELDS = ["caption", "people", "albums", "places", "file_name", "camera", "keys"] as const;
export type DocumentField = (typeof DOCUMENT_FIELDS)[number];

export interface SearchDocument {
  assetId: string;
  libraryId: string;
  /** Local capture time in microseconds, as if it were UTC. */
  localUs: number;
  words: Record<DocumentField, string[]>;
  /** Hash of all of this, and of the version of the documents. */
  digest: number;
}

/** Characters of a library's id that its words start with: 62 random bits, in lower case as the tokenizer folds them. */
const LIBRARY_KEY_CHARACTERS = 12;

/**
 * The key of a library, with which its words start. Two libraries with the same key, one pair of 10^12 in a deployment of
 * a thousand libraries, would find each other's words; the search reads its hits with the scope of the library.
 */
export function libraryKey(libraryId: string): string {
  return `${libraryId.slice(-LIBRARY_KEY_CHARACTERS).toLowerCase()}_`;
}

/** Documents per hour of capture time over all libraries: ids are whole numbers below 2^53. */
const IDS_PER_HOUR = 2 ** 26;
const HOUR_US = 3600 * 1_000_000;
/** Hours from the year 0 to 1970, so that ids are positive. */
const EPOCH_HOURS = 17_268_192;
const MAX_HOUR = 2 ** 27 - 1;

/** The first id of the hour of a capture time. */
export function firstIdOfHour(localUs: number): number {
  const hour = Math.floor(localUs / HOUR_US) + EPOCH_HOURS;
  return Math.min(Math.max(hour, 1), MAX_HOUR) * IDS_PER_HOUR;
}

/** Hours from the year 0 of a document's id, as SQL. */
export function hourOfDocument(id: SQL): SQL {
  return sql`(${id} / ${sqlNumber(IDS_PER_HOUR)})`;
}

export function hoursFromYear0(atMs: number): number {
  return Math.floor(atMs / 3_600_000) + EPOCH_HOURS;
}

/** A document's id for one that has the digest already. */
export async function listDigests(searchDb: Database, assetIds: string[]): Promise<Map<string, number>> {
  const query = sql`SELECT d.asset_id, d.digest FROM ${jsonEach(assetIds)} j
    CROSS JOIN search_documents d ON d.asset_id = j.value`;
  const [rows] = await searchDb.select([query]);
  return new Map((rows ?? []).map((row) => [String(row["asset_id"]), Number(row["digest"])]));
}

export interface DocumentWrite {
  /** Documents to insert or replace. */
  documents: SearchDocument[];
  /** Assets without a document. */
  deletedAssetIds: string[];
  /** Names of albums and people, from whose start on their assets are indexed; null deletes one. */
  names: { entityId: string; name: string | null }[];
}

interface InsertedRow {
  assetId: string;
  firstId: number;
  digest: number;
  key: string;
  /** Of each field: a space and a word, repeatedly. */
  words: string[];
}

function insertedRow({ assetId, libraryId, localUs, words, digest }: SearchDocument): InsertedRow {
  return {
    assetId,
    firstId: firstIdOfHour(localUs),
    digest,
    key: ` ${libraryKey(libraryId)}`,
    words: DOCUMENT_FIELDS.map((field) => words[field].map((word) => ` ${word}`).join("")),
  };
}

/** Statements that delete the documents of assets, the entries of the index first. */
function deleteDocuments(searchDb: Database, assetIds: string[], isAllowed: SQL) {
  const ids = sql`SELECT d.id FROM ${jsonEach(assetIds)} j CROSS JOIN search_documents d ON d.asset_id = j.value`;
  return [
    searchDb.statement(sql`DELETE FROM search_text WHERE rowid IN (${ids}) AND ${isAllowed}`),
    searchDb.statement(sql`DELETE FROM search_documents WHERE ${inList(sql`asset_id`, assetIds)} AND ${isAllowed}`),
  ];
}

const lastOfHour = sql`coalesce((SELECT max(id) FROM search_documents
  WHERE id >= w.value ->> 'firstId' AND id < (w.value ->> 'firstId') + ${sqlNumber(IDS_PER_HOUR)}),
  (w.value ->> 'firstId') - 1)`;

/** Statements that insert documents in the order of their ids, so that the index writes them as one segment. */
function insertDocuments(searchDb: Database, documents: SearchDocument[], isAllowed: SQL) {
  if (documents.length === 0) return [];
  const rows = JSON.stringify(documents.map(insertedRow));
  const field = (i: number): SQL => sql`replace(w.value ->> ${sql.raw(`'$.words[${i}]'`)}, ' ', w.value ->> 'key')`;
  const fields = sql.join(
    DOCUMENT_FIELDS.map((_, i) => field(i)),
    sql`, `,
  );
  return [
    searchDb.statement(sql`INSERT INTO search_documents (id, asset_id, digest)
      SELECT ${lastOfHour} + row_number() OVER (PARTITION BY w.value ->> 'firstId' ORDER BY w.key),
        w.value ->> 'assetId', w.value ->> 'digest'
      FROM json_each(${rows}) w WHERE ${isAllowed}`),
    searchDb.statement(sql`INSERT INTO search_text (rowid, ${sql.raw(DOCUMENT_FIELDS.join(", "))})
      SELECT d.id, ${fields} FROM json_each(${rows}) w
      CROSS JOIN search_documents d ON d.asset_id = w.value ->> 'assetId'
      WHERE ${isAllowed} ORDER BY d.id`),
  ];
}

function writeNames(searchDb: Database, names: DocumentWrite["names"], isAllowed: SQL) {
  if (names.length === 0) return [];
  const value = (field: string): SQL => sql`w.value ->> ${sql.raw(`'${field}'`)}`;
  return [
    searchDb.statement(sql`DELETE FROM search_names
      WHERE ${inList(
        sql`entity_id`,
        names.map(({ entityId }) => entityId),
      )} AND ${isAllowed}`),
    searchDb.statement(sql`INSERT INTO search_names (entity_id, name) SELECT ${value("entityId")}, ${value("name")}
      FROM ${jsonEach(names)} w WHERE ${value("name")} IS NOT NULL AND ${isAllowed}`),
  ];
}

/**
 * Writes documents and moves the position in one batch. Returns false, without any change, if another run has written
 * since `state` was read.
 */
export async function writeDocuments(
  searchDb: Database,
  state: SearchState,
  write: DocumentWrite,
  next: Omit<SearchState, "revision">,
  atMs: number,
): Promise<boolean> {
  const isAllowed = isCurrent(state);
  const replaced = [...write.documents.map(({ assetId }) => assetId), ...write.deletedAssetIds];
  const [current] = await searchDb.orm.batch([
    checkState(searchDb, state),
    ...(replaced.length === 0 ? [] : deleteDocuments(searchDb, replaced, isAllowed)),
    ...insertDocuments(searchDb, write.documents, isAllowed),
    ...writeNames(searchDb, write.names, isAllowed),
    moveState(searchDb, state, next, atMs),
  ]);
  return current.results.length > 0;
}

/** Deletes all documents, and starts a scan of all assets. Returns false if another run has written meanwhile. */
export async function clearDocuments(
  searchDb: Database,
  state: SearchState,
  next: Omit<SearchState, "revision">,
  atMs: number,
): Promise<boolean> {
  const [current] = await searchDb.orm.batch([
    checkState(searchDb, state),
    searchDb.statement(sql`INSERT INTO search_text (search_text) SELECT 'delete-all' WHERE ${isCurrent(state)}`),
    searchDb.statement(sql`DELETE FROM search_documents WHERE ${isCurrent(state)}`),
    searchDb.statement(sql`DELETE FROM search_names WHERE ${isCurrent(state)}`),
    moveState(searchDb, state, next, atMs),
  ]);
  return current.results.length > 0;
}
