/** Deletes a user with everything that only they could use, and makes their libraries due for the purge. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { users } from "../schema/schema.ts";

/** Credentials, memberships and feedback of the user. Other rows of the libraries that they own go with the libraries. */
const USER_TABLES = ["api_keys", "sessions", "passkeys", "sign_in_links", "library_members", "feedback"];

/**
 * Deletes a deactivated user other than the owner of the deployment, in one batch. Trashes the user's live libraries
 * and ends the retention of all of them. Returns false if nothing was deleted.
 */
export async function deleteUser(db: Database, id: string, atMs: number): Promise<boolean> {
  const isDeletable = sql`${users.id} = ${id} AND NOT ${users.isActive} AND NOT ${users.isSuperuser}`;
  const guard = sql`EXISTS (SELECT 1 FROM users WHERE ${isDeletable})`;
  const [deletable] = await db.orm.batch([
    db.orm.select({ id: users.id }).from(users).where(isDeletable),
    db.statement(sql`UPDATE libraries SET trashed_at = coalesce(trashed_at, ${atMs}),
      purge_at = min(coalesce(purge_at, ${atMs}), ${atMs}), updated_at = ${atMs} WHERE user_id = ${id} AND ${guard}`),
    ...USER_TABLES.map((table) => db.statement(sql`DELETE FROM ${sql.raw(table)} WHERE user_id = ${id} AND ${guard}`)),
    db.orm.delete(users).where(isDeletable),
  ]);
  return deletable.length > 0;
}
