/** The API token and the account of a deployment. */
import { z } from "zod";
import { runWrangler, startWrangler, waitForExit, type CommandResult } from "../wrangler.ts";
import { callApi, CloudflareError } from "./api.ts";
import type { Prompt } from "./prompt.ts";

export interface Credentials {
  token: string;
  accountId: string;
}

const tokenSchema = z.object({ token: z.string() });
const accountsSchema = z.array(z.object({ id: z.string(), name: z.string() }));

/** The token that wrangler holds after a login, refreshed if needed. */
async function wranglerToken(): Promise<{ token: string | null; run: CommandResult }> {
  const run = await runWrangler(["auth", "token", "--json"]);
  if (run.code !== 0) return { token: null, run };
  return { token: tokenSchema.parse(JSON.parse(run.stdout)).token, run };
}

async function findToken(prompt: Prompt): Promise<string> {
  const fromEnvironment = process.env["CLOUDFLARE_API_TOKEN"];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  const current = await wranglerToken();
  if (current.token !== null) return current.token;
  const reason = `${current.run.stdout}${current.run.stderr}`.trim();
  if (!prompt.isInteractive) {
    throw new Error(
      `No Cloudflare credential: set CLOUDFLARE_API_TOKEN (docs/deploy.md), or run npx wrangler login.\n\n${reason}`,
    );
  }
  await waitForExit(startWrangler(["login"]));
  const { token, run } = await wranglerToken();
  if (token === null) throw new Error(`The login failed:\n${run.stdout}${run.stderr}`);
  return token;
}

/** A token for one account may lack the permission to list accounts, so a known account is not looked up. */
async function chooseAccount(prompt: Prompt, token: string): Promise<string> {
  let accounts: z.infer<typeof accountsSchema>;
  try {
    accounts = await callApi(token, "/accounts", accountsSchema);
  } catch (error) {
    if (!(error instanceof CloudflareError)) throw error;
    throw new Error(`The token cannot list accounts: ${error.message}. Set CLOUDFLARE_ACCOUNT_ID.`, { cause: error });
  }
  const list = accounts.map((account, index) => `  ${index + 1}. ${account.name} (${account.id})`).join("\n");
  if (accounts.length === 0) throw new Error("The token gives access to no account. Set CLOUDFLARE_ACCOUNT_ID.");
  if (accounts.length > 1 && !prompt.isInteractive) throw new Error(`Set CLOUDFLARE_ACCOUNT_ID to one of:\n${list}`);
  if (accounts.length > 1) console.log(`Your accounts:\n${list}`);
  const answer = accounts.length > 1 ? await prompt.ask(`Account number [1-${accounts.length}]: `) : "1";
  const account = accounts[Number(answer) - 1];
  if (account === undefined) throw new Error(`Invalid account number: ${answer}`);
  return account.id;
}

/**
 * Finds the token in CLOUDFLARE_API_TOKEN or in wrangler's login, and the account in CLOUDFLARE_ACCOUNT_ID, in the
 * settings of an earlier run, or by asking. Both are put into the environment, for wrangler.
 */
export async function findCredentials(prompt: Prompt, savedAccountId: string | null): Promise<Credentials> {
  const token = await findToken(prompt);
  const accountId = process.env["CLOUDFLARE_ACCOUNT_ID"] ?? savedAccountId ?? (await chooseAccount(prompt, token));
  process.env["CLOUDFLARE_ACCOUNT_ID"] = accountId;
  return { token, accountId };
}
