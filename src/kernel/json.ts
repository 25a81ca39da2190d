/** Parses and compares untrusted JSON. */

/** Keeps values within the limits of SQLite's JSON functions and of recursive serialization. */
export const MAX_JSON_DEPTH = 64;

function exceedsDepth(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => exceedsDepth(inner, left - 1));
}

export type ParsedObject = { ok: true; value: Record<string, unknown> } | { ok: false; problem: string };

/** Parses one JSON object, or returns the problem in words. */
export function parseJsonObject(text: string): ParsedObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: "is not valid JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, problem: "must be a JSON object" };
  }
  if (exceedsDepth(value, MAX_JSON_DEPTH))
    return { ok: false, problem: `is nested more than ${MAX_JSON_DEPTH} levels deep` };
  return { ok: true, value: { ...value } };
}

/** Serializes with sorted keys, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(",")}}`;
}
