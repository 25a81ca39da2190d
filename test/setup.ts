/** Migrates the empty databases of each test file, in one batch: a call for each migration takes several times as long. */
import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** The ledger of wrangler, from which the health check reads the newest migration. */
const LEDGER = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)";

/** Files of the stateless project share one Worker, whose databases the first of them migrates. */
async function isMigrated(database: D1Database): Promise<boolean> {
  return (await database.prepare("SELECT name FROM sqlite_master WHERE name = 'd1_migrations'").first()) !== null;
}

async function migrate(database: D1Database, migrations: D1Migration[]): Promise<void> {
  if (await isMigrated(database)) return;
  const queries = migrations.flatMap((migration) => migration.queries);
  await database.batch([
    ...[...queries, LEDGER].map((query) => database.prepare(query)),
    ...migrations.map(({ name }) => database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name)),
  ]);
}

await migrate(env.DB, env.TEST_MIGRATIONS);
await migrate(env.SEARCH_DB, env.TEST_SEARCH_MIGRATIONS);
