import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import type { CommandResult } from "../wrangler.ts";
import { runWrangler } from "../wrangler.ts";

const configSchema = z.object({
  name: z.string(),
  d1_databases: z.array(z.object({ database_name: z.string() })),
  r2_buckets: z.array(z.object({ bucket_name: z.string() })),
  queues: z.object({
    producers: z.array(z.object({ queue: z.string() })),
    consumers: z.array(z.object({ queue: z.string(), dead_letter_queue: z.string().optional() })),
  }),
});

export interface ProductionNames {
  databases: string[];
  buckets: string[];
  queues: string[];
}

export function productionNames(): ProductionNames {
  const config = configSchema.parse(readConfig({ config: "wrangler.toml", env: "production" }));
  const queues = [
    ...config.queues.producers.map((producer) => producer.queue),
    ...config.queues.consumers.flatMap((consumer) => [consumer.queue, consumer.dead_letter_queue ?? consumer.queue]),
  ];
  return {
    databases: config.d1_databases.map((database) => database.database_name),
    buckets: config.r2_buckets.map((bucket) => bucket.bucket_name),
    queues: [...new Set(queues)],
  };
}

/** Runs wrangler. Throws with its output if it fails. */
export async function runOrThrow(args: string[], input?: string): Promise<CommandResult> {
  const run = await runWrangler(args, input);
  if (run.code === 0) return run;
  throw new Error(`wrangler ${args.join(" ")} failed:\n${run.stdout}${run.stderr}`);
}

async function createIfMissing(exists: boolean, label: string, args: string[]): Promise<void> {
  if (!exists) await runOrThrow(args);
  console.log(`${exists ? "Found  " : "Created"} ${label}`);
}

/** Every failure counts as missing, because wrangler lacks an error code for it. Creation reports the real cause. */
async function succeeds(args: string[]): Promise<boolean> {
  return (await runWrangler(args)).code === 0;
}

/** Creates the missing database, bucket and queues of [env.production]. Existing ones stay unchanged. */
export async function ensureResources(names: ProductionNames): Promise<void> {
  const list = await runOrThrow(["d1", "list", "--json"]);
  const databases = z.array(z.object({ name: z.string() })).parse(JSON.parse(list.stdout));
  for (const name of names.databases) {
    const exists = databases.some((database) => database.name === name);
    await createIfMissing(exists, `D1 database ${name}`, ["d1", "create", name]);
  }
  for (const name of names.buckets) {
    const exists = await succeeds(["r2", "bucket", "info", name, "--json"]);
    await createIfMissing(exists, `R2 bucket ${name}`, ["r2", "bucket", "create", name]);
  }
  for (const name of names.queues) {
    await createIfMissing(await succeeds(["queues", "info", name]), `queue ${name}`, ["queues", "create", name]);
  }
}
