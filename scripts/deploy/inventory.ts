/** Finds what an account has under an instance's names, and whether it belongs to another application. */
import { z } from "zod";
import { CloudflareError, type AccountApi } from "./api.ts";
import type { Settings } from "./settings.ts";
import { databaseBindings, type DatabaseBinding, type InstanceNames } from "./workerConfig.ts";

export interface Inventory {
  databaseIds: Record<DatabaseBinding, string | null>;
  hasBucket: boolean;
  /** Id of each existing queue by its name. */
  queueIds: Map<string, string>;
  hasWorker: boolean;
  /** The account's subdomain of workers.dev; null if it has none. */
  subdomain: string | null;
  /** False if the token may not read Workers, so that `subdomain` is unknown. */
  hasReadWorkers: boolean;
}

export function emptyInventory(): Inventory {
  return {
    databaseIds: { DB: null, SEARCH_DB: null },
    hasBucket: false,
    queueIds: new Map(),
    hasWorker: false,
    subdomain: null,
    hasReadWorkers: false,
  };
}

/** One part of the account. `run` fills the inventory and returns the problems. */
export interface InventoryCheck {
  /** The token's permission that the deployment needs for it. */
  permission: string;
  run: (this: void) => Promise<string[]>;
}

export const databaseSchema = z.object({ uuid: z.string(), name: z.string() });
export const queueSchema = z.object({
  queue_id: z.string(),
  queue_name: z.string(),
  consumers: z.array(z.object({ script: z.string().optional(), service: z.string().optional() })).default([]),
});
export const queriedNamesSchema = z.array(z.object({ results: z.array(z.object({ name: z.string() })) }));
const workerSchema = z.object({ bindings: z.array(z.object({ name: z.string(), type: z.string() })).default([]) });

const BUCKET_NOT_FOUND = 10_006;
/** Code of the API for a Worker, or a subdomain of workers.dev, that does not exist. */
export const WORKER_NOT_FOUND = 10_007;

/** Header of requests for buckets of a jurisdiction, which are invisible without it. */
export function bucketHeaders({ jurisdiction }: Settings): Record<string, string> {
  return jurisdiction === null ? {} : { "cf-r2-jurisdiction": jurisdiction };
}

type Queue = z.infer<typeof queueSchema>;

/** Returns undefined if the queue does not exist. */
export async function findQueue(api: AccountApi, name: string): Promise<Queue | undefined> {
  const [queue] = await api("GET", `/queues?name=${name}`, z.array(queueSchema));
  return queue;
}

/** Names of the Workers that consume a queue. */
export function consumersOf(queue: Queue | undefined): string[] {
  return (queue?.consumers ?? []).flatMap(({ script, service }) => script ?? service ?? []);
}

/** Returns null if the API answers 404 or the code, which mean that the resource does not exist. */
async function orNull<T>(call: Promise<T>, code: number): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CloudflareError && (error.status === 404 || error.code === code)) return null;
    throw error;
  }
}

/** Tables by which a database of this application is known. */
const OWN_TABLES: Record<DatabaseBinding, string[]> = {
  DB: ["assets", "libraries"],
  SEARCH_DB: ["search_state", "search_documents"],
};

/** A database without tables, or with the ledger alone, is one of an interrupted deployment. */
async function isForeignDatabase(api: AccountApi, binding: DatabaseBinding, databaseId: string): Promise<boolean> {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
  const [answer] = await api("POST", `/d1/database/${databaseId}/query`, queriedNamesSchema, { body: { sql } });
  const names = (answer?.results ?? []).map(({ name }) => name).filter((name) => !/^(sqlite_|_cf_)/.test(name));
  return names.some((name) => name !== "d1_migrations") && !OWN_TABLES[binding].every((name) => names.includes(name));
}

/** The checks of one instance. */
export function inventoryChecks(
  api: AccountApi,
  settings: Settings,
  names: InstanceNames,
  found: Inventory,
): InventoryCheck[] {
  const advice = `choose another name with --name, for example --name ${settings.name}-photos`;

  async function checkDatabase(binding: DatabaseBinding): Promise<string[]> {
    const database = names.databases[binding];
    const databases = await api("GET", `/d1/database?name=${database}`, z.array(databaseSchema));
    const id = databases.find(({ name }) => name === database)?.uuid ?? null;
    found.databaseIds[binding] = id;
    if (id === null || !(await isForeignDatabase(api, binding, id))) return [];
    return [`The D1 database ${database} belongs to another application: ${advice}.`];
  }

  async function checkDatabases(): Promise<string[]> {
    const problems: string[] = [];
    for (const binding of databaseBindings) problems.push(...(await checkDatabase(binding)));
    return problems;
  }

  async function checkBucket(): Promise<string[]> {
    const bucket = api("GET", `/r2/buckets/${names.bucket}`, z.unknown(), { headers: bucketHeaders(settings) });
    found.hasBucket = (await orNull(bucket, BUCKET_NOT_FOUND)) !== null;
    return [];
  }

  async function checkQueues(): Promise<string[]> {
    const problems: string[] = [];
    for (const name of names.queues) {
      const queue = await findQueue(api, name);
      if (queue !== undefined) found.queueIds.set(name, queue.queue_id);
      const other = consumersOf(queue).find((consumer) => consumer !== settings.name);
      if (other !== undefined) problems.push(`The queue ${name} is consumed by the Worker ${other}: ${advice}.`);
    }
    return problems;
  }

  async function checkWorker(): Promise<string[]> {
    const path = `/workers/scripts/${settings.name}/settings`;
    const worker = await orNull(api("GET", path, workerSchema), WORKER_NOT_FOUND);
    const subdomain = api("GET", "/workers/subdomain", z.object({ subdomain: z.string() }));
    found.subdomain = (await orNull(subdomain, WORKER_NOT_FOUND))?.subdomain ?? null;
    found.hasWorker = worker !== null;
    found.hasReadWorkers = true;
    // Setting the secrets creates a Worker that has no other bindings yet.
    const bindings = (worker?.bindings ?? []).filter(({ type }) => type !== "secret_text");
    const isForeign = bindings.length > 0 && !bindings.some(({ name }) => name === "BUCKET");
    return isForeign ? [`The Worker ${settings.name} is another application: ${advice}.`] : [];
  }

  return [
    { permission: "D1: Edit", run: checkDatabases },
    { permission: "Workers R2 Storage: Edit", run: checkBucket },
    { permission: "Queues: Edit", run: checkQueues },
    { permission: "Workers Scripts: Edit", run: checkWorker },
  ];
}
