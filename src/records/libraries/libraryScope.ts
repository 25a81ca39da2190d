/** The libraries of a caller. Every condition of access to a library, and to what it contains, is made here. */
import { and, eq, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import type { Action } from "../accounts/actions.ts";
import { inList } from "../sql/jsonList.ts";
import { libraries, type memberRoles } from "../schema/schema.ts";

export type MemberRole = (typeof memberRoles)[number];

/** `manage` covers a library's own fields, its trash, its members and its invitations. */
export type LibraryAction = Action | "manage";

/** The rows that a call may read and change: those of the user's libraries, or of the listed ones among them. */
export interface LibraryScope {
  userId: string;
  /** The libraries of a restricted credential; null for all, joined and future ones too. */
  libraryIds: string[] | null;
  /** Bounds the call by the user's role in each library. Without an action it is as bounded as `manage`. */
  action?: LibraryAction;
}

/** The roles that may do each action. */
export const ROLES_OF_ACTION: Readonly<Record<LibraryAction, readonly MemberRole[]>> = {
  read: ["owner", "collaborator", "viewer"],
  write: ["owner", "collaborator"],
  delete: ["owner", "collaborator"],
  delete_permanently: ["owner"],
  manage: ["owner"],
};

/** A condition on the member `m`. The unary plus makes SQLite seek once, not once for each role. */
function hasRole({ action = "manage" }: LibraryScope): SQL {
  const roles = ROLES_OF_ACTION[action].map((role) => `'${role}'`).join(", ");
  return action === "read" ? sql`TRUE` : sql`+m.role IN (${sql.raw(roles)})`;
}

/** FROM and WHERE of the caller's membership `m` in `libraryId`, which must name its table: `m` has a `library_id` too. */
export function activeMember(scope: LibraryScope, libraryId: SQLWrapper): SQL {
  return sql`library_members m INDEXED BY library_members_active
    WHERE m.user_id = ${scope.userId} AND m.library_id = ${libraryId} AND m.state = 'active' AND ${hasRole(scope)}`;
}

export function inListedLibraries(scope: LibraryScope, libraryId: SQLWrapper): SQL {
  return scope.libraryIds === null ? sql`TRUE` : inList(libraryId, scope.libraryIds);
}

/**
 * A condition: the caller is an active member of the library, live or trashed, in a role that may do the action. Reads
 * one index entry. `libraryId` names its table.
 */
export function isLibraryMember(scope: LibraryScope, libraryId: SQLWrapper): SQL {
  return sql`(${inListedLibraries(scope, libraryId)} AND EXISTS (SELECT 1 FROM ${activeMember(scope, libraryId)}))`;
}

/** A condition: the row is live, or was trashed after the trash was last cleared. */
export function isVisible(trashedAt: SQLWrapper, trashClearedAt: SQL): SQL {
  return sql`(${trashedAt} IS NULL OR ${trashedAt} > ${trashClearedAt})`;
}

/** A condition for lists of libraries, which reads all memberships of the caller: in scope, live or trashed. */
export function inMemberLibraries(scope: LibraryScope, libraryId: SQLWrapper): SQL {
  return sql`(${inListedLibraries(scope, libraryId)} AND ${libraryId} IN (
    SELECT m.library_id FROM library_members m INDEXED BY library_members_active
    WHERE m.user_id = ${scope.userId} AND m.state = 'active' AND ${hasRole(scope)}))`;
}

/**
 * A condition: `libraryId` is a live library in scope and, for rows with a `trashedAt`, the row is live or was trashed
 * after the trash was last cleared. Reads one index entry and one row. Both parameters name their table.
 */
export function inScope(scope: LibraryScope, libraryId: SQLWrapper, trashedAt: SQLWrapper | null = null): SQL {
  const visible = trashedAt === null ? sql`` : sql` AND ${isVisible(trashedAt, sql`scoped.trash_cleared_at`)}`;
  return sql`(${inListedLibraries(scope, libraryId)} AND EXISTS (SELECT 1 FROM libraries scoped
    WHERE scoped.id = ${libraryId} AND scoped.trashed_at IS NULL${visible}
      AND EXISTS (SELECT 1 FROM ${activeMember(scope, sql`scoped.id`)})))`;
}

/** A condition on `libraries`: the owner alone sees the trash. */
function isSeenBy({ userId }: LibraryScope): SQL {
  return sql`(${libraries.trashedAt} IS NULL OR ${libraries.userId} = ${userId})`;
}

/** A condition on `libraries`: this library, if it is in scope. */
export function libraryInScope(scope: LibraryScope, id: string): SQL | undefined {
  return and(eq(libraries.id, id), isLibraryMember(scope, libraries.id), isSeenBy(scope));
}

/** A condition on `libraries`: in scope. Reads the memberships of the caller first. */
export function librariesInScope(scope: LibraryScope): SQL | undefined {
  return and(inMemberLibraries(scope, libraries.id), isSeenBy(scope));
}
