import { describe, expect, it } from "vitest";
import { foldCase, foldName } from "../../../src/kernel/names/foldName.ts";
import caseFolding from "../../fixtures/unicode/caseFolding.txt?raw";

/** Unicode's own table, by code point. */
const table = new Map(
  caseFolding
    .split("\n")
    .filter((line) => /^[0-9A-F]/.test(line))
    .map((line) => {
      const [from = "", to = ""] = line.split(";");
      const folded = to.split(" ").map((code) => String.fromCodePoint(Number.parseInt(code, 16)));
      return [Number.parseInt(from, 16), folded.join("")] as const;
    }),
);

/** Letters with case that Unicode 17 added, which the table of Unicode 16 lacks. */
const isNewInUnicode17 = (codePoint: number): boolean =>
  [0xa7ce, 0xa7d2, 0xa7d4].includes(codePoint) || (codePoint >= 0x16ea0 && codePoint <= 0x16eb8);

describe("foldCase", () => {
  it("folds every code point as Unicode's table of full case folding", () => {
    expect(table.size).toBe(1557);
    const wrong: string[] = [];
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      if ((codePoint >= 0xd800 && codePoint < 0xe000) || isNewInUnicode17(codePoint)) continue;
      const character = String.fromCodePoint(codePoint);
      // Composed as the result is: some characters fold to a decomposed form.
      const expected = Array.from(character.normalize("NFC"), (each) => table.get(each.codePointAt(0) ?? 0) ?? each);
      if (foldCase(character) !== expected.join("").normalize("NFC")) wrong.push(codePoint.toString(16));
    }
    expect(wrong).toEqual([]);
  });
});

describe("foldName", () => {
  it.each([
    ["case", "SUMMER 2026", "summer 2026"],
    ["outer space", "\t  Summer\u00a0\u3000\n", "summer"],
    ["composition", "Cafe\u0301", "CAFÉ"],
    ["sharp s", "STRASSE", "straße"],
    ["the position of a sigma", "ΟΔΟΣ", "οδος"],
    ["the composition of a folded character", "\u0390", "\u0399\u0308\u0301"],
  ])("merges names that differ in %s", (_, one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });

  it.each([
    ["width", "Ａlbum", "Album"],
    ["inner space", "Summer  2026", "Summer 2026"],
    ["accents", "Café", "Cafe"],
    ["the dot of an i", "ılık", "ilik"],
  ])("keeps names apart that differ in %s", (_, one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });

  it("folds the case of wide letters", () => {
    expect(foldName("ＡＢＣ")).toBe(foldName("ａｂｃ"));
  });
});
