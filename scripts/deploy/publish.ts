/** Uploads the Worker, and reports what a partial update left undone. */
import { z } from "zod";
import { startWrangler, waitForExit, type CommandResult } from "../wrangler.ts";
import type { AccountApi } from "./api.ts";
import { consumersOf, findQueue } from "./inventory.ts";
import type { Settings } from "./settings.ts";
import type { InstanceNames } from "./workerConfig.ts";

/** The Workers Free plan refuses CPU limits. */
const CPU_LIMITS_REFUSED = /\b100328\b/;

/** Shows the output while it is collected. */
async function runShown(args: string[]): Promise<CommandResult> {
  const child = startWrangler(args, { stdio: ["ignore", "pipe", "pipe"], env: { CI: "1" } });
  const result: CommandResult = { code: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    result.stdout += chunk.toString();
    process.stdout.write(chunk);
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    result.stderr += chunk.toString();
    process.stderr.write(chunk);
  });
  result.code = await waitForExit(child);
  return result;
}

/** What the Worker needs beside its code. */
async function missingParts(api: AccountApi, settings: Settings, names: InstanceNames): Promise<string[]> {
  const missing: string[] = [];
  const schedules = await api(
    "GET",
    `/workers/scripts/${settings.name}/schedules`,
    z.object({ schedules: z.array(z.object({ cron: z.string() })) }),
  );
  if (names.crons.some((cron) => !schedules.schedules.some((schedule) => schedule.cron === cron))) {
    missing.push(
      "The cron trigger is missing: without it, trash is not purged and lost tasks are not repeated. If the account has used all cron triggers of its plan (5 on Free), delete one of another Worker, then run npm run deploy again.",
    );
  }
  for (const name of names.queues) {
    if (!consumersOf(await findQueue(api, name)).includes(settings.name)) {
      missing.push(`The queue ${name} has no consumer: its messages wait. Run npm run deploy again.`);
    }
  }
  return missing;
}

export type PublishResult = "published" | "needs free plan";

/** Deploys with wrangler. Throws with what is missing after a failure or a partial update. */
export async function publish(
  api: AccountApi,
  settings: Settings,
  names: InstanceNames,
  config: string,
): Promise<PublishResult> {
  const run = await runShown(["deploy", "--config", config, "--no-autoconfig"]);
  if (run.code !== 0 && CPU_LIMITS_REFUSED.test(run.stdout + run.stderr)) return "needs free plan";
  const uploaded = /\bUploaded \S+/.test(run.stdout);
  if (run.code !== 0 && !uploaded) {
    throw new Error("The code was not deployed: see wrangler's message above. What ran before still runs.");
  }
  const missing = await missingParts(api, settings, names);
  if (missing.length > 0)
    throw new Error(`The code is deployed, but:\n${missing.map((part) => `- ${part}`).join("\n")}`);
  if (run.code !== 0)
    throw new Error("The code is deployed, but wrangler reported the error above. Run npm run deploy again.");
  return "published";
}
