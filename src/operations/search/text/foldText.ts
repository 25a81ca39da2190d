/** Folds text for the search: width, case, accents and ligatures make no difference. */

/** Letters that Unicode doesn't decompose. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
  ı: "i",
  ς: "σ",
};
const UNDECOMPOSED = /[ßæœøłđðþħıς]/g;

/**
 * Accents of Latin, Greek and Cyrillic; vowel signs of Hebrew and Arabic, which texts usually leave out; the joiners and
 * variants of emoji. Vowels of Thai and of Indic scripts are marks too, and stay.
 */
const DROPPED_MARKS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]|\u200d|[\u20d0-\u20ff]|[\ufe00-\ufe0f]/g;

/** Returns text of any characters, at most 18 times as long; an unpaired surrogate becomes U+FFFD. */
export function foldText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase();
  return text
    .toWellFormed()
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(DROPPED_MARKS, "")
    .replaceAll(UNDECOMPOSED, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFC");
}
