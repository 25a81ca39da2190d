/** The applied migrations, in the ledger that wrangler and npm run deploy write. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";

/** Returns the file name of the newest migration without `.sql`; null for an empty database. Reads one row. */
export async function findSchemaVersion(db: Database): Promise<string | null> {
  const [row] = await db.orm.all<{ name: string }>(sql`SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1`);
  return row?.name.replace(/\.sql$/, "") ?? null;
}
