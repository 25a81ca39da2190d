/** Values as they come out of files, made fit to store: or null where they say nothing. */

const longestText = 64 * 1024;

/**
 * Cut at the first NUL, without spaces around it; null when nothing is left. Half a surrogate pair, which a file may hold
 * and which the cut may leave, is no text: strict JSON readers refuse the whole answer that it is in.
 */
export function tidyText(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const [text = ""] = value.slice(0, longestText).split("\0", 1);
  return text.trim().replaceAll(/\p{Surrogate}/gu, "\uFFFD") || null;
}

export function finiteNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Zero is what writers put where they do not know. */
export function positiveNumber(value: unknown): number | null {
  const number = finiteNumber(value);
  return number !== null && number > 0 ? number : null;
}

export function positiveWhole(value: unknown): number | null {
  const number = finiteNumber(value);
  return number === null ? null : positiveNumber(Math.round(number));
}

/** "1/30" or "5.6", as XMP writes numbers. */
export function numberInText(value: string | undefined): number | null {
  const match = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)(?:\/(\d+))?\s*$/.exec(value ?? "");
  if (match === null) return null;
  return finiteNumber(Number(match[1]) / Number(match[2] ?? 1));
}
