/** Which Cloudflare account a deploy goes to. Stores nothing: wrangler keeps the login. */
import { z } from "zod";
import { exitOf, runWrangler, startWrangler } from "../wrangler.ts";
import type { Asker } from "./asker.ts";

const identity = z.object({ accounts: z.array(z.object({ id: z.string(), name: z.string() })).default([]) });

async function whoAmI(): Promise<z.infer<typeof identity> | null> {
  const run = await runWrangler(["whoami", "--json"]);
  return run.code === 0 ? identity.parse(JSON.parse(run.stdout)) : null;
}

async function logIn(asker: Asker): Promise<z.infer<typeof identity>> {
  const known = await whoAmI();
  if (known !== null) return known;
  if (!asker.mayAsk) throw new Error("Not logged in. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
  await exitOf(startWrangler(["login"]));
  const fresh = await whoAmI();
  if (fresh === null) throw new Error("The login did not succeed.");
  return fresh;
}

/** Leaves the account's id in CLOUDFLARE_ACCOUNT_ID, where every later wrangler command finds it. */
export async function chooseAccount(asker: Asker): Promise<void> {
  const { accounts } = await logIn(asker);
  if (process.env["CLOUDFLARE_ACCOUNT_ID"] !== undefined || accounts.length === 0) return;
  const list = accounts.map((account, index) => `  ${index + 1}. ${account.name} (${account.id})`).join("\n");
  if (accounts.length > 1 && !asker.mayAsk) throw new Error(`Set CLOUDFLARE_ACCOUNT_ID to one of:\n${list}`);
  if (accounts.length > 1) console.log(`Your accounts:\n${list}`);
  const answer = accounts.length > 1 ? await asker.ask(`Which one? [1-${accounts.length}] `) : "1";
  const chosen = accounts[Number(answer) - 1];
  if (chosen === undefined) throw new Error(`There is no account number ${answer}.`);
  process.env["CLOUDFLARE_ACCOUNT_ID"] = chosen.id;
  console.log(`Deploying to ${chosen.name}.`);
}
