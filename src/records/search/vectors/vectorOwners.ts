/** The libraries of assets, by which vectors of deleted and moved assets are found. */
import { sql } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { jsonEach } from "../../sql/jsonList.ts";
import { reopenSelectedTasks } from "../../tasks/tasks.ts";

/** The library of each asset that exists, live or trashed. */
export async function listLibrariesOf(db: Database, assetIds: readonly string[]): Promise<Map<string, string>> {
  const [rows] = await db.select([
    sql`SELECT a.id, a.library_id FROM ${jsonEach(assetIds)} j CROSS JOIN assets a ON a.id = j.value`,
  ]);
  return new Map((rows ?? []).map((row) => [String(row["id"]), String(row["library_id"])]));
}

/** Makes the embedding of assets pending. */
export async function reopenEmbeddings(db: Database, assetIds: readonly string[], atMs: number): Promise<void> {
  const select = sql`SELECT a.id, a.library_id, a.user_id FROM ${jsonEach(assetIds)} j
    CROSS JOIN assets a ON a.id = j.value WHERE TRUE`;
  await db.orm.batch([reopenSelectedTasks(db, ["embedding"], select, atMs)]);
}
