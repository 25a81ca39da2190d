/**
 * Splits folded text into the words of the index. Scripts without spaces between words are split into pairs of
 * characters, by which a phrase of pairs finds every part of a text from one character on; the trigrams of SQLite would
 * find parts of three and more, and many words of Chinese and Japanese have two.
 */
import { foldText } from "./foldText.ts";

/** Longer words are cut, in documents and in queries: the index holds every word of a library once. */
export const MAX_WORD_CHARACTERS = 40;

/** Letters with their marks, digits, and single emoji. */
const RUN = /[\p{L}\p{N}\p{M}ー]+|\p{Extended_Pictographic}/gu;
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー";
const PART = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, "gu");
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "u");

/** A part of a run in one kind of script. */
export interface TextPart {
  /** Folded. */
  text: string;
  /** In a script without spaces between words. */
  isUnspaced: boolean;
}

/** The runs of letters and digits of a text, each in the parts of its scripts. */
export function splitRuns(text: string): TextPart[][] {
  const runs = foldText(text).match(RUN) ?? [];
  return runs.map((run) => {
    const parts = run.match(PART) ?? [];
    return parts.map((part) => ({ text: part, isUnspaced: IS_UNSPACED.test(part) }));
  });
}

/** Every pair of neighbouring characters, and the last character. */
export function characterPairs(text: string): string[] {
  const characters = Array.from(text);
  return characters.map((character, i) => character + (characters[i + 1] ?? ""));
}

function wordsOfPart({ text, isUnspaced }: TextPart): string[] {
  return isUnspaced ? characterPairs(text) : [cutWord(text)];
}

/** Cuts between characters. */
export function cutWord(text: string): string {
  return text.length <= MAX_WORD_CHARACTERS ? text : text.slice(0, MAX_WORD_CHARACTERS).toWellFormed();
}

/** The words of a document's text, in order. */
export function documentWords(text: string): string[] {
  return splitRuns(text).flatMap((run) => run.flatMap(wordsOfPart));
}

const LETTERS_OR_DIGITS = /\p{N}+|[^\p{N}]+/gu;
/** The ends of words in names such as `BerlinTrip` and `DSCBerlin`. */
const CAPITALS = /(\p{Ll})(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu;

/** The parts of folded words where letters and digits meet, in order: `24`, `105`, `mm` of `24` and `105mm`. */
export function lettersAndDigits(words: readonly string[]): string[] {
  return words.flatMap((word) => word.match(LETTERS_OR_DIGITS) ?? []);
}

/**
 * The words of a file name or a model, followed by their parts where letters, digits or capitals change: `DSC01234` is
 * found by `dsc` and `01234` too, and `RF24-105mm` by `24-105`.
 */
export function nameWords(text: string): string[] {
  const words = documentWords(text);
  const parts = lettersAndDigits(documentWords(text.replaceAll(CAPITALS, "$1$2 ")));
  return parts.length === words.length ? words : [...words, ...parts];
}
