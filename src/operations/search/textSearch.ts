/** Finds assets by the words of their captions, places, people, albums, dates, file names and cameras. */
import { countWords, matchDocuments, type MatchExpression, type TextMatch } from "../../records/search/matches.ts";
import type { Context } from "../context.ts";
import { CODES } from "./text/calendarWords.ts";
import type { Clause, TextQuery } from "./text/parseQuery.ts";
import { wordsWithOneError } from "./text/typingErrors.ts";

/** A query with fewer hits is repeated with corrections of its words. */
export const MIN_HITS_WITHOUT_CORRECTION = 3;
/** Words of a query that are corrected. */
export const MAX_CORRECTED_WORDS = 4;
/** Corrections of one word: those of most documents. */
export const MAX_CORRECTIONS_PER_WORD = 5;

/** Hits of corrected words score below the others. */
const CORRECTED_SCORE_FACTOR = 0.5;

export interface TextSearch {
  libraryId: string;
  query: TextQuery;
  /** The only assets that may be hits, such as the matches of filters; null for all of the library. */
  assetIds?: readonly string[] | null;
  /** Hits to return, at most `MAX_RANKED_DOCUMENTS`. */
  limit: number;
}

export type TextHit = TextMatch;

function expressionOf({ required, excluded }: TextQuery): MatchExpression {
  return { required: required.map(({ phrases }) => phrases), excluded: excluded.map(({ phrases }) => phrases) };
}

/** Adds to each word that the library lacks the words of the library with one other letter. Null if there are none. */
async function correctQuery(context: Context, { libraryId, query }: TextSearch): Promise<TextQuery | null> {
  const words = query.required.flatMap(({ correctable }) => correctable ?? []).slice(0, MAX_CORRECTED_WORDS);
  if (words.length === 0) return null;
  const candidates = new Map(words.map((word) => [word, wordsWithOneError(word)]));
  const counts = await countWords(context.searchDb, libraryId, [...words, ...[...candidates.values()].flat()]);
  const correct = (clause: Clause): Clause => {
    const found = (candidates.get(clause.correctable ?? "") ?? [])
      .flatMap((word) => ({ word, count: counts.get(word) ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, MAX_CORRECTIONS_PER_WORD);
    return {
      ...clause,
      phrases: [...clause.phrases, ...found.map(({ word }) => ({ words: [word], isPrefix: false }))],
    };
  };
  const required = query.required.map(correct);
  const isChanged = required.some(({ phrases }, i) => phrases.length > (query.required[i]?.phrases.length ?? 0));
  return isChanged ? { ...query, required } : null;
}

/**
 * Returns the best hits of a library, best first, as the index has them: it lags behind changes by one delivery of the
 * queue, so callers read the assets themselves with their scope and filters. A query without words has no hits. Takes one
 * round trip to the search database, and three if a word may be misspelled.
 */
export async function searchText(context: Context, search: TextSearch): Promise<TextHit[]> {
  const { libraryId, query, assetIds = null, limit } = search;
  if (query.required.length === 0 && query.excluded.length === 0) return [];
  const match = (expression: TextQuery): Promise<TextMatch[]> =>
    matchDocuments(context.searchDb, {
      libraryId,
      expression: expressionOf(expression),
      allWord: CODES.all,
      assetIds,
      limit,
      nowMs: context.nowMs,
    });
  const hits = await match(query);
  if (hits.length >= Math.min(MIN_HITS_WITHOUT_CORRECTION, limit)) return hits;
  const corrected = await correctQuery(context, search);
  if (corrected === null) return hits;
  const known = new Set(hits.map(({ assetId }) => assetId));
  const others = (await match(corrected)).filter(({ assetId }) => !known.has(assetId));
  const best = others[0]?.score ?? 1;
  const factor = (CORRECTED_SCORE_FACTOR * (hits.at(-1)?.score ?? best)) / best;
  return [...hits, ...others.map(({ assetId, score }) => ({ assetId, score: score * factor }))].slice(0, limit);
}
