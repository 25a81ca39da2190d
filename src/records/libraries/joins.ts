/** Admits holders of an invitation to its library. */
import { getTableColumns, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import { namedUserColumns, readNamedUser, type NamedUser } from "../accounts/namedUsers.ts";
import type { Database } from "../database.ts";
import { libraryInvitations, libraryMembers } from "../schema/schema.ts";
import { rowReader, runQueries, type Query } from "../sql/query.ts";
import { isInState, type InvitationRow } from "./invitations.ts";
import type { MemberRow } from "./members.ts";

/** The offer of an invitation, for a caller who has proved to hold it. */
export interface InvitationOffer {
  invitation: InvitationRow;
  library: { id: string; name: string; owner: NamedUser };
}

const readInvitation = rowReader(getTableColumns(libraryInvitations));
const readMember = rowReader(getTableColumns(libraryMembers));

function offerQuery(id: string): Query<InvitationOffer | null> {
  return {
    sql: sql`SELECT i.*, l.name AS library_name, l.user_id AS owner_id, ${namedUserColumns("u")} FROM library_invitations i
      CROSS JOIN libraries l ON l.id = i.library_id LEFT JOIN users u ON u.id = l.user_id
      WHERE i.id = ${id} AND l.trashed_at IS NULL`,
    parse: ([row]) => {
      if (row === undefined) return null;
      const invitation = readInvitation(row);
      const owner = readNamedUser(String(row["owner_id"]), row);
      return { invitation, library: { id: invitation.libraryId, name: String(row["library_name"]), owner } };
    },
  };
}

/** The membership of a user in the library of an invitation, ended or not; the owner's row too. */
function membershipQuery(id: string, userId: string): Query<MemberRow | null> {
  return {
    sql: sql`SELECT m.* FROM library_invitations i CROSS JOIN library_members m INDEXED BY library_members_by_library
      ON m.library_id = i.library_id WHERE i.id = ${id} AND m.user_id = ${userId}`,
    parse: ([row]) => (row === undefined ? null : readMember(row)),
  };
}

/** The offer of an invitation to a live library; null without one. */
export async function findOffer(db: Database, id: string): Promise<InvitationOffer | null> {
  return (await runQueries(db, [offerQuery(id)]))[0];
}

export interface OfferToUser {
  offer: InvitationOffer | null;
  member: MemberRow | null;
}

/** The offer, and the user's present membership in the library. */
export async function findOfferTo(db: Database, id: string, userId: string): Promise<OfferToUser> {
  const [offer, member] = await runQueries(db, [offerQuery(id), membershipQuery(id, userId)]);
  return { offer, member };
}

/** A condition on the invitation `i` and the member `m`: the removal was not before the invitation. */
function wasRemovedSince(member: SQL): SQL {
  return sql`coalesce(${member}.last_removed_at, -1) >= i.created_at`;
}

/**
 * Makes the user an active member if the invitation is active, its library is live and has fewer than `maxMembers`
 * members, and the user wasn't removed since it was made. The statements run as one transaction, so of many concurrent
 * joins no more succeed than there are places. A trigger counts an account once per invitation. Returns the state after
 * it, whether or not it changed anything: `hasJoined` tells.
 */
export async function joinLibrary(
  db: Database,
  id: string,
  userId: string,
  maxMembers: number,
  atMs: number,
): Promise<OfferToUser & { hasJoined: boolean }> {
  const memberId = newId("member", atMs);
  const members = sql`(SELECT count(*) FROM library_members c WHERE c.library_id = l.id AND c.state = 'active' AND c.role <> 'owner')`;
  const insert = sql`INSERT INTO library_members
      (id, library_id, user_id, role, state, invitation_id, joined_at, created_at, updated_at)
    SELECT ${memberId}, i.library_id, ${userId}, i.role, 'active', i.id, ${atMs}, ${atMs}, ${atMs}
    FROM library_invitations i CROSS JOIN libraries l ON l.id = i.library_id
    WHERE i.id = ${id} AND l.trashed_at IS NULL AND ${isInState("active", atMs)} AND ${members} < ${maxMembers}
      AND NOT EXISTS (SELECT 1 FROM library_members m WHERE m.library_id = i.library_id AND m.user_id = ${userId}
        AND (m.state = 'active' OR ${wasRemovedSince(sql`m`)}))
    ON CONFLICT (library_id, user_id) DO UPDATE SET role = excluded.role, state = 'active',
      invitation_id = excluded.invitation_id, joined_at = excluded.joined_at, ended_at = NULL, updated_at = excluded.updated_at
    RETURNING id`;
  const [hasJoined, offer, member] = await runQueries(db, [
    { sql: insert, parse: (rows): boolean => rows.length > 0 },
    offerQuery(id),
    membershipQuery(id, userId),
  ]);
  return { hasJoined, offer, member };
}
