/** Migrates the empty databases of each test file, in one batch: a call for each migration takes several times as long. */
import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

async function migrate(database: D1Database, migrations: D1Migration[]): Promise<void> {
  const queries = migrations.flatMap((migration) => migration.queries);
  await database.batch(queries.map((query) => database.prepare(query)));
}

await migrate(env.DB, env.TEST_MIGRATIONS);
await migrate(env.SEARCH_DB, env.TEST_SEARCH_MIGRATIONS);
