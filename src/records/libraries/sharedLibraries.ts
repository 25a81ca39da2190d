/** Libraries as their members see them: with the owner, and with the role of the caller. */
import { and, asc, desc, eq, getTableColumns, isNotNull, isNull, sql } from "drizzle-orm";
import { namedUserSelection, type NamedUser } from "../accounts/namedUsers.ts";
import type { Database } from "../database.ts";
import { libraries, users } from "../schema/schema.ts";
import type { Library } from "./libraries.ts";
import { activeMember, librariesInScope, libraryInScope, type LibraryScope, type MemberRole } from "./libraryScope.ts";

export interface SharedLibrary extends Library {
  owner: NamedUser;
  /** The role of the caller. */
  role: MemberRole;
}

function selectShared(db: Database, scope: LibraryScope) {
  const member = activeMember({ ...scope, action: "read" }, sql`libraries.id`);
  const role = sql<MemberRole>`(SELECT m.role FROM ${member})`.as("member_role");
  return db.orm
    .select({ library: getTableColumns(libraries), owner: namedUserSelection, role })
    .from(libraries)
    .leftJoin(users, eq(users.id, libraries.userId))
    .$dynamic();
}

type SharedRow = Awaited<ReturnType<typeof selectShared>>[number];

function toShared({ library, owner, role }: SharedRow): SharedLibrary {
  return { ...library, owner: { id: library.userId, ...owner }, role };
}

/** A library in scope, live or trashed. */
export async function findLibrary(db: Database, scope: LibraryScope, id: string): Promise<SharedLibrary | null> {
  const row = await selectShared(db, scope).where(libraryInScope(scope, id)).get();
  return row === undefined ? null : toShared(row);
}

export interface LibraryListRequest {
  state: "live" | "trashed" | "all";
  /** The page starts after this library. */
  after: Library | null;
  limit: number;
}

/** Oldest first; the trash with the most recently trashed first. */
export async function listLibraries(
  db: Database,
  scope: LibraryScope,
  { state, after, limit }: LibraryListRequest,
): Promise<{ libraries: SharedLibrary[]; hasMore: boolean }> {
  const byState = { live: isNull(libraries.trashedAt), trashed: isNotNull(libraries.trashedAt), all: undefined };
  const isTrash = state === "trashed";
  const isAfter = isTrash
    ? sql`(${libraries.trashedAt}, ${libraries.id}) < (${after?.trashedAt}, ${after?.id})`
    : sql`${libraries.id} > ${after?.id}`;
  const rows = await selectShared(db, scope)
    .where(and(librariesInScope(scope), byState[state], after === null ? undefined : isAfter))
    .orderBy(...(isTrash ? [desc(libraries.trashedAt), desc(libraries.id)] : [asc(libraries.id)]))
    .limit(limit + 1);
  return { libraries: rows.slice(0, limit).map(toShared), hasMore: rows.length > limit };
}
