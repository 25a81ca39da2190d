/**
 * The secrets of local development, in .dev.vars: random, because a published default key would open every local
 * server.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { randomSecret, requiredSecrets } from "./randomSecret.ts";

/** Part of the keys that earlier versions of .dev.vars.example published. */
const PUBLISHED_VALUE = "local-development";

/** Only the owner of the files may read them: 0600. */
const OWNER_ONLY = 0o600;

function setVariable(text: string, name: string, value: string): string {
  const line = `${name}=${value}`;
  const pattern = new RegExp(`^[ \\t]*${name}[ \\t]*=.*$`, "m");
  return pattern.test(text) ? text.replace(pattern, line) : `${text.replace(/\n?$/, "\n")}${line}\n`;
}

/**
 * Creates .dev.vars from .dev.vars.example if it is missing, and replaces secrets that are empty or were published.
 * Other lines stay as they are. Returns a new owner's key, else null.
 */
export function ensureLocalSecrets(directory = "."): string | null {
  const path = join(directory, ".dev.vars");
  let text = readFileSync(existsSync(path) ? path : join(directory, ".dev.vars.example"), "utf8");
  const values = parseEnv(text);
  const missing = requiredSecrets.filter(({ name }) => {
    const value = values[name] ?? "";
    return value === "" || value.includes(PUBLISHED_VALUE);
  });
  if (missing.length === 0) return null;
  for (const { name, prefix } of missing) text = setVariable(text, name, randomSecret(prefix));
  writeFileSync(path, text, { mode: OWNER_ONLY });
  const isKeyNew = missing.some(({ name }) => name === "ROOT_API_KEY");
  return isKeyNew ? (parseEnv(text)["ROOT_API_KEY"] ?? null) : null;
}
