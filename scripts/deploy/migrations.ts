/**
 * Applies the migrations by D1's import, with the ledger's rows in the same file: an import that fails leaves the
 * database as it was, so a failed run can be repeated. `wrangler d1 migrations apply --remote` sends a file
 * as one string that the server splits into statements, which is reported to fail on triggers.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runWrangler, type CommandResult } from "../wrangler.ts";
import type { AccountApi } from "./api.ts";
import { queriedNamesSchema } from "./inventory.ts";
import { DATABASES, type DatabaseBinding } from "./workerConfig.ts";

const LEDGER = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);`;

async function query(api: AccountApi, databaseId: string, sql: string): Promise<string[]> {
  const [answer] = await api("POST", `/d1/database/${databaseId}/query`, queriedNamesSchema, { body: { sql } });
  return (answer?.results ?? []).map(({ name }) => name);
}

/** Names of the applied migrations, from wrangler's own ledger. */
async function appliedMigrations(api: AccountApi, databaseId: string): Promise<Set<string>> {
  const ledger = await query(api, databaseId, "SELECT name FROM sqlite_master WHERE name = 'd1_migrations'");
  if (ledger.length === 0) return new Set();
  return new Set(await query(api, databaseId, "SELECT name FROM d1_migrations"));
}

export function migrationFiles(directory = "migrations"): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
}

/** A newer schema than the code's means that the code is older than what runs. */
function requireKnown(applied: Set<string>, files: string[]): void {
  const unknown = [...applied].filter((name) => !files.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `The database has migrations that this checkout lacks (${unknown.join(", ")}): it was deployed from newer code. Run git pull, or see docs/day-two.md to roll back.`,
  );
}

/** All missing migrations as one file, each followed by its row in the ledger. */
function importFile(missing: string[], directory: string): string {
  const parts = missing.map((name) => {
    const sql = readFileSync(join(directory, name), "utf8").trimEnd();
    return `${sql.endsWith(";") ? sql : `${sql};`}\nINSERT INTO d1_migrations (name) VALUES ('${name}');`;
  });
  return `${[LEDGER, ...parts].join("\n")}\n`;
}

/** A database of an instance, and the configuration that names it. */
export interface MigrationTarget {
  binding: DatabaseBinding;
  databaseId: string;
  config: string;
}

/** Runs a file of SQL as one import: all of it, or nothing. */
async function importSql({ binding, config }: MigrationTarget, path: string): Promise<CommandResult> {
  return await runWrangler(["d1", "execute", binding, "--remote", "--yes", "--config", config, "--file", path]);
}

/** Fills an empty database from a file of `wrangler d1 export`, which contains the ledger too. */
export async function importBackup(api: AccountApi, target: MigrationTarget, path: string): Promise<void> {
  if (!existsSync(path)) throw new Error(`The file ${path} does not exist. Nothing was imported.`);
  const tables = await query(api, target.databaseId, "SELECT name FROM sqlite_master WHERE type = 'table'");
  if (tables.some((name) => !/^(sqlite_|_cf_)/.test(name))) {
    throw new Error(
      "--import needs an empty database, and this one has tables: choose a new --name. Nothing was changed.",
    );
  }
  const run = await importSql(target, path);
  if (run.code !== 0) throw new Error(`Importing ${path} failed and changed nothing:\n${run.stdout}${run.stderr}`);
  console.log(`Imported ${path}.`);
}

/** Applies the missing migrations in one import, so all or none, and returns their names. */
export async function applyMigrations(
  api: AccountApi,
  target: MigrationTarget,
  directory: string = DATABASES[target.binding].migrations,
): Promise<string[]> {
  const files = migrationFiles(directory);
  const applied = await appliedMigrations(api, target.databaseId);
  requireKnown(applied, files);
  const missing = files.filter((name) => !applied.has(name));
  if (missing.length === 0) return [];
  const path = join(dirname(target.config), "migrations.sql");
  writeFileSync(path, importFile(missing, directory));
  const run = await importSql(target, path);
  if (run.code === 0) return missing;
  throw new Error(
    `The migrations ${missing.join(", ")} failed and changed nothing. Run npm run deploy again to continue.\n${run.stdout}${run.stderr}`,
  );
}
