/** Invitations to join a library, as its owner sees them. joins.ts admits those who hold one. */
import { and, eq, getTableColumns, isNull, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import { namedUserColumns, namedUserSelection, readNamedUser, type NamedUser } from "../accounts/namedUsers.ts";
import type { Database } from "../database.ts";
import { libraryInvitations, users } from "../schema/schema.ts";
import { rowReader, runQueries, type Query } from "../sql/query.ts";
import { inMemberLibraries, isLibraryMember, type LibraryScope } from "./libraryScope.ts";
import type { JoinedRole } from "./members.ts";

export type InvitationRow = typeof libraryInvitations.$inferSelect;

export interface Invitation extends Omit<InvitationRow, "createdBy"> {
  createdBy: NamedUser;
}

export const invitationStates = ["active", "exhausted", "expired", "disabled"] as const;
export type InvitationState = (typeof invitationStates)[number];

/** Disabled wins over expired, and expired over exhausted. */
export function stateOf(
  {
    disabledAt,
    expiresAt,
    joinerCount,
    maxJoiners,
  }: Pick<InvitationRow, "disabledAt" | "expiresAt" | "joinerCount" | "maxJoiners">,
  atMs: number,
): InvitationState {
  if (disabledAt !== null) return "disabled";
  if (expiresAt <= atMs) return "expired";
  return joinerCount >= maxJoiners ? "exhausted" : "active";
}

/** `stateOf` as a condition on the invitation `i`. */
export function isInState(state: InvitationState, atMs: number): SQL {
  const conditions = {
    disabled: sql`i.disabled_at IS NOT NULL`,
    expired: sql`i.disabled_at IS NULL AND i.expires_at <= ${atMs}`,
    exhausted: sql`i.disabled_at IS NULL AND i.expires_at > ${atMs} AND i.joiner_count >= i.max_joiners`,
    active: sql`i.disabled_at IS NULL AND i.expires_at > ${atMs} AND i.joiner_count < i.max_joiners`,
  } as const satisfies Record<InvitationState, SQL>;
  return conditions[state];
}

function asOwner(scope: LibraryScope): LibraryScope {
  return { ...scope, action: "manage" };
}

export interface InvitationPolicy {
  libraryId: string;
  role: JoinedRole;
  maxJoiners: number;
  expiresAt: number;
}

function selectInvitations(db: Database) {
  return db.orm
    .select({ invitation: getTableColumns(libraryInvitations), user: namedUserSelection })
    .from(libraryInvitations)
    .leftJoin(users, eq(users.id, libraryInvitations.createdBy))
    .$dynamic();
}

type InvitationSelection = Awaited<ReturnType<typeof selectInvitations>>[number];

function toInvitation(row: InvitationSelection | undefined): Invitation | null {
  if (row === undefined) return null;
  const { invitation, user } = row;
  return { ...invitation, createdBy: { id: invitation.createdBy, ...user } };
}

/**
 * Inserts an invitation unless the library has one with the same policy, whatever its state. Returns the one of that
 * policy; null without any if the library has as many active ones as allowed, or isn't a live one of the caller's own.
 */
export async function insertInvitation(
  db: Database,
  scope: LibraryScope,
  policy: InvitationPolicy,
  maxActive: number,
  atMs: number,
): Promise<{ invitation: Invitation; isNew: boolean } | null> {
  const id = newId("invitation", atMs);
  const { libraryId, role, maxJoiners, expiresAt } = policy;
  const active = sql`(SELECT count(*) FROM library_invitations i WHERE i.library_id = l.id AND ${isInState("active", atMs)})`;
  const [, rows] = await db.orm.batch([
    db.statement(sql`INSERT INTO library_invitations
      (id, library_id, role, max_joiners, expires_at, created_by, created_at, updated_at)
      SELECT ${id}, l.id, ${role}, ${maxJoiners}, ${expiresAt}, ${scope.userId}, ${atMs}, ${atMs} FROM libraries l
      WHERE l.id = ${libraryId} AND l.trashed_at IS NULL AND ${isLibraryMember(asOwner(scope), sql`l.id`)}
        AND ${active} < ${maxActive}
      ON CONFLICT (library_id, role, max_joiners, expires_at) DO NOTHING`),
    selectInvitations(db).where(
      and(
        eq(libraryInvitations.libraryId, libraryId),
        eq(libraryInvitations.role, role),
        eq(libraryInvitations.maxJoiners, maxJoiners),
        eq(libraryInvitations.expiresAt, expiresAt),
        isLibraryMember(asOwner(scope), libraryInvitations.libraryId),
      ),
    ),
  ]);
  const invitation = toInvitation(rows[0]);
  return invitation === null ? null : { invitation, isNew: invitation.id === id };
}

/** An invitation to a library that the caller owns. */
export async function findInvitation(db: Database, scope: LibraryScope, id: string): Promise<Invitation | null> {
  const isOwn = isLibraryMember(asOwner(scope), libraryInvitations.libraryId);
  return toInvitation(
    await selectInvitations(db)
      .where(and(eq(libraryInvitations.id, id), isOwn))
      .get(),
  );
}

/** Disables an invitation to a library that the caller owns. Repeating it changes nothing. */
export async function disableInvitation(
  db: Database,
  scope: LibraryScope,
  id: string,
  atMs: number,
): Promise<Invitation | null> {
  const own = and(eq(libraryInvitations.id, id), isLibraryMember(asOwner(scope), libraryInvitations.libraryId));
  const [, rows] = await db.orm.batch([
    db.orm
      .update(libraryInvitations)
      .set({ disabledAt: atMs, updatedAt: atMs })
      .where(and(own, isNull(libraryInvitations.disabledAt))),
    selectInvitations(db).where(own),
  ]);
  return toInvitation(rows[0]);
}

export interface InvitationListRequest {
  /** Null: all libraries that the caller owns. */
  libraryId: string | null;
  /** Null for all. */
  state: InvitationState | null;
  startingAfterId: string | null;
  limit: number;
}

export interface InvitationList {
  /** False if the caller doesn't own the requested library. */
  isOwn: boolean;
  /** False if `startingAfterId` is no invitation of these libraries. */
  isCursorFound: boolean;
  invitations: Invitation[];
  hasMore: boolean;
}

const readInvitationRow = rowReader(getTableColumns(libraryInvitations));

function existsQuery(condition: SQL): Query<boolean> {
  return { sql: sql`SELECT ${condition} AS found`, parse: ([row]) => row?.["found"] === 1 };
}

/** Newest first: ids sort by time. Takes one round trip. */
export async function listInvitations(
  db: Database,
  scope: LibraryScope,
  { libraryId, state, startingAfterId, limit }: InvitationListRequest,
  atMs: number,
): Promise<InvitationList> {
  const owned = sql`SELECT l.id FROM libraries l WHERE ${inMemberLibraries(asOwner(scope), sql`l.id`)}
    ${libraryId === null ? sql`` : sql`AND l.id = ${libraryId}`}`;
  const where = [
    sql`i.library_id IN (${owned})`,
    ...(state === null ? [] : [isInState(state, atMs)]),
    ...(startingAfterId === null ? [] : [sql`i.id < ${startingAfterId}`]),
  ];
  const cursor = sql`EXISTS (SELECT 1 FROM library_invitations i WHERE i.id = ${startingAfterId} AND i.library_id IN (${owned}))`;
  const [isOwn, isCursorFound, invitations] = await runQueries(db, [
    existsQuery(libraryId === null ? sql`1` : sql`EXISTS (${owned})`),
    existsQuery(startingAfterId === null ? sql`1` : cursor),
    {
      sql: sql`SELECT i.*, ${namedUserColumns("u")} FROM library_invitations i LEFT JOIN users u ON u.id = i.created_by
        WHERE ${sql.join(where, sql` AND `)} ORDER BY i.id DESC LIMIT ${limit + 1}`,
      parse: (rows): Invitation[] =>
        rows.map((row) => {
          const invitation = readInvitationRow(row);
          return { ...invitation, createdBy: readNamedUser(invitation.createdBy, row) };
        }),
    },
  ]);
  return { isOwn, isCursorFound, invitations: invitations.slice(0, limit), hasMore: invitations.length > limit };
}
