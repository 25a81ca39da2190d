/** Creates the missing databases, bucket and queues of an instance. Existing ones stay as they are. */
import { z } from "zod";
import { CloudflareError, type AccountApi } from "./api.ts";
import { bucketHeaders, databaseSchema, queueSchema, type Inventory } from "./inventory.ts";
import type { Settings } from "./settings.ts";
import { databaseBindings, type DatabaseBinding, type InstanceNames } from "./workerConfig.ts";

async function ensure(exists: boolean, label: string, create: () => Promise<unknown>): Promise<void> {
  if (!exists) await create();
  console.log(`${exists ? "Found  " : "Created"} ${label}`);
}

/** Options that only improve speed: their failure is reported, and the deployment continues. */
async function optional(label: string, advice: string, change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
    console.log(`Enabled ${label}`);
  } catch (error) {
    if (!(error instanceof CloudflareError)) throw error;
    console.log(`Skipped ${label}: ${error.message}. ${advice}`);
  }
}

async function ensureDatabase(
  api: AccountApi,
  { location, jurisdiction }: Settings,
  database: string,
  existingId: string | null,
): Promise<string> {
  let id = existingId;
  await ensure(id !== null, `D1 database ${database}`, async () => {
    const place = jurisdiction === null ? { primary_location_hint: location ?? undefined } : { jurisdiction };
    const created = await api("POST", "/d1/database", databaseSchema, { body: { name: database, ...place } });
    id = created.uuid;
  });
  if (id === null) throw new Error(`The D1 database ${database} has no id.`);
  return id;
}

async function ensureDatabases(
  api: AccountApi,
  settings: Settings,
  names: InstanceNames,
  found: Inventory,
): Promise<Record<DatabaseBinding, string>> {
  const ids = { DB: "", SEARCH_DB: "" };
  for (const binding of databaseBindings) {
    const name = names.databases[binding];
    ids[binding] = await ensureDatabase(api, settings, name, found.databaseIds[binding]);
    await optional(
      `D1 read replication of ${name}`,
      `Switch it on in the dashboard: D1, ${name}, Settings, Read replication.`,
      () => api("PATCH", `/d1/database/${ids[binding]}`, z.unknown(), { body: { read_replication: { mode: "auto" } } }),
    );
  }
  return ids;
}

/** Returns the ids of the databases. */
export async function ensureResources(
  api: AccountApi,
  settings: Settings,
  names: InstanceNames,
  found: Inventory,
): Promise<Record<DatabaseBinding, string>> {
  const databaseIds = await ensureDatabases(api, settings, names, found);
  const headers = bucketHeaders(settings);
  await ensure(found.hasBucket, `R2 bucket ${names.bucket}`, () => {
    const hint = settings.location === null ? {} : { locationHint: settings.location };
    return api("POST", "/r2/buckets", z.unknown(), { body: { name: names.bucket, ...hint }, headers });
  });
  // Local uploads keep data outside of a jurisdiction for a while, so they are left off there.
  if (settings.jurisdiction === null) {
    await optional("R2 local uploads", "Uploads from far away are slower without them.", () =>
      api("PUT", `/r2/buckets/${names.bucket}/local-uploads`, z.unknown(), { body: { enabled: true }, headers }),
    );
  }
  for (const queue of names.queues) {
    await ensure(found.queueIds.has(queue), `queue ${queue}`, () =>
      api("POST", "/queues", queueSchema, { body: { queue_name: queue } }),
    );
  }
  return databaseIds;
}
