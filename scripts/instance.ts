/**
 * `npm run instance -- [--name NAME] ARGUMENTS`: runs wrangler with the account and the configuration of a deployed
 * instance, such as `npm run instance -- tail`.
 */
import { existsSync } from "node:fs";
import { readSettings } from "./deploy/settings.ts";
import { configPath } from "./deploy/workerConfig.ts";
import { startWrangler, waitForExit } from "./wrangler.ts";

async function runOnInstance(args: string[]): Promise<number> {
  const isNamed = args[0] === "--name";
  const settings = readSettings({ name: isNamed ? args[1] : undefined });
  const config = configPath(settings.name);
  if (!existsSync(config)) {
    const option = isNamed ? ` -- --name ${settings.name}` : "";
    throw new Error(`${config} is missing: run npm run deploy${option} first, which writes it.`);
  }
  const accountId = process.env["CLOUDFLARE_ACCOUNT_ID"] ?? settings.accountId;
  const env = accountId === null ? {} : { CLOUDFLARE_ACCOUNT_ID: accountId };
  const wranglerArguments = isNamed ? args.slice(2) : args;
  return (await waitForExit(startWrangler([...wranglerArguments, "--config", config], { env }))) ?? 1;
}

try {
  process.exitCode = await runOnInstance(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
