/** The form of names by which they are sorted and searched: without case, accents and runs of space. */
import { foldCase } from "./foldName.ts";
import { cutToJsonBytes, MAX_NAME_BYTES } from "../textLimits.ts";

/** Letters that Unicode does not decompose, and the ones that alphabets place them at. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  æ: "ae",
  œ: "oe",
  ø: "o",
  ð: "d",
  đ: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  ŋ: "n",
  þ: "th",
  ŧ: "t",
};
const BASED = new RegExp(`[${Object.keys(BASE_LETTERS).join("")}]`, "gu");

/** Marks that combine with letters of several scripts: accents, and the vowel points of Arabic. */
const ACCENTS = /\p{Script=Inherited}/gu;
/** Control characters could sort before the separator that ends a key. */
const SPACE = /[\s\p{Cc}]+/gu;

/** Folds a name, or a part of one. Letters of other scripts keep the order of their code points. */
export function sortName(name: string): string {
  const plain = foldCase(name.normalize("NFKD").replaceAll(ACCENTS, "").normalize("NFC"));
  const based = plain.replaceAll(BASED, (letter) => BASE_LETTERS[letter] ?? letter);
  // A compatibility decomposition can be eighteen times as long.
  return cutToJsonBytes(based.replaceAll(SPACE, " ").trim(), MAX_NAME_BYTES);
}
