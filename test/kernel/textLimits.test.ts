import { describe, expect, it } from "vitest";
import { cutToJsonBytes, fitsJsonBytes, jsonBytes } from "../../src/kernel/textLimits.ts";
import { seededRandom } from "../support/random.ts";

const characters = ["a", " ", '"', "\\", "\n", "\u0001", "\u007f", "é", "中", "\u2028", "\ufffd", "\u{1f600}"];

function randomText(random: () => number, length: number): string {
  return Array.from({ length }, () => characters[Math.floor(random() * characters.length)] ?? "").join("");
}

/** Without the quotes around it. */
function textBytes(text: string): number {
  return jsonBytes(text) - 2;
}

describe("cutToJsonBytes", () => {
  it("returns the longest prefix of whole characters that fits, for 2,000 random texts", () => {
    const random = seededRandom(11);
    for (let i = 0; i < 2000; i++) {
      const text = randomText(random, Math.floor(random() * 40));
      const maxBytes = 1 + Math.floor(random() * 60);
      const cut = cutToJsonBytes(text, maxBytes);
      expect(textBytes(cut), JSON.stringify(text)).toBeLessThanOrEqual(maxBytes);
      expect(text.startsWith(cut) && cut.isWellFormed(), JSON.stringify(text)).toBe(true);
      expect(fitsJsonBytes(text, maxBytes)).toBe(textBytes(text) <= maxBytes);
      const next = Array.from(text.slice(cut.length)).find((character) => character.trim() !== "");
      const rest = text.slice(cut.length, text.indexOf(next ?? "", cut.length));
      if (cut !== text && next !== undefined)
        expect(textBytes(cut + rest + next), JSON.stringify(text)).toBeGreaterThan(maxBytes);
    }
  });

  it("never keeps half a surrogate pair", () => {
    expect(cutToJsonBytes("abc\u{1f600}", 6)).toBe("abc");
    expect(cutToJsonBytes("abc\u{1f600}", 7)).toBe("abc\u{1f600}");
  });

  it("counts an unpaired surrogate as its escape", () => {
    expect(fitsJsonBytes("\ud800", 5)).toBe(false);
    expect(fitsJsonBytes("\ud800", 6)).toBe(true);
  });
});
