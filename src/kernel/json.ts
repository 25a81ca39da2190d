/** JSON that others sent: how deep it goes, and whether two values are the same. Knows no schema. */

/** Beyond this SQLite's JSON functions and a recursive writer would give up. */
const DEEPEST = 64;

function isTooDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1));
}

export type ParsedObject = { ok: true; value: Record<string, unknown> } | { ok: false; problem: string };

/** The text's one object; or what is wrong with it. */
export function parseJsonObject(text: string): ParsedObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: "is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, problem: "must be a JSON object" };
  }
  if (isTooDeep(value, DEEPEST)) return { ok: false, problem: `is nested more than ${DEEPEST} levels deep` };
  return { ok: true, value: { ...value } };
}

/** Equal for equal values, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(",")}}`;
}
