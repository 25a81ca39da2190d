import { describe, expect, it } from "vitest";
import {
  MAX_PHRASE_WORDS,
  MAX_QUERY_CLAUSES,
  parseTextQuery,
  type Clause,
} from "../../../../src/operations/search/text/parseQuery.ts";

const show = ({ phrases }: Clause): string =>
  phrases.map(({ words, isPrefix }) => `${words.join(" ")}${isPrefix ? "*" : ""}`).join(" | ");
const required = (text: string): string[] => parseTextQuery(text).required.map(show);
const excluded = (text: string): string[] => parseTextQuery(text).excluded.map(show);

import { nameWords } from "../../../../src/operations/search/text/words.ts";

describe("words of a query", () => {
  it("are joined, folded, and the last one may be the beginning of a word", () => {
    expect(required("Café MÜNCHEN straße Łódź")).toEqual(["cafe", "munchen", "strasse", "lodz*"]);
    expect(required("ＷＩＤＥ ﬁne x")).toEqual(["wide", "fine", "x"]);
  });

  it("are a phrase when quoted, or when a word has several parts", () => {
    expect(required('"old town" saint-malo')).toEqual(["old town", "saint malo*"]);
    expect(required("“old town” berlin")).toEqual(["old town", "berlin*"]);
    expect(required('"open ended')).toEqual(["open ended"]);
    expect(required("l'été d'Annecy")).toEqual(["ete", "annecy*"]);
  });

  it("are excluded with a minus sign in front", () => {
    expect(excluded('boat -red -"old town" -2019')).toEqual(["red", "old town", "2019"]);
    expect(required("well-known - --")).toEqual(["well known"]);
  });

  it("of scripts without spaces are pairs of characters, so that every part is found", () => {
    expect(required("東京")).toEqual(["東京"]);
    expect(required("東京都 京")).toEqual(["東京 京都", "京*"]);
    expect(required("เชียงใหม่")[0]?.split(" ").length).toBe(8);
    expect(required("iPhoneで撮影 x")).toEqual(["iphone で撮 撮影", "x"]);
    expect(required("撮影iphone x")).toEqual(["撮影 影 iphone", "x"]);
  });

  it("that name months, weekdays and media types find dates and types too", () => {
    expect(required("july 2019")).toEqual(["july | __m7", "2019*"]);
    expect(required("14 Juli sunday videos ")).toEqual([
      "14 | __d14",
      "juli | __m7",
      "sunday | __w0",
      "videos* | __video",
    ]);
    expect(required("2019-07-14 14.7.2019 2019-07 2019年7月 7月14日 2019年")).toEqual([
      "__20190714",
      "__20190714",
      "__201907",
      "__201907",
      "__m7",
      "__d14",
      "2019",
    ]);
    expect(required("iphone 14")).toEqual(["iphone", "14*"]);
  });

  it("are split where letters and digits meet, as in the names of files and cameras", () => {
    expect(required("iphone14 24-105mm dsc0")).toEqual([
      "iphone14 | iphone 14",
      "24 105mm | 24 105 mm",
      "dsc0* | dsc 0",
    ]);
    expect(nameWords("DSC01234.JPG")).toEqual(["dsc01234", "jpg", "dsc", "01234", "jpg"]);
    expect(nameWords("BerlinTrip 7.jpg")).toEqual(["berlintrip", "7", "jpg", "berlin", "trip", "7", "jpg"]);
    expect(nameWords("sunset.jpg")).toEqual(["sunset", "jpg"]);
  });

  it("are left out when they are stop words, unless there are no others", () => {
    expect(required("a dog in the snow")).toEqual(["dog", "snow*"]);
    expect(required("the")).toEqual(["the*"]);
    expect(required('"the who"')).toEqual(["the who"]);
    expect(required("the -snow")).toEqual(["the"]);
  });

  it("may contain a typing error if they have five letters and more", () => {
    const correctable = parseTextQuery('berlin mill "potsdam" july saint-malo 12345 -vienna').required.map(
      (clause) => clause.correctable,
    );
    expect(correctable).toEqual(["berlin", null, null, null, null, null]);
  });
});

describe("hostile queries", () => {
  it.each([
    ["nothing", ""],
    ["punctuation", "()*^:\"+{}[]\\/%_;'"],
    ["operators of FTS5", "AND OR NOT NEAR(a b, 2) caption : x ^y {a b}: c"],
    ["SQL", "'; DROP TABLE search_text; --"],
    ["NUL and control characters", "a\u0000b\u0001\u001f\u007f"],
    ["half surrogates", "\ud83d x \ude00 \udc00\ud800"],
    ["right-to-left text", "\u202eشارع الحمرا\u202c בירה"],
    ["marks alone", "\u0301\u0301 \u3099"],
    ["200 quotes", '"'.repeat(200)],
    ["200 minus signs", "-".repeat(200)],
    ["deep parentheses", "(".repeat(500) + "x" + ")".repeat(500)],
    ["many words", "word ".repeat(3000)],
    ["one long word", "x".repeat(10_000)],
    ["a long word of pairs", "漢".repeat(10_000)],
    ["a ligature of 18 characters", "\ufdfa".repeat(1000)],
  ])("of %s parse to bounded words of letters, digits, marks and emoji", (_name, text) => {
    const { required: all, excluded: none } = parseTextQuery(text);
    expect(Math.max(all.length, none.length)).toBeLessThanOrEqual(MAX_QUERY_CLAUSES);
    for (const { phrases } of [...all, ...none]) {
      for (const { words } of phrases) {
        expect(words.length).toBeLessThanOrEqual(MAX_PHRASE_WORDS);
        for (const word of words) expect(word).toMatch(/^(?:(?:__)?[\p{L}\p{N}\p{M}ー]+|\p{Extended_Pictographic})$/u);
      }
    }
  });
});
