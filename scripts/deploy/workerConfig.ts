/** The wrangler configuration of one instance: [env.production] of wrangler.toml with the instance's names and settings. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";
import { DEFAULT_NAME, type Settings } from "./settings.ts";

const rateLimit = z.looseObject({ namespace_id: z.string() });

/** The parts that are changed; the rest is passed on. */
const productionSchema = z.looseObject({
  name: z.string(),
  vars: z.record(z.string(), z.string()),
  limits: z.unknown().optional(),
  d1_databases: z.array(z.looseObject({ binding: z.enum(["DB", "SEARCH_DB"]) })),
  r2_buckets: z.array(z.looseObject({ binding: z.string() })),
  queues: z.object({
    producers: z.array(z.looseObject({ queue: z.string() })),
    consumers: z.array(z.looseObject({ queue: z.string(), dead_letter_queue: z.string().optional() })),
  }),
  ratelimits: z.array(rateLimit),
  assets: z.looseObject({ directory: z.string() }),
  triggers: z.object({ crons: z.array(z.string()) }),
});

const fileSchema = z.object({
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  env: z.object({ production: productionSchema }),
});

/** The D1 databases of an instance by their binding: the suffix of their name, and the directory of their migrations. */
export const DATABASES = {
  DB: { suffix: "", migrations: "migrations" },
  SEARCH_DB: { suffix: "-search", migrations: "search-migrations" },
} as const;

export type DatabaseBinding = keyof typeof DATABASES;
export const databaseBindings = ["DB", "SEARCH_DB"] as const satisfies DatabaseBinding[];

export interface InstanceNames {
  databases: Record<DatabaseBinding, string>;
  bucket: string;
  queues: string[];
  crons: string[];
}

export function configPath(name: string): string {
  return join(".tmp", "deploy", name, "wrangler.json");
}

function readFile(): z.infer<typeof fileSchema> {
  return fileSchema.parse(parse(readFileSync("wrangler.toml", "utf8")));
}

/** `tintype` and `tintype-dead` become the instance's own names. */
function rename(name: string, instance: string): string {
  return name.replace(DEFAULT_NAME, instance);
}

export function instanceNames({ name }: Settings): InstanceNames {
  const { queues, triggers } = readFile().env.production;
  const all = queues.consumers.map(({ queue }) => rename(queue, name));
  const databases = { DB: `${name}${DATABASES.DB.suffix}`, SEARCH_DB: `${name}${DATABASES.SEARCH_DB.suffix}` };
  return { databases, bucket: name, queues: [...new Set(all)], crons: triggers.crons };
}

/** Workers of one account with the same namespace share a counter, so each instance has its own. */
function namespaceOf(namespace: string, instance: string): string {
  if (instance === DEFAULT_NAME) return namespace;
  let hash = 0;
  for (const char of instance) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_000;
  return String(Number(namespace) + 1_000 * (hash + 1));
}

/** The commit that is deployed; undefined for a checkout without git. */
function currentCommit(): string | undefined {
  const run = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

/** Variables that follow from the settings and the checkout. */
function derivedVars({ host }: Settings): Record<string, string> {
  const commit = currentCommit();
  return {
    ...(host === null ? {} : { PUBLIC_URL: `https://${host}` }),
    ...(commit === undefined ? {} : { COMMIT: commit }),
  };
}

/** Writes the configuration of an instance for wrangler, whose paths are relative to the file, and returns its path. */
export function writeWorkerConfig(settings: Settings, databaseIds: Record<DatabaseBinding, string>): string {
  const { env, main, ...runtime } = readFile();
  const { production } = env;
  const { name, host, jurisdiction } = settings;
  const path = configPath(name);
  const isFree = settings.vars["WORKERS_PLAN"] === "free";
  const toRoot = (file: string) => relative(dirname(path), file).replaceAll("\\", "/");
  const config = {
    ...production,
    ...runtime,
    name,
    main: toRoot(main),
    vars: { ...production.vars, ...settings.vars, ...derivedVars(settings) },
    // The Workers Free plan rejects the section (error 100328).
    limits: isFree ? undefined : production.limits,
    d1_databases: production.d1_databases.map((each) => {
      const { suffix, migrations } = DATABASES[each.binding];
      return {
        ...each,
        database_name: `${name}${suffix}`,
        database_id: databaseIds[each.binding],
        migrations_dir: toRoot(migrations),
      };
    }),
    r2_buckets: production.r2_buckets.map((each) => {
      return { ...each, bucket_name: name, ...(jurisdiction === null ? {} : { jurisdiction }) };
    }),
    queues: {
      producers: production.queues.producers.map((each) => ({ ...each, queue: rename(each.queue, name) })),
      consumers: production.queues.consumers.map(({ dead_letter_queue: dead, ...each }) => {
        return {
          ...each,
          queue: rename(each.queue, name),
          // A batch shares the 10 ms of CPU of the Workers Free plan; the tasks of one photo take most of them.
          ...(isFree && { max_batch_size: 1 }),
          ...(dead === undefined ? {} : { dead_letter_queue: rename(dead, name) }),
        };
      }),
    },
    ratelimits: production.ratelimits.map((each) => ({ ...each, namespace_id: namespaceOf(each.namespace_id, name) })),
    assets: { ...production.assets, directory: toRoot(production.assets.directory) },
    ...(host === null
      ? { workers_dev: true }
      : { workers_dev: false, routes: [{ pattern: host, custom_domain: true }] }),
    preview_urls: false,
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}
