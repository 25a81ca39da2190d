/** The words from which one typing error leads to a word. */

const ALPHABETS = [
  { script: /^\p{Script=Latin}+$/u, letters: "abcdefghijklmnopqrstuvwxyz" },
  { script: /^\p{Script=Cyrillic}+$/u, letters: "абвгдежзиклмнопрстуфхцчшщъыьэюяіє" },
  { script: /^\p{Script=Greek}+$/u, letters: "αβγδεζηθικλμνξοπρστυφχψω" },
];

/**
 * Returns every folded word that differs from `word` by one letter that is missing, added, replaced or exchanged with its
 * neighbour: about 54 for each letter of a Latin word. Other scripts than Latin, Cyrillic and Greek have no new letters.
 */
export function wordsWithOneError(word: string): string[] {
  const letters = Array.from(word);
  const alphabet = Array.from(ALPHABETS.find(({ script }) => script.test(word))?.letters ?? "");
  const found = new Set<string>();
  for (let i = 0; i <= letters.length; i++) {
    const [head, tail] = [letters.slice(0, i).join(""), letters.slice(i + 1).join("")];
    const [here = "", next = ""] = [letters[i], letters[i + 1]];
    for (const letter of alphabet) {
      found.add(head + letter + here + tail);
      if (here !== "") found.add(head + letter + tail);
    }
    if (here !== "") found.add(head + tail);
    if (next !== "") found.add(head + next + here + letters.slice(i + 2).join(""));
  }
  found.delete(word);
  return [...found];
}
