import { z } from "zod";
import { randomSecret, requiredSecrets } from "../randomSecret.ts";
import { runWrangler } from "../wrangler.ts";
import type { Prompt } from "./prompt.ts";
import { runOrThrow } from "./resources.ts";

const MIN_SECRET_LENGTH = 32;

/**
 * wrangler's output for the API's error 10007: the Worker was never deployed, so it has no secrets. wrangler 4.155
 * prints this sentence in place of the code, and for no other error.
 */
const WORKER_NOT_FOUND = /\[code: 10007\]|Worker "[^"]+" \(env: production\) not found\./;

/** Throws for every other failure: counted as an empty list, it would overwrite the secrets of a running service. */
async function existingSecretNames(): Promise<Set<string>> {
  const run = await runWrangler(["secret", "list", "--env", "production"]);
  if (run.code !== 0) {
    if (WORKER_NOT_FOUND.test(run.stdout + run.stderr)) return new Set();
    throw new Error(`wrangler secret list failed:\n${run.stdout}${run.stderr}`);
  }
  const secrets = z.array(z.object({ name: z.string() })).parse(JSON.parse(run.stdout));
  return new Set(secrets.map((secret) => secret.name));
}

async function chooseValue(prompt: Prompt, secret: (typeof requiredSecrets)[number]): Promise<string> {
  if (!prompt.isInteractive) return randomSecret(secret.prefix);
  for (;;) {
    const question = `${secret.name} (${secret.description}). Paste a value, or press Enter to generate one: `;
    const value = await prompt.askSecret(question);
    if (value === "") return randomSecret(secret.prefix);
    if (value.length >= MIN_SECRET_LENGTH) return value;
    console.log(`The value must have at least ${MIN_SECRET_LENGTH} characters.`);
  }
}

/** Sets the missing secrets, entered or generated, without writing them to disk. Returns a new root key, else null. */
export async function ensureSecrets(prompt: Prompt): Promise<string | null> {
  const existing = await existingSecretNames();
  const missing = requiredSecrets.filter((secret) => !existing.has(secret.name));
  const values: Record<string, string> = {};
  for (const secret of missing) values[secret.name] = await chooseValue(prompt, secret);
  // Through stdin, because arguments are visible in the process list.
  if (missing.length > 0) await runOrThrow(["secret", "bulk", "--env", "production"], JSON.stringify(values));
  for (const secret of requiredSecrets)
    console.log(`${existing.has(secret.name) ? "Found  " : "Set    "} secret ${secret.name}`);
  return values["ROOT_API_KEY"] ?? null;
}
