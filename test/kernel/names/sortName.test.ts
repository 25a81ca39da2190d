import { describe, expect, it } from "vitest";
import { foldName } from "../../../src/kernel/names/foldName.ts";
import { sortName } from "../../../src/kernel/names/sortName.ts";
import { fitsJsonBytes, MAX_NAME_BYTES } from "../../../src/kernel/textLimits.ts";

const NAMES = [
  "Abe Ōta",
  "Ádám",
  "ADAM B.",
  "Æsa",
  "Ånna",
  "anna",
  "Anna Zed",
  "Annabel",
  "Çelik",
  "Dušan",
  "Đorđe",
  "Eóin",
  "Łukasz",
  "Nguyễn",
  "ñandu",
  "Øyvind",
  "Oz",
  "Straße",
  "strasser",
  "Zoë",
];

describe("a sort name", () => {
  it("has the order of Unicode's collation without accents", () => {
    const collator = new Intl.Collator("und", { sensitivity: "base" });
    const order = (key: (name: string) => string) => NAMES.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
    expect(order(sortName)).toEqual(NAMES.toSorted((a, b) => collator.compare(a, b)));
  });

  it.each([
    ["ZOË", "zoe"],
    ["  Zoë\t\n K. ", "zoe k."],
    ["Łucja Ångström", "lucja angstrom"],
    ["İrem Işık", "irem isik"],
    ["Straße", "strasse"],
    ["ﬁona", "fiona"],
    ["ΟΔΥΣΣΕΎΣ", "οδυσσευσ"],
    ["مُحَمَّد", "محمد"],
    ["각", "각"],
    ["राम", "राम"],
    ["Ａｎｎａ", "anna"],
    ["\u0301", ""],
  ])("of %j is %j", (name, expected) => {
    expect(sortName(name)).toBe(expected);
  });

  it("finds a name by any part of it in another case and without accents", () => {
    expect(sortName("Renée O’Hara-Müller")).toContain(sortName("HARA-MÜL"));
  });

  it("contains no control character, which would sort before the separator of keys", () => {
    expect(sortName("a\u0000b\u0001c\u001fd\u007fe\u0085f")).toBe("a b c d e f");
  });

  it("stays within the limit of a name when characters decompose", () => {
    const long = "ﷺ".repeat(Math.floor(MAX_NAME_BYTES / 3));
    expect(fitsJsonBytes(sortName(long), MAX_NAME_BYTES)).toBe(true);
  });

  it("differs for names that are unique, and is equal for those that differ in accents only", () => {
    expect([sortName("Zoe"), foldName("Zoe")]).toEqual([sortName("Zoë"), expect.not.stringMatching(foldName("Zoë"))]);
  });
});
