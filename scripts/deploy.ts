/**
 * `npm run deploy`: creates what [env.production] of wrangler.toml names and the account lacks, sets missing secrets,
 * migrates the remote database and deploys. Running it again only migrates and deploys. `--yes` asks nothing.
 */
import { parseArgs } from "node:util";
import { copyReferenceAssets } from "./assets.ts";
import { chooseAccount } from "./deploy/account.ts";
import { terminalAsker } from "./deploy/asker.ts";
import { ensureResources, mustRun, productionNames } from "./deploy/resources.ts";
import { ensureSecrets } from "./deploy/secrets.ts";
import { exitOf, startWrangler } from "./wrangler.ts";

async function deploy(): Promise<number> {
  const { values } = parseArgs({ options: { yes: { type: "boolean", default: false } } });
  const asker = terminalAsker(values.yes);
  copyReferenceAssets();
  await chooseAccount(asker);
  await ensureResources(productionNames());
  await mustRun(["d1", "migrations", "apply", "DB", "--remote", "--env", "production"]);
  console.log("Migrated the database.");
  const ownerKey = await ensureSecrets(asker);
  // Shown before the deploy, which can still fail: the key is already set and nobody can read it back.
  if (ownerKey !== null) console.log(`\nThe owner's API key, shown this once. Keep it safe:\n\n  ${ownerKey}\n`);
  const unattended: Record<string, string> = asker.mayAsk ? {} : { CI: "1" };
  return (await exitOf(startWrangler(["deploy", "--env", "production"], { env: unattended }))) ?? 1;
}

try {
  process.exitCode = await deploy();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
