/** The members of a library other than its owner, for the owner; and how a membership ends. */
import { and, eq, getTableColumns, ne, sql, type SQL } from "drizzle-orm";
import type { SQLiteUpdateSetSource } from "drizzle-orm/sqlite-core";
import { namedUserColumns, namedUserSelection, readNamedUser, type NamedUser } from "../accounts/namedUsers.ts";
import type { Database } from "../database.ts";
import { libraryMembers, users, type memberStates } from "../schema/schema.ts";
import { NO_QUERY, rowReader, runQueries } from "../sql/query.ts";
import { isLibraryMember, type LibraryScope } from "./libraryScope.ts";

export { memberRoles, memberStates } from "../schema/schema.ts";

export type MemberRow = typeof libraryMembers.$inferSelect;
export type MemberState = (typeof memberStates)[number];
export type JoinedRole = "collaborator" | "viewer";

export interface Member extends MemberRow {
  user: NamedUser;
}

export interface MemberListRequest {
  libraryId: string;
  /** Null for all. */
  state: MemberState | null;
  startingAfterId: string | null;
  limit: number;
}

export interface MemberList {
  /** False unless the caller owns the library. */
  isOwn: boolean;
  /** The library of the membership `startingAfterId`; null if it is unknown. */
  cursorLibraryId: string | null;
  members: Member[];
  hasMore: boolean;
}

const readMemberRow = rowReader(getTableColumns(libraryMembers));

/** Whether the caller owns the library `id`. */
function isOwnQuery(scope: LibraryScope, id: string) {
  const owner = isLibraryMember({ ...scope, action: "manage" }, sql`l.id`);
  return {
    sql: sql`SELECT 1 AS found FROM libraries l WHERE l.id = ${id} AND ${owner}`,
    parse: (rows: readonly unknown[]): boolean => rows.length > 0,
  };
}

/**
 * Newest first: ids sort by time. Reads all memberships of the library, whose number is limited. Takes one round trip,
 * so the caller must discard the members unless `isOwn`.
 */
export async function listMembers(db: Database, scope: LibraryScope, request: MemberListRequest): Promise<MemberList> {
  const { libraryId, state, startingAfterId, limit } = request;
  const where = [
    sql`m.library_id = ${libraryId}`,
    sql`m.role <> 'owner'`,
    isLibraryMember({ ...scope, action: "manage" }, sql`l.id`),
    ...(state === null ? [] : [sql`m.state = ${state}`]),
    ...(startingAfterId === null ? [] : [sql`m.id < ${startingAfterId}`]),
  ];
  const cursor = sql`SELECT library_id FROM library_members WHERE id = ${startingAfterId} AND role <> 'owner'`;
  const [isOwn, cursorLibraryId, members] = await runQueries(db, [
    isOwnQuery(scope, libraryId),
    startingAfterId === null
      ? NO_QUERY
      : { sql: cursor, parse: ([row]) => (row === undefined ? null : String(row["library_id"])) },
    {
      sql: sql`SELECT m.*, ${namedUserColumns("u")} FROM libraries l
        CROSS JOIN library_members m INDEXED BY library_members_by_library ON m.library_id = l.id
        LEFT JOIN users u ON u.id = m.user_id
        WHERE l.id = ${libraryId} AND ${sql.join(where, sql` AND `)} ORDER BY m.id DESC LIMIT ${limit + 1}`,
      parse: (rows) => rows.map((row) => withUser(readMemberRow(row), row)),
    },
  ]);
  return { isOwn, cursorLibraryId, members: members.slice(0, limit), hasMore: members.length > limit };
}

function withUser(row: MemberRow, columns: Readonly<Record<string, unknown>>): Member {
  return { ...row, user: readNamedUser(row.userId, columns) };
}

function selectMember(db: Database, libraryId: string, userId: string) {
  return db.orm
    .select({ member: getTableColumns(libraryMembers), user: namedUserSelection })
    .from(libraryMembers)
    .leftJoin(users, eq(users.id, libraryMembers.userId))
    .where(and(eq(libraryMembers.libraryId, libraryId), eq(libraryMembers.userId, userId)));
}

type MemberSelection = Awaited<ReturnType<typeof selectMember>>[number];

function toMember(row: MemberSelection | undefined): Member | null {
  if (row === undefined) return null;
  const { member, user } = row;
  return { ...member, user: { id: member.userId, ...user } };
}

export async function findMember(db: Database, libraryId: string, userId: string): Promise<Member | null> {
  return toMember(await selectMember(db, libraryId, userId).get());
}

/** Applies `change` if `condition` holds, never to the owner's row. Returns the resulting membership, whatever its role. */
async function changeMember(
  db: Database,
  { libraryId, userId }: { libraryId: string; userId: string },
  condition: SQL,
  change: SQLiteUpdateSetSource<typeof libraryMembers>,
): Promise<Member | null> {
  const row = and(eq(libraryMembers.libraryId, libraryId), eq(libraryMembers.userId, userId));
  const [, rows] = await db.orm.batch([
    db.orm
      .update(libraryMembers)
      .set(change)
      .where(and(row, ne(libraryMembers.role, "owner"), condition)),
    selectMember(db, libraryId, userId),
  ]);
  return toMember(rows[0]);
}

interface MemberKey {
  libraryId: string;
  userId: string;
}

/** Changes the role of an active member. */
export async function setMemberRole(
  db: Database,
  member: MemberKey,
  role: JoinedRole,
  atMs: number,
): Promise<Member | null> {
  const condition = sql`${libraryMembers.state} = 'active' AND ${libraryMembers.role} <> ${role}`;
  return await changeMember(db, member, condition, { role, updatedAt: atMs });
}

/** Ends a membership for good: invitations from before the removal don't admit the user again. */
export async function removeMember(db: Database, member: MemberKey, atMs: number): Promise<Member | null> {
  const change = {
    state: "removed" as const,
    endedAt: sql`coalesce(${libraryMembers.endedAt}, ${atMs})`,
    lastRemovedAt: atMs,
    updatedAt: atMs,
  };
  return await changeMember(db, member, sql`${libraryMembers.state} <> 'removed'`, change);
}

/** Ends the active membership of a user who leaves. */
export async function leaveLibrary(db: Database, member: MemberKey, atMs: number): Promise<Member | null> {
  const change = { state: "left" as const, endedAt: atMs, updatedAt: atMs };
  return await changeMember(db, member, sql`${libraryMembers.state} = 'active'`, change);
}
