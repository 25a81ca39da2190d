/**
 * Parses the text of a search. Every input is valid: what is no word is ignored. Words are joined by AND; the last one may
 * be the beginning of a word; `"quoted words"` are a phrase; `-word` and `-"a phrase"` exclude.
 */
import { characterPairs, cutWord, lettersAndDigits, splitRuns, type TextPart } from "./words.ts";
import { codeOfWord, codesOfDate, CODES, monthOf } from "./calendarWords.ts";
import { foldText } from "./foldText.ts";
import { isStopWord } from "./stopWords.ts";

/** Characters of a query that are read. */
export const MAX_QUERY_CHARACTERS = 1000;
/** Words and phrases of a query; later ones are ignored. */
export const MAX_QUERY_CLAUSES = 24;
/** Words of a phrase; later ones are ignored. */
export const MAX_PHRASE_WORDS = 32;
/** Letters from which the last word finds longer words. */
export const MIN_PREFIX_LETTERS = 2;
/** Letters from which a word finds words with one other letter. */
export const MIN_CORRECTED_LETTERS = 5;
/** Letters up to which a word finds words with one other letter: the tries grow with the length. */
export const MAX_CORRECTED_LETTERS = 24;

/** Words in a row. */
export interface Phrase {
  words: string[];
  /** The last word is the beginning of a word. */
  isPrefix: boolean;
}

/** A condition on documents: one of the phrases. */
export interface Clause {
  phrases: Phrase[];
  /** The word, if it may contain a typing error. */
  correctable: string | null;
}

export interface TextQuery {
  /** All of them must hold. */
  required: Clause[];
  /** None of them may hold. */
  excluded: Clause[];
}

interface Piece {
  text: string;
  isQuoted: boolean;
  isExcluded: boolean;
}

/** A quotation, to its end or to the end of the query; or a word up to the next space or quotation. */
const PIECE =
  /(?<minus>-?)(?:["“”„«»「」『』](?<quoted>[^"“”„«»「」『』]*)["“”„«»「」『』]?|(?<word>[^\s"“”„«»「」『』]+))/gu;
const MINUS = /^-+/;

function splitPieces(text: string): Piece[] {
  return [...text.matchAll(PIECE)].map(({ groups = {} }) => {
    const { minus, quoted, word = "" } = groups;
    if (quoted !== undefined) return { text: quoted, isQuoted: true, isExcluded: minus === "-" };
    return { text: word.replace(MINUS, ""), isQuoted: false, isExcluded: minus === "-" };
  });
}

/**
 * The words of a part. A document has the last character of an unspaced part as a word of its own, which a query has only
 * if the part ends there.
 */
function wordsOf({ text, isUnspaced }: TextPart, isLast: boolean): string[] {
  if (!isUnspaced) return [cutWord(text)];
  const pairs = characterPairs(text);
  return isLast && pairs.length > 1 ? pairs.slice(0, -1) : pairs;
}

const letterCount = (text: string): number => Array.from(text).length;

function phraseOf(parts: TextPart[], mayBePrefix: boolean): Phrase {
  const words = parts.flatMap((part, i) => wordsOf(part, i === parts.length - 1)).slice(0, MAX_PHRASE_WORDS);
  const last = parts.at(-1);
  if (last === undefined) return { words, isPrefix: false };
  const isPrefix = last.isUnspaced
    ? letterCount(last.text) === 1
    : mayBePrefix && last.text.length >= MIN_PREFIX_LETTERS;
  return { words, isPrefix };
}

/** The phrase with its words split where letters and digits meet, as names of files and cameras have them. */
function splitPhrase({ words, isPrefix }: Phrase): Phrase[] {
  const parts = lettersAndDigits(words).slice(0, MAX_PHRASE_WORDS);
  if (parts.length === words.length) return [];
  return [{ words: parts, isPrefix: isPrefix && (parts.at(-1)?.length ?? 0) >= MIN_PREFIX_LETTERS }];
}

const codePhrase = (code: string): Phrase => ({ words: [code], isPrefix: false });

const CORRECTABLE = /^\p{L}+$/u;

function correctableWord(parts: TextPart[]): string | null {
  const [part] = parts;
  if (parts.length !== 1 || part === undefined || part.isUnspaced || !CORRECTABLE.test(part.text)) return null;
  const letters = letterCount(part.text);
  return letters >= MIN_CORRECTED_LETTERS && letters <= MAX_CORRECTED_LETTERS ? part.text : null;
}

/** The runs without an elided article in front, as in `l'été`. */
function withoutElision(runs: TextPart[][], isQuoted: boolean): TextPart[][] {
  const [first] = runs;
  const isElided = !isQuoted && runs.length > 1 && first?.length === 1 && isStopWord(first[0]?.text ?? "");
  return isElided ? runs.slice(1) : runs;
}

/** The clauses of one piece: several for a date, whose parts a document has in any order. */
function clausesOf({ text, isQuoted, isExcluded }: Piece, isLast: boolean, isDay: boolean): Clause[] {
  const parts = withoutElision(splitRuns(text), isQuoted).flat();
  if (parts.length === 0) return [];
  const phrase = phraseOf(parts, isLast && !isQuoted && !isExcluded);
  if (isQuoted) return [{ phrases: [phrase], correctable: null }];
  const word = foldText(text);
  const dateCodes = codesOfDate(word);
  // An exclusion of several codes would exclude documents that have one of them.
  if (dateCodes !== null && !(isExcluded && dateCodes.length > 1)) {
    return dateCodes.map((code) => ({ phrases: [codePhrase(code)], correctable: null }));
  }
  const code = isDay ? CODES.day(Number(word)) : codeOfWord(parts.length === 1 ? (parts[0]?.text ?? "") : word);
  return [
    {
      phrases: [phrase, ...splitPhrase(phrase), ...(code === null ? [] : [codePhrase(code)])],
      correctable: isExcluded || code !== null ? null : correctableWord(parts),
    },
  ];
}

const DAY = /^(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|\.|,)?$/;

/** Whether a piece is the day of a date: a number next to the name of a month, as in `14 July`. */
function isDayOfMonth(pieces: readonly Piece[], i: number): boolean {
  const piece = pieces[i];
  if (piece === undefined || piece.isQuoted || !DAY.test(piece.text)) return false;
  return [pieces[i - 1], pieces[i + 1]].some(
    (next) => next !== undefined && !next.isQuoted && !next.isExcluded && monthOf(foldText(next.text)) !== null,
  );
}

function isStopPiece({ text, isQuoted, isExcluded }: Piece): boolean {
  return !isQuoted && !isExcluded && isStopWord(foldText(text));
}

/** Parses any text. A query without words has no clauses, and no hits. */
export function parseTextQuery(text: string): TextQuery {
  const all = splitPieces(text.slice(0, MAX_QUERY_CHARACTERS));
  const others = all.filter((piece) => !isStopPiece(piece));
  // A query of stop words alone searches for them.
  const pieces = others.some(({ isExcluded }) => !isExcluded) ? others : all;
  const query: TextQuery = { required: [], excluded: [] };
  for (const [i, piece] of pieces.entries()) {
    const isDay = isDayOfMonth(pieces, i);
    const day = isDay ? { ...piece, text: String(Number.parseInt(piece.text, 10)) } : piece;
    const clauses = clausesOf(day, i === pieces.length - 1, isDay);
    (piece.isExcluded ? query.excluded : query.required).push(...clauses);
  }
  return {
    required: query.required.slice(0, MAX_QUERY_CLAUSES),
    excluded: query.excluded.slice(0, MAX_QUERY_CLAUSES),
  };
}
