/** The two secrets a deployment needs: asked for or generated when missing, never overwritten, never written to disk. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { runWrangler } from "../wrangler.ts";
import type { Asker } from "./asker.ts";
import { mustRun } from "./resources.ts";

const MIN_SECRET_LENGTH = 32;
const RANDOM_BYTES = 32;

const wanted = [
  { name: "ROOT_API_KEY", meaning: "the owner's API key", prefix: "apikey_" },
  { name: "MEDIA_SIGNING_KEY", meaning: "signs the addresses of photos and videos", prefix: "" },
];

async function storedNames(): Promise<Set<string>> {
  const run = await runWrangler(["secret", "list", "--env", "production"]);
  if (run.code !== 0) {
    // 10007: the Worker does not exist yet, so it has no secrets. Anything else must not look like "none set".
    if (/10007|not found|does not exist/i.test(run.stdout + run.stderr)) return new Set();
    throw new Error(`wrangler secret list failed:\n${run.stdout}${run.stderr}`);
  }
  const secrets = z.array(z.object({ name: z.string() })).parse(JSON.parse(run.stdout));
  return new Set(secrets.map((secret) => secret.name));
}

function generated(prefix: string): string {
  return prefix + randomBytes(RANDOM_BYTES).toString("base64url");
}

async function chooseValue(asker: Asker, secret: (typeof wanted)[number]): Promise<string> {
  if (!asker.mayAsk) return generated(secret.prefix);
  for (;;) {
    const question = `${secret.name} (${secret.meaning}). Paste a value, or press Enter to generate one: `;
    const value = await asker.askSecret(question);
    if (value === "") return generated(secret.prefix);
    if (value.length >= MIN_SECRET_LENGTH) return value;
    console.log(`That is shorter than ${MIN_SECRET_LENGTH} characters.`);
  }
}

/** Sets what is missing. Returns the owner key when it is new, for the one time it is shown. */
export async function ensureSecrets(asker: Asker): Promise<string | null> {
  const stored = await storedNames();
  const missing = wanted.filter((secret) => !stored.has(secret.name));
  const values: Record<string, string> = {};
  for (const secret of missing) values[secret.name] = await chooseValue(asker, secret);
  // Through stdin: arguments show in the process list.
  if (missing.length > 0) await mustRun(["secret", "bulk", "--env", "production"], JSON.stringify(values));
  for (const secret of wanted) console.log(`${stored.has(secret.name) ? "Found  " : "Set    "} secret ${secret.name}`);
  return values["ROOT_API_KEY"] ?? null;
}
