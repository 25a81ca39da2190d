/** Writes the documents of the text index. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { deleteLibraryNames, insertSeenNames, replaceName, type EntityName } from "./names.ts";
import { checkState, isCurrent, moveState, type SearchPosition, type SearchState } from "./searchState.ts";

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
  /** Names of the albums and people of the documents. */
  seenNames: readonly EntityName[];
  /** An album or person whose documents are all written with a new name from here on. */
  renamed: EntityName | null;
}

/** Of each field: a space and a word, repeatedly. The statement puts the key of the library in front of each word. */
function textRow({ assetId, libraryId, words }: SearchDocument) {
  const texts = DOCUMENT_FIELDS.map((field) => words[field].map((word) => ` ${word}`).join(""));
  return { assetId, key: ` ${libraryKey(libraryId)}`, texts };
}

/** Characters of the rows of one statement: D1 limits a parameter to 2 MB, and a character takes up to 3 bytes. */
const MAX_STATEMENT_CHARACTERS = 500_000;

/** The rows in groups of bounded size, each as JSON. A row alone may exceed the size. */
function groupRows(rows: ReturnType<typeof textRow>[]): string[] {
  const groups: string[][] = [];
  let characters = 0;
  for (const json of rows.map((row) => JSON.stringify(row))) {
    characters += json.length;
    if (groups.length === 0 || characters > MAX_STATEMENT_CHARACTERS) {
      groups.push([]);
      characters = json.length;
    }
    groups.at(-1)?.push(json);
  }
  return groups.map((group) => `[${group.join(",")}]`);
}

/** Statements that delete the documents of assets, the entries of the index first. */
function deleteDocuments(searchDb: Database, assetIds: string[], isAllowed: SQL) {
  const ids = sql`SELECT d.id FROM ${jsonEach(assetIds)} j CROSS JOIN search_documents d ON d.asset_id = j.value`;
  return [
    searchDb.statement(sql`DELETE FROM search_text WHERE rowid IN (${ids}) AND ${isAllowed}`),
    searchDb.statement(sql`DELETE FROM search_documents WHERE ${inList(sql`asset_id`, assetIds)} AND ${isAllowed}`),
  ];
}

/** The last id of the hour, or the one in front of its first. */
const lastOfHour = sql`coalesce((SELECT max(id) FROM search_documents
  WHERE id >= w.value ->> 1 AND id < (w.value ->> 1) + ${sqlNumber(IDS_PER_HOUR)}), (w.value ->> 1) - 1)`;

const textColumns = sql.raw(DOCUMENT_FIELDS.join(", "));
const textValues = sql.raw(
  DOCUMENT_FIELDS.map((_, i) => `replace(w.value ->> '$.texts[${i}]', ' ', w.value ->> 'key')`).join(", "),
);

/** Statements that insert documents in the order of their ids, so that the index writes them as one segment. */
function insertDocuments(searchDb: Database, documents: SearchDocument[], isAllowed: SQL) {
  if (documents.length === 0) return [];
  const inOrder = documents
    .map((document) => ({ document, firstId: firstIdOfHour(document.localUs) }))
    .sort((a, b) => a.firstId - b.firstId);
  const rows = inOrder.map(({ document, firstId }) => [document.assetId, firstId, document.digest]);
  const texts = groupRows(inOrder.map(({ document }) => textRow(document)));
  return [
    searchDb.statement(sql`INSERT INTO search_documents (id, asset_id, digest)
      SELECT ${lastOfHour} + row_number() OVER (PARTITION BY w.value ->> 1 ORDER BY w.key), w.value ->> 0, w.value ->> 2
      FROM ${jsonEach(rows)} w WHERE ${isAllowed}`),
    ...texts.map((json) =>
      searchDb.statement(sql`INSERT INTO search_text (rowid, ${textColumns})
        SELECT d.id, ${textValues} FROM json_each(${json}) w
        CROSS JOIN search_documents d ON d.asset_id = w.value ->> 'assetId' WHERE ${isAllowed} ORDER BY d.id`),
    ),
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
  next: SearchPosition,
  atMs: number,
): Promise<boolean> {
  const isAllowed = isCurrent(state);
  const replaced = [...write.documents.map(({ assetId }) => assetId), ...write.deletedAssetIds];
  const [current] = await searchDb.orm.batch([
    checkState(searchDb, state),
    ...(replaced.length === 0 ? [] : deleteDocuments(searchDb, replaced, isAllowed)),
    ...insertDocuments(searchDb, write.documents, isAllowed),
    ...(write.renamed === null ? [] : [replaceName(searchDb, write.renamed, isAllowed)]),
    ...insertSeenNames(searchDb, write.seenNames, isAllowed),
    moveState(searchDb, state, next, atMs),
  ]);
  return current.results.length > 0;
}

/** Deletes all documents, and starts a scan of all assets. Returns false if another run has written meanwhile. */
export async function clearDocuments(
  searchDb: Database,
  state: SearchState,
  next: SearchPosition,
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

/** Documents of a purged library that one batch deletes. */
const DELETED_PER_PART = 500;

/**
 * Deletes the documents and names of a library without assets. Overtakes a run that has read its assets before. `allWord` is
 * the word of every document.
 */
export async function deleteLibraryIndex(searchDb: Database, libraryId: string, allWord: string): Promise<void> {
  const ids = sql`SELECT rowid FROM search_text WHERE search_text MATCH ${`"${libraryKey(libraryId)}${allWord}"`}
    ORDER BY rowid LIMIT ${sqlNumber(DELETED_PER_PART)}`;
  for (;;) {
    const [, deleted] = await searchDb.orm.batch([
      searchDb.statement(sql`UPDATE search_state SET revision = revision + 1`),
      searchDb.statement(sql`DELETE FROM search_documents WHERE id IN (${ids}) RETURNING id`),
      searchDb.statement(sql`DELETE FROM search_text WHERE rowid IN (${ids})`),
      deleteLibraryNames(searchDb, libraryId),
    ]);
    if (deleted.results.length < DELETED_PER_PART) return;
  }
}
