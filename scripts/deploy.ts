/**
 * `npm run deploy`: creates the missing resources of [env.production] in wrangler.toml, sets missing secrets, applies
 * the migrations and deploys. Later runs only migrate and deploy. `--yes` disables prompts. `--zone HOST` serves from a
 * host of a zone. `--image-delivery cf-image` or `cdn-cgi` uses the Transformations of that zone (docs/renditions.md).
 */
import { parseArgs } from "node:util";
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { selectAccount } from "./deploy/account.ts";
import { terminalPrompt } from "./deploy/prompt.ts";
import { ensureResources, runOrThrow, productionNames } from "./deploy/resources.ts";
import { ensureSecrets } from "./deploy/secrets.ts";
import { firewallExpression, zoneArguments } from "./deploy/zone.ts";
import { waitForExit, startWrangler } from "./wrangler.ts";

const options = {
  yes: { type: "boolean", default: false },
  zone: { type: "string" },
  "image-delivery": { type: "string" },
} as const;

async function deploy(): Promise<number> {
  const { values } = parseArgs({ options });
  const zone = zoneArguments(values);
  const prompt = terminalPrompt(values.yes);
  copyReferenceAssets();
  await selectAccount(prompt);
  await ensureResources(productionNames());
  await runOrThrow(["d1", "migrations", "apply", "DB", "--remote", "--env", "production"]);
  console.log("Applied the migrations.");
  const ownerKey = await ensureSecrets(prompt);
  // Printed before the deploy, which can fail: the key is already stored, and a stored secret is write-only.
  if (ownerKey !== null) console.log(`\nThe owner's API key, shown only once. Store it safely:\n\n  ${ownerKey}\n`);
  if (values["image-delivery"] === "cdn-cgi") {
    console.log(
      `Limit the transformations of the zone with a WAF custom rule that blocks:\n\n${firewallExpression()}\n`,
    );
  }
  const extraEnv: Record<string, string> = prompt.isInteractive ? {} : { CI: "1" };
  return (await waitForExit(startWrangler(["deploy", "--env", "production", ...zone], { env: extraEnv }))) ?? 1;
}

try {
  process.exitCode = await deploy();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
