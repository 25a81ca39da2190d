/**
 * `npm run deploy`: creates what [env.production] of wrangler.toml names and the account lacks, sets missing secrets,
 * migrates the remote database and deploys. Running it again only migrates and deploys. `--yes` asks nothing;
 * `--zone HOST` serves from a host of a zone with Transformations and leaves resizing to its edge.
 */
import { parseArgs } from "node:util";
import { copyReferenceAssets } from "./assets.ts";
import { chooseAccount } from "./deploy/account.ts";
import { terminalAsker } from "./deploy/asker.ts";
import { ensureResources, mustRun, productionNames } from "./deploy/resources.ts";
import { ensureSecrets } from "./deploy/secrets.ts";
import { exitOf, startWrangler } from "./wrangler.ts";

const HOST = /^([a-z0-9-]+\.)+[a-z]{2,}$/i;

/** The Worker on the zone's host, and the pictures resized by `/cdn-cgi/image/` there. */
function zoneArguments(host: string | undefined): string[] {
  if (host === undefined) return [];
  if (!HOST.test(host)) throw new Error(`--zone takes a host such as photos.example.com, not "${host}".`);
  return ["--domain", host, "--var", "IMAGE_DELIVERY:cdn-cgi", "--var", `PUBLIC_URL:https://${host}`];
}

async function deploy(): Promise<number> {
  const { values } = parseArgs({ options: { yes: { type: "boolean", default: false }, zone: { type: "string" } } });
  const zone = zoneArguments(values.zone);
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
  return (await exitOf(startWrangler(["deploy", "--env", "production", ...zone], { env: unattended }))) ?? 1;
}

try {
  process.exitCode = await deploy();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
