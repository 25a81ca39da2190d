/**
 * `npm run deploy`: creates the missing resources of [env.production] in wrangler.toml, sets missing secrets, applies
 * the migrations and deploys. Later runs only migrate and deploy. `--yes` disables prompts. `--zone HOST` serves from a
 * host of a zone with Transformations, whose edge resizes the images.
 */
import { parseArgs } from "node:util";
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { selectAccount } from "./deploy/account.ts";
import { terminalPrompt } from "./deploy/prompt.ts";
import { ensureResources, runOrThrow, productionNames } from "./deploy/resources.ts";
import { ensureSecrets } from "./deploy/secrets.ts";
import { waitForExit, startWrangler } from "./wrangler.ts";

const HOST_PATTERN = /^([a-z0-9-]+\.)+[a-z]{2,}$/i;

/** Arguments that serve the Worker from the zone's host and resize images with `/cdn-cgi/image/`. */
function zoneArguments(host: string | undefined): string[] {
  if (host === undefined) return [];
  if (!HOST_PATTERN.test(host)) throw new Error(`--zone must be a host such as photos.example.com, not "${host}".`);
  return ["--domain", host, "--var", "IMAGE_DELIVERY:cdn-cgi", "--var", `PUBLIC_URL:https://${host}`];
}

async function deploy(): Promise<number> {
  const { values } = parseArgs({ options: { yes: { type: "boolean", default: false }, zone: { type: "string" } } });
  const zone = zoneArguments(values.zone);
  const prompt = terminalPrompt(values.yes);
  copyReferenceAssets();
  await selectAccount(prompt);
  await ensureResources(productionNames());
  await runOrThrow(["d1", "migrations", "apply", "DB", "--remote", "--env", "production"]);
  console.log("Applied the migrations.");
  const ownerKey = await ensureSecrets(prompt);
  // Printed before the deploy, which can fail: the key is already stored and cannot be read back.
  if (ownerKey !== null) console.log(`\nThe owner's API key, shown only once. Store it safely:\n\n  ${ownerKey}\n`);
  const extraEnv: Record<string, string> = prompt.isInteractive ? {} : { CI: "1" };
  return (await waitForExit(startWrangler(["deploy", "--env", "production", ...zone], { env: extraEnv }))) ?? 1;
}

try {
  process.exitCode = await deploy();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
