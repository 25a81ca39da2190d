/**
 * Test files share a Worker, because starting one and loading its modules takes several times as long as the tests. Each
 * file begins with empty storage, modules that are evaluated again, real time, and the globals of a new isolate.
 */
import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** The ledger of wrangler, from which the health check reads the newest migration. */
const LEDGER = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)";

/** Tables of D1 and SQLite, and those that a virtual table keeps for itself, are not ours to delete from. */
const SCHEMA = `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB '_cf_*'
  AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search_text_*' ORDER BY rowid`;

interface SchemaEntry {
  type: string;
  name: string;
  sql: string;
}

/** What a database contains after its migrations: the schema, and statements for its rows. */
export interface MigratedDatabase {
  schema: SchemaEntry[];
  rows: { sql: string; values: unknown[] }[];
}

const readSchema = async (database: D1Database): Promise<SchemaEntry[]> =>
  (await database.prepare(SCHEMA).all<SchemaEntry>()).results;

const isVocabulary = ({ sql }: SchemaEntry): boolean => sql.includes("USING fts5vocab");
const tablesOf = (schema: SchemaEntry[]): SchemaEntry[] =>
  schema.filter((entry) => entry.type === "table" && !isVocabulary(entry));

/** Applies the migrations in one batch: a call for each migration takes several times as long. */
async function migrate(database: D1Database, migrations: D1Migration[]): Promise<MigratedDatabase> {
  const queries = migrations.flatMap((migration) => migration.queries);
  await database.batch([
    ...[...queries, LEDGER].map((query) => database.prepare(query)),
    ...migrations.map(({ name }) => database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name)),
  ]);
  const schema = await readSchema(database);
  const tables = tablesOf(schema);
  const contents = await database.batch<Record<string, unknown>>(
    tables.map(({ name }) => database.prepare(`SELECT * FROM ${name}`)),
  );
  const rows = contents.flatMap(({ results }, i) =>
    results.map((row) => ({
      sql: `INSERT INTO ${tables[i]?.name} (${Object.keys(row).join()}) VALUES (${Object.keys(row).fill("?").join()})`,
      values: Object.values(row),
    })),
  );
  return { schema, rows };
}

/** Drops what a test has created or changed, with everything else. */
async function drop(database: D1Database, schema: SchemaEntry[]): Promise<void> {
  const droppable = schema.filter(({ type }) => type !== "index").toReversed();
  await database.batch([
    database.prepare("PRAGMA defer_foreign_keys = ON"),
    ...droppable.map(({ type, name }) => database.prepare(`DROP ${type} IF EXISTS ${name}`)),
  ]);
}

/** Deletes all rows but those of the migrations. The triggers are dropped meanwhile, and count nothing. */
async function empty(database: D1Database, { schema, rows }: MigratedDatabase): Promise<void> {
  const triggers = schema.filter(({ type }) => type === "trigger");
  await database.batch([
    database.prepare("PRAGMA defer_foreign_keys = ON"),
    ...triggers.map(({ name }) => database.prepare(`DROP TRIGGER ${name}`)),
    ...tablesOf(schema).map(({ name }) => database.prepare(`DELETE FROM ${name}`)),
    database.prepare("DELETE FROM sqlite_sequence"),
    ...rows.map(({ sql, values }) => database.prepare(sql).bind(...values)),
    ...triggers.map(({ sql }) => database.prepare(sql)),
  ]);
}

function isSameSchema(schema: SchemaEntry[], other: SchemaEntry[]): boolean {
  const sorted = (entries: SchemaEntry[]): string => JSON.stringify(entries.map(({ sql }) => sql).toSorted());
  return sorted(schema) === sorted(other);
}

async function resetDatabase(
  database: D1Database,
  migrations: D1Migration[],
  migrated: MigratedDatabase | undefined,
): Promise<MigratedDatabase> {
  if (migrated === undefined) return await migrate(database, migrations);
  const schema = await readSchema(database);
  if (isSameSchema(schema, migrated.schema)) {
    await empty(database, migrated);
    return migrated;
  }
  await drop(database, schema);
  return await migrate(database, migrations);
}

async function emptyBucket(): Promise<void> {
  for (;;) {
    const { objects } = await env.BUCKET.list();
    if (objects.length === 0) return;
    await env.BUCKET.delete(objects.map(({ key }) => key));
  }
}

/** Globals that modules add, such as the `location` of the AVIF and WebP codecs. Those of Vitest begin with `__`. */
function removeAddedGlobals(before: Set<string>): void {
  const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name) && !name.startsWith("__"));
  for (const name of added) Reflect.deleteProperty(globalThis, name);
}

/** Is called before each test file, and before its modules are imported. */
export async function resetWorker(): Promise<void> {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  const worker = (globalThis.sharedWorker ??= {});
  removeAddedGlobals((worker.globals ??= new Set(Object.getOwnPropertyNames(globalThis))));
  vi.resetModules();
  worker.database = await resetDatabase(env.DB, env.TEST_MIGRATIONS, worker.database);
  worker.searchDatabase = await resetDatabase(env.SEARCH_DB, env.TEST_SEARCH_MIGRATIONS, worker.searchDatabase);
  await emptyBucket();
}
