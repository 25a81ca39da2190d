/** Reads the text of a deployment's vars. */

export type Vars = Record<string, unknown>;

/** The trimmed text of a var; null for an absent or blank one. */
export function text(vars: Vars, name: string): string | null {
  const value = vars[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}
