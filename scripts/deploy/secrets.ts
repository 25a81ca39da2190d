import { randomBytes } from "node:crypto";
import { z } from "zod";
import { runWrangler } from "../wrangler.ts";
import type { Prompt } from "./prompt.ts";
import { runOrThrow } from "./resources.ts";

const MIN_SECRET_LENGTH = 32;
const RANDOM_BYTES = 32;

const requiredSecrets = [
  { name: "ROOT_API_KEY", description: "the owner's API key", prefix: "apikey_" },
  { name: "MEDIA_SIGNING_KEY", meaning: "signs the URLs of photos and videos", prefix: "" },
];

async function existingSecretNames(): Promise<Set<string>> {
  const run = await runWrangler(["secret", "list", "--env", "production"]);
  if (run.code !== 0) {
    // 10007: the Worker does not exist yet, so it has no secrets. Other errors must not count as "none set".
    if (/10007|not found|does not exist/i.test(run.stdout + run.stderr)) return new Set();
    throw new Error(`wrangler secret list failed:\n${run.stdout}${run.stderr}`);
  }
  const secrets = z.array(z.object({ name: z.string() })).parse(JSON.parse(run.stdout));
  return new Set(secrets.map((secret) => secret.name));
}

function generateSecret(prefix: string): string {
  return prefix + randomBytes(RANDOM_BYTES).toString("base64url");
}

async function chooseValue(prompt: Prompt, secret: (typeof requiredSecrets)[number]): Promise<string> {
  if (!prompt.isInteractive) return generateSecret(secret.prefix);
  for (;;) {
    const question = `${secret.name} (${secret.description}). Paste a value, or press Enter to generate one: `;
    const value = await prompt.askSecret(question);
    if (value === "") return generateSecret(secret.prefix);
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
