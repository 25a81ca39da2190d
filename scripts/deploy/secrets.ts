/** Sets an instance's secrets, entered or generated, without writing them to disk. */
import { z } from "zod";
import { randomSecret, requiredSecrets } from "../randomSecret.ts";
import { runWrangler } from "../wrangler.ts";
import { CloudflareError, type AccountApi } from "./api.ts";
import { WORKER_NOT_FOUND } from "./inventory.ts";
import type { Prompt } from "./prompt.ts";

const MIN_SECRET_LENGTH = 32;

/** Throws for every other failure: counted as an empty list, it would overwrite the secrets of a running service. */
async function existingSecretNames(api: AccountApi, worker: string): Promise<Set<string>> {
  try {
    const secrets = await api("GET", `/workers/scripts/${worker}/secrets`, z.array(z.object({ name: z.string() })));
    return new Set(secrets.map(({ name }) => name));
  } catch (error) {
    if (error instanceof CloudflareError && error.code === WORKER_NOT_FOUND) return new Set();
    throw error;
  }
}

function checkedValue(name: string, value: string): string {
  if (value.length >= MIN_SECRET_LENGTH) return value;
  throw new Error(`The environment variable ${name} must have at least ${MIN_SECRET_LENGTH} characters.`);
}

async function chooseValue(prompt: Prompt, secret: (typeof requiredSecrets)[number]): Promise<string> {
  const fromEnvironment = process.env[secret.name];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return checkedValue(secret.name, fromEnvironment);
  if (!prompt.isInteractive) return randomSecret(secret.prefix);
  for (;;) {
    const question = `${secret.name} (${secret.description}). Paste a value, or press Enter to generate one: `;
    const value = await prompt.askSecret(question);
    if (value === "") return randomSecret(secret.prefix);
    if (value.length >= MIN_SECRET_LENGTH) return value;
    console.log(`The value must have at least ${MIN_SECRET_LENGTH} characters.`);
  }
}

/** Through stdin, because arguments are visible in the process list. */
async function setSecrets(worker: string, config: string, values: Record<string, string>): Promise<void> {
  const args = ["secret", "bulk", "--name", worker, "--config", config];
  const run = await runWrangler(args, JSON.stringify(values));
  if (run.code !== 0) throw new Error(`Setting the secrets failed:\n${run.stdout}${run.stderr}`);
}

/** Sets the missing secrets. Returns a root key that was generated or entered, else null: logs must not show others. */
export async function ensureSecrets(
  prompt: Prompt,
  api: AccountApi,
  { worker, config }: { worker: string; config: string },
): Promise<string | null> {
  const existing = await existingSecretNames(api, worker);
  const missing = requiredSecrets.filter((secret) => !existing.has(secret.name));
  const values: Record<string, string> = {};
  for (const secret of missing) values[secret.name] = await chooseValue(prompt, secret);
  if (missing.length > 0) await setSecrets(worker, config, values);
  for (const { name } of requiredSecrets) console.log(`${existing.has(name) ? "Found  " : "Set    "} secret ${name}`);
  const rootKey = values["ROOT_API_KEY"];
  return rootKey === undefined || rootKey === process.env["ROOT_API_KEY"] ? null : rootKey;
}

/** Sets one secret to the value that the user enters, or to that of the environment variable of the same name. */
export async function setSecret(
  prompt: Prompt,
  name: string,
  target: { worker: string; config: string },
): Promise<void> {
  const fromEnvironment = process.env[name];
  if (fromEnvironment === undefined && !prompt.isInteractive) {
    throw new Error(`--secret ${name} asks for the value. Without a terminal, set the environment variable ${name}.`);
  }
  const value = fromEnvironment ?? (await prompt.askSecret(`${name}: `));
  if (value === "") throw new Error(`${name} is empty; nothing was changed.`);
  await setSecrets(target.worker, target.config, { [name]: value });
  console.log(`Set     secret ${name}`);
}
