import { z } from "zod";
import { waitForExit, runWrangler, startWrangler } from "../wrangler.ts";
import type { Prompt } from "./prompt.ts";

const identitySchema = z.object({ accounts: z.array(z.object({ id: z.string(), name: z.string() })).default([]) });

async function readIdentity(): Promise<z.infer<typeof identitySchema> | null> {
  const run = await runWrangler(["whoami", "--json"]);
  return run.code === 0 ? identitySchema.parse(JSON.parse(run.stdout)) : null;
}

async function logIn(prompt: Prompt): Promise<z.infer<typeof identitySchema>> {
  const current = await readIdentity();
  if (current !== null) return current;
  if (!prompt.isInteractive) throw new Error("Not logged in. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
  await waitForExit(startWrangler(["login"]));
  const identity = await readIdentity();
  if (identity === null) throw new Error("The login failed.");
  return identity;
}

/** Logs in and sets CLOUDFLARE_ACCOUNT_ID, which all later wrangler commands use. Throws if the choice needs a prompt. */
export async function selectAccount(prompt: Prompt): Promise<void> {
  const { accounts } = await logIn(prompt);
  if (process.env["CLOUDFLARE_ACCOUNT_ID"] !== undefined || accounts.length === 0) return;
  const list = accounts.map((account, index) => `  ${index + 1}. ${account.name} (${account.id})`).join("\n");
  if (accounts.length > 1 && !prompt.isInteractive) throw new Error(`Set CLOUDFLARE_ACCOUNT_ID to one of:\n${list}`);
  if (accounts.length > 1) console.log(`Your accounts:\n${list}`);
  const answer = accounts.length > 1 ? await prompt.ask(`Account number [1-${accounts.length}]: `) : "1";
  const account = accounts[Number(answer) - 1];
  if (account === undefined) throw new Error(`Invalid account number: ${answer}`);
  process.env["CLOUDFLARE_ACCOUNT_ID"] = account.id;
  console.log(`Deploying to ${account.name}.`);
}
