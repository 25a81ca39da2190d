/** Converts values from files to values that can be stored; null for blank, invalid and placeholder values. */

/** The longest caption that an asset stores. The upload cuts each field to its own limit. */
export const MAX_TEXT_CHARACTERS = 16 * 1024;

/** Cuts text to the maximum length, without half a surrogate pair at the end. */
function cutText(text: string): string {
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(MAX_TEXT_CHARACTERS - 1));
  return text.slice(0, splitsPair ? MAX_TEXT_CHARACTERS - 1 : MAX_TEXT_CHARACTERS);
}

/**
 * Cuts text at the first NUL and at the maximum length, and trims it; null if it is blank. Unpaired surrogates become
 * U+FFFD: strict JSON parsers reject them.
 */
export function normalizeText(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const [text = ""] = cutText(value).split("\0", 1);
  return text.trim().toWellFormed() || null;
}

export function finiteNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Returns null for 0, which writers use for unknown values. */
export function positiveNumber(value: unknown): number | null {
  const number = finiteNumber(value);
  return number !== null && number > 0 ? number : null;
}

/** Rounds to an integer; null below 1. */
export function positiveInteger(value: unknown): number | null {
  const number = finiteNumber(value);
  return number === null ? null : positiveNumber(Math.round(number));
}

/** Parses a number or fraction as XMP writes them: "5.6", "1/30". */
export function parseNumber(value: string | undefined): number | null {
  const match = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?:\/(\d+))?\s*$/.exec(value ?? "");
  if (match === null) return null;
  return finiteNumber(Number(match[1]) / Number(match[2] ?? 1));
}
