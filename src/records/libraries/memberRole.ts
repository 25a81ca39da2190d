/** Finds the caller's role in the library of an entity, to tell a forbidden call from one on an unknown entity. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { memberRoles } from "../schema/schema.ts";
import { runQueries } from "../sql/query.ts";
import { activeMember, inListedLibraries, isVisible, type LibraryScope, type MemberRole } from "./libraryScope.ts";

/** The live library of an entity that every member can see. */
const LIBRARY_OF = {
  library: (id: string): SQL => sql`SELECT l.id FROM libraries l WHERE l.id = ${id} AND l.trashed_at IS NULL`,
  album: (id: string): SQL => sql`SELECT l.id FROM albums e CROSS JOIN libraries l ON l.id = e.library_id
    WHERE e.id = ${id} AND e.deleted_at IS NULL AND l.trashed_at IS NULL`,
  stack: (id: string): SQL => sql`SELECT l.id FROM stacks e CROSS JOIN libraries l ON l.id = e.library_id
    WHERE e.id = ${id} AND l.trashed_at IS NULL`,
  asset: (id: string): SQL => sql`SELECT l.id FROM assets e CROSS JOIN libraries l ON l.id = e.library_id
    WHERE e.id = ${id} AND l.trashed_at IS NULL AND ${isVisible(sql`e.trashed_at`, sql`l.trash_cleared_at`)}`,
  person: (id: string): SQL => sql`SELECT l.id FROM people e CROSS JOIN libraries l ON l.id = e.library_id
    WHERE e.id = ${id} AND l.trashed_at IS NULL`,
  face: (id: string): SQL => sql`SELECT l.id FROM faces e CROSS JOIN libraries l ON l.id = e.library_id
    CROSS JOIN assets a ON a.id = e.asset_id
    WHERE e.id = ${id} AND l.trashed_at IS NULL AND ${isVisible(sql`a.trashed_at`, sql`l.trash_cleared_at`)}`,
} as const;

/** Kinds of entities that belong to one library. */
export type LibraryEntity = keyof typeof LIBRARY_OF;

/** Returns the role in which the caller sees the entity; null if it is unknown or out of scope. */
export async function findRoleFor(
  db: Database,
  scope: LibraryScope,
  entity: LibraryEntity,
  id: string,
): Promise<MemberRole | null> {
  const library = sql`(${LIBRARY_OF[entity](id)})`;
  const visible: LibraryScope = { ...scope, action: "read" };
  const [role] = await runQueries(db, [
    {
      sql: sql`SELECT m.role FROM ${activeMember(visible, library)} AND ${inListedLibraries(scope, sql`m.library_id`)}`,
      parse: ([row]): MemberRole | null => memberRoles.find((known) => known === row?.["role"]) ?? null,
    },
  ]);
  return role;
}
