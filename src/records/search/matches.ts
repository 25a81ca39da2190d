/** Finds documents by their words. Every statement reads the entries of one library, and a row for each hit. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { DOCUMENT_FIELDS, hourOfDocument, hoursFromYear0, libraryKey, type DocumentField } from "./documents.ts";

/** Words in a row; the last one may be the beginning of a word. */
interface MatchPhrase {
  words: readonly string[];
  isPrefix: boolean;
}

/** A condition on documents: one of the phrases. */
export type MatchClause = readonly MatchPhrase[];

export interface MatchExpression {
  required: readonly MatchClause[];
  excluded: readonly MatchClause[];
}

/** The hits of a match that are ranked: those of the newest capture times. */
export const MAX_RANKED_DOCUMENTS = 2000;

/** The weight of a word by its field. BM25 flattens weights above 2: a weight of 3 counts 1.3 times as much as 1.5. */
const WEIGHTS: Record<DocumentField, number> = {
  people: 3,
  albums: 2,
  caption: 1.5,
  places: 1.5,
  file_name: 1,
  camera: 0.5,
  keys: 0.25,
};

/** The newest hit counts this much more than a very old one; after a year, half of it is left. */
const FRESHNESS_WEIGHT = 0.1;
const HOURS_PER_YEAR = 8766;

/** Words are quoted, so that none of them is an operator of FTS5. They consist of letters, digits, marks and `_`. */
function phraseText({ words, isPrefix }: MatchPhrase, key: string): string {
  return `"${words.map((word) => key + word).join(" ")}"${isPrefix ? " *" : ""}`;
}

function clauseText(clause: MatchClause, key: string): string {
  return `(${clause.map((phrase) => phraseText(phrase, key)).join(" OR ")})`;
}

/** The FTS5 expression. Every document has the word `allWord`. */
function matchText({ required, excluded }: MatchExpression, key: string, allWord: string): string {
  const all: MatchClause = [{ words: [allWord], isPrefix: false }];
  const clauses = required.length === 0 ? [all] : required;
  const positive = clauses.map((clause) => clauseText(clause, key)).join(" AND ");
  if (excluded.length === 0) return positive;
  return `(${positive}) NOT (${excluded.map((clause) => clauseText(clause, key)).join(" OR ")})`;
}

export interface TextMatch {
  assetId: string;
  /** Greater for better hits, above 0. */
  score: number;
}

export interface MatchRequest {
  libraryId: string;
  expression: MatchExpression;
  /** The word of every document. */
  allWord: string;
  /** The only assets that may be hits; null for all of the library. */
  assetIds: readonly string[] | null;
  limit: number;
  nowMs: number;
}

/** The sign keeps FTS5 from searching once for each of the ids. */
function isAmong(assetIds: readonly string[] | null): SQL {
  if (assetIds === null) return sql``;
  return sql` AND +rowid IN (SELECT o.id FROM ${jsonEach(assetIds)} j
    CROSS JOIN search_documents o ON o.asset_id = j.value)`;
}

/**
 * Ranks the newest `MAX_RANKED_DOCUMENTS` hits by the weights of their fields, the rarity of their words (BM25) and their
 * age, and returns the best ones. Ids sort by time, so that the index gives the newest hits without reading the others.
 */
export async function matchDocuments(searchDb: Database, request: MatchRequest): Promise<TextMatch[]> {
  const { libraryId, expression, allWord, assetIds, limit, nowMs } = request;
  const weights = DOCUMENT_FIELDS.map((field) => WEIGHTS[field]).join(", ");
  const ageYears = sql`max(0, ${sqlNumber(hoursFromYear0(nowMs))} - ${hourOfDocument(sql`m.id`)}) / ${sqlNumber(HOURS_PER_YEAR)}.0`;
  const [rows] = await searchDb.select([
    sql`SELECT d.asset_id, r.score FROM
      (SELECT m.id, m.relevance * (1 + ${sqlNumber(FRESHNESS_WEIGHT)} / (1 + ${ageYears})) AS score FROM
        (SELECT rowid AS id, -bm25(search_text, ${sql.raw(weights)}) AS relevance FROM search_text
          WHERE search_text MATCH ${matchText(expression, libraryKey(libraryId), allWord)}${isAmong(assetIds)}
          ORDER BY rowid DESC LIMIT ${sqlNumber(MAX_RANKED_DOCUMENTS)}) m
        ORDER BY score DESC, m.id DESC LIMIT ${sqlNumber(limit)}) r
      CROSS JOIN search_documents d ON d.id = r.id ORDER BY r.score DESC, r.id DESC`,
  ]);
  return (rows ?? []).map((row) => ({ assetId: String(row["asset_id"]), score: Number(row["score"]) }));
}

/** The number of documents of each of the words that the library has. */
export async function countWords(
  searchDb: Database,
  libraryId: string,
  words: readonly string[],
): Promise<Map<string, number>> {
  const key = libraryKey(libraryId);
  const [rows] = await searchDb.select([
    sql`SELECT v.term, v.doc FROM ${jsonEach(words.map((word) => key + word))} j
      CROSS JOIN search_words v WHERE v.term = j.value`,
  ]);
  return new Map((rows ?? []).map((row) => [String(row["term"]).slice(key.length), Number(row["doc"])]));
}

export interface EntityDocument {
  id: number;
  assetId: string;
}

/** Documents of a library that have a word, after a document, in order of their ids. */
export async function listDocumentsWith(
  searchDb: Database,
  request: { libraryId: string; word: string; afterDocument: number; limit: number },
): Promise<EntityDocument[]> {
  const { libraryId, word, afterDocument, limit } = request;
  const match = phraseText({ words: [word], isPrefix: false }, libraryKey(libraryId));
  // A bound is a literal: FTS5 seeks to whole numbers only, and D1 binds numbers as REAL.
  const [rows] = await searchDb.select([
    sql`SELECT d.id, d.asset_id FROM
      (SELECT rowid AS id FROM search_text WHERE search_text MATCH ${match} AND rowid > ${sqlNumber(afterDocument)}
        ORDER BY rowid LIMIT ${sqlNumber(limit)}) m CROSS JOIN search_documents d ON d.id = m.id ORDER BY d.id`,
  ]);
  return (rows ?? []).map((row) => ({ id: Number(row["id"]), assetId: String(row["asset_id"]) }));
}
