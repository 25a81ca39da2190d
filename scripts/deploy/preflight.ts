/** Checks the account before anything is created, and reports all problems at once with what to do. */
import { z } from "zod";
import { callApi, CloudflareError, type AccountApi } from "./api.ts";
import type { Credentials } from "./credentials.ts";
import { emptyInventory, inventoryChecks, type Inventory, type InventoryCheck } from "./inventory.ts";
import type { Settings } from "./settings.ts";
import type { InstanceNames } from "./workerConfig.ts";

const R2_NOT_ENABLED = 10_042;

function describeFailure(error: unknown, permission: string, accountId: string): string {
  if (!(error instanceof CloudflareError)) throw error;
  if (error.code === R2_NOT_ENABLED) {
    return `R2 is not enabled. Enable it at https://dash.cloudflare.com/${accountId}/r2/overview (10 GB are free; it asks for a payment method).`;
  }
  if (error.isUnauthorized) {
    return `The token lacks the permission "${permission}", or belongs to another account: ${error.message}`;
  }
  return `Checking "${permission}" failed: ${error.message}`;
}

const zonesSchema = z.array(z.object({ name: z.string(), status: z.string() }));

/** Finds the zone of a host, which is one of its parent domains. */
async function findZoneProblem(token: string, host: string): Promise<string | null> {
  const labels = host.split(".");
  for (let i = 0; i < labels.length - 1; i++) {
    const [zone] = await callApi(token, `/zones?name=${labels.slice(i).join(".")}`, zonesSchema);
    if (zone?.status === "active") return null;
    if (zone !== undefined) return `The zone ${zone.name} is ${zone.status}: finish its set-up in the dashboard.`;
  }
  return `No zone of ${host} is visible to the token: add the domain to the account, and give the token "Zone: Read".`;
}

function zoneCheck({ token }: Credentials, host: string): InventoryCheck {
  return {
    permission: "Zone: Read",
    run: async () => {
      const problem = await findZoneProblem(token, host);
      return problem === null ? [] : [problem];
    },
  };
}

async function runCheck({ permission, run }: InventoryCheck, accountId: string): Promise<string[]> {
  try {
    return await run();
  } catch (error) {
    return [describeFailure(error, permission, accountId)];
  }
}

/**
 * Finds what exists in the account under the instance's names. Throws, before any change, with all that prevents the
 * deployment.
 */
export async function readInventory(
  api: AccountApi,
  credentials: Credentials,
  settings: Settings,
  names: InstanceNames,
): Promise<Inventory> {
  const found = emptyInventory();
  const checks = inventoryChecks(api, settings, names, found);
  if (settings.host !== null) checks.push(zoneCheck(credentials, settings.host));
  const problems: string[] = [];
  for (const check of checks) problems.push(...(await runCheck(check, credentials.accountId)));
  if (settings.host === null && found.hasReadWorkers && found.subdomain === null) {
    const onboarding = `https://dash.cloudflare.com/${credentials.accountId}/workers/onboarding`;
    problems.push(`The account has no workers.dev subdomain: choose one at ${onboarding}, or deploy with --zone HOST.`);
  }
  if (problems.length === 0) return found;
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  throw new Error(`Nothing was created or changed. Solve this first:\n${list}`);
}
