/** The steps of a deployment, each of which can be repeated: after a failure, the same command continues. */
import { accountApi, type AccountApi } from "./api.ts";
import { findCredentials } from "./credentials.ts";
import { applyMigrations, importBackup } from "./migrations.ts";
import { readInventory } from "./preflight.ts";
import type { Prompt } from "./prompt.ts";
import { publish } from "./publish.ts";
import { ensureResources } from "./resources.ts";
import { ensureSecrets, setSecret } from "./secrets.ts";
import { readSettings, settingsFile, writeSettings, type SettingOptions, type Settings } from "./settings.ts";
import { smokeTest } from "./smokeTest.ts";
import {
  databaseBindings,
  instanceNames,
  writeWorkerConfig,
  type DatabaseBinding,
  type InstanceNames,
} from "./workerConfig.ts";
import { firewallExpression } from "./zone.ts";

export interface DeployOptions extends SettingOptions {
  /** A file of `wrangler d1 export` that fills a new database. */
  import?: string | undefined;
  /** Name of a secret to set before the deployment. */
  secret?: string | undefined;
  /** The address that the smoke test uses in place of the instance's own. */
  address?: string | undefined;
  /** How long the smoke test waits for the address. */
  maxWaitMs?: number;
  /** The owner's key, for the smoke test of a later deployment. */
  key?: string | undefined;
  /** Directory of the settings file; default: the current one. */
  directory?: string;
}

/** Cloudflare has no answer to which plan an account has; the refusal of a CPU limit is one. */
async function publishForPlan(
  api: AccountApi,
  settings: Settings,
  names: InstanceNames,
  databaseIds: Record<DatabaseBinding, string>,
  directory: string,
): Promise<Settings> {
  const first = await publish(api, settings, names, writeWorkerConfig(settings, databaseIds));
  if (first === "published") return settings;
  const free: Settings = { ...settings, vars: { ...settings.vars, WORKERS_PLAN: "free" } };
  console.log(
    `\nThe account is on the Workers Free plan: deploying without CPU limits. ${settingsFile(settings.name)} says WORKERS_PLAN=free; after an upgrade to Paid, run npm run deploy -- --plan paid.\n`,
  );
  writeSettings(free, directory);
  if ((await publish(api, free, names, writeWorkerConfig(free, databaseIds))) === "needs free plan") {
    throw new Error("Cloudflare refuses the deployment's CPU limits although it has none.");
  }
  return free;
}

function addressOf({ name, host }: Settings, subdomain: string | null): string {
  return host === null ? `https://${name}.${subdomain ?? ""}.workers.dev` : `https://${host}`;
}

function printNextSteps(settings: Settings, address: string): void {
  const { name, vars } = settings;
  const option = name === "tintype" ? "" : ` --name ${name}`;
  console.log(`
Tintype runs at ${address}
The owner's key is the one printed at the first deployment. Lost it? npm run deploy --${option} --secret ROOT_API_KEY

Next:
  1. Upload a photo: README.md, "Upload a photo", with this address.
  2. Connect an app: docs/use-the-official-client.md.
  3. Read docs/day-two.md: upgrades, backups, logs. Keep ${settingsFile(name)}.`);
  if (vars["IMAGE_DELIVERY"] === "cdn-cgi") {
    console.log(
      `\nLimit the transformations of the zone with a WAF custom rule that blocks:\n\n${firewallExpression()}`,
    );
  }
}

/** Deploys an instance. Throws with what to do; nothing of an earlier deployment is lost. */
export async function deployInstance(options: DeployOptions, prompt: Prompt): Promise<void> {
  const { directory = "." } = options;
  const settings = readSettings(options, directory);
  const names = instanceNames(settings);
  const credentials = await findCredentials(prompt, settings.accountId);
  const api = accountApi(credentials.token, credentials.accountId);
  const found = await readInventory(api, credentials, settings, names);
  const known = { ...settings, accountId: credentials.accountId };
  writeSettings(known, directory);
  const databaseIds = await ensureResources(api, known, names, found);
  const config = writeWorkerConfig(known, databaseIds);
  if (options.import !== undefined) {
    await importBackup(api, { binding: "DB", databaseId: databaseIds.DB, config }, options.import);
  }
  for (const binding of databaseBindings) {
    const applied = await applyMigrations(api, { binding, databaseId: databaseIds[binding], config });
    const name = names.databases[binding];
    console.log(applied.length === 0 ? `${name} is up to date.` : `Applied ${applied.length} migrations to ${name}.`);
  }
  const target = { worker: settings.name, config };
  if (options.secret !== undefined) await setSecret(prompt, options.secret, target);
  const ownerKey = await ensureSecrets(prompt, api, target);
  // Printed before the deployment, which can fail: the key is already stored, and a stored secret is write-only.
  if (ownerKey !== null) console.log(`\nThe owner's API key, shown only once. Store it safely:\n\n  ${ownerKey}\n`);
  const deployed = await publishForPlan(api, known, names, databaseIds, directory);
  const address = addressOf(deployed, found.subdomain);
  const key = ownerKey ?? options.key ?? null;
  const { maxWaitMs } = options;
  await smokeTest(options.address ?? address, { key, ...(maxWaitMs === undefined ? {} : { maxWaitMs }) });
  console.log(key === null ? "The service answers." : "A sample was uploaded, read back by its URL and deleted.");
  printNextSteps(deployed, address);
}
