/** Compares names without regard to case, to the composition of characters and to outer space. */

/** Unicode folds Cherokee to uppercase, because its lowercase letters are younger. */
const CHEROKEE = /^\p{Script=Cherokee}$/u;
const DOTLESS_I = "ı";

/**
 * Full case folding of one character: CaseFolding.txt of Unicode, status C and F. JavaScript has only case mapping.
 * Its uppercase merges the variants of a letter, such as ß and ss; lowercase by character has no final sigma.
 */
function foldCharacter(character: string): string {
  if (character === DOTLESS_I) return character;
  if (CHEROKEE.test(character)) return character.toUpperCase();
  return Array.from(character.toLowerCase().toUpperCase(), (upper) => upper.toLowerCase()).join("");
}

/** Full Unicode case folding of the NFC form. Differences in width remain: U+FF21 is a letter of its own. */
export function foldCase(text: string): string {
  // Lowercase, which for ASCII is the same, takes a twentieth of the time.
  if (/^[ -~]*$/.test(text)) return text.toLowerCase();
  // Folding can decompose a character: the folded forms of equal names are composed again.
  return Array.from(text.normalize("NFC"), foldCharacter).join("").normalize("NFC");
}

/** The form by which names are unique. */
export function foldName(name: string): string {
  return foldCase(name.trim());
}
