/** The owner of a library sees and changes its members; a member leaves. Sessions only. */
import { AppError, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/libraries/members.ts";
import { findLibrary } from "../../records/libraries/sharedLibraries.ts";
import { requireSession, type Principal } from "../accounts/authentication.ts";
import { summarizeUser, type UserSummary } from "../accounts/userSummaries.ts";
import type { Context } from "../context.ts";
import { requireCursor } from "../pages.ts";
import { asOwner, inaccessible } from "./access.ts";

export { memberRoles, memberStates, type JoinedRole, type MemberState } from "../../records/libraries/members.ts";

/** A membership, which an owner has not: the owner's row of the table is never one. */
export interface Membership extends Omit<records.MemberRow, "role"> {
  role: records.JoinedRole;
  user: UserSummary;
}

const OWNER_ERROR = "the owner of a library is not one of its members; the role and the membership can't change";

/** @throws {AppError} `conflict` for the owner. */
export function toMembership(context: Context, { role, user, ...row }: records.Member): Membership {
  if (role === "owner") throw new AppError("conflict", OWNER_ERROR);
  return { ...row, role, user: summarizeUser(context, user) };
}

/**
 * Requires a library that the caller owns, live or trashed, and a session.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found`.
 */
async function requireOwnLibrary(context: Context, principal: Principal, libraryId: string): Promise<void> {
  requireSession(principal);
  const owner = asOwner(principal);
  if ((await findLibrary(context.db, owner, libraryId)) === null)
    throw await inaccessible(context, owner, "library", libraryId);
}

/**
 * Lists the members of a library that the caller owns, newest first, a page at a time.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found`, `bad_request` for an unknown cursor.
 */
export async function listMembers(
  context: Context,
  principal: Principal,
  request: records.MemberListRequest,
): Promise<{ members: Membership[]; hasMore: boolean }> {
  requireSession(principal);
  const owner = asOwner(principal);
  const { libraryId, startingAfterId } = request;
  const { isOwn, cursorLibraryId, members, hasMore } = await records.listMembers(context.db, owner, request);
  if (!isOwn) throw await inaccessible(context, owner, "library", libraryId);
  requireCursor(startingAfterId, cursorLibraryId, libraryId, "membership");
  return { members: members.map((member) => toMembership(context, member)), hasMore };
}

/**
 * Changes the role of an active member. Repeatable.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found`; `conflict` for a membership that ended,
 *   and for the owner.
 */
export async function setMemberRole(
  context: Context,
  principal: Principal,
  member: { libraryId: string; userId: string },
  role: records.JoinedRole,
): Promise<Membership> {
  await requireOwnLibrary(context, principal, member.libraryId);
  const changed = await records.setMemberRole(context.db, member, role, context.nowMs);
  if (changed === null) throw notFound("member");
  const membership = toMembership(context, changed);
  if (membership.state === "active") return membership;
  throw new AppError("conflict", `the membership has ended (${membership.state}); only an active member has a role`);
}

/**
 * Removes a member, whose access ends with their next request. Repeatable. Invitations from before the removal don't
 * admit the user again, those of someone who left before included.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found`, `conflict` for the owner.
 */
export async function removeMember(
  context: Context,
  principal: Principal,
  member: { libraryId: string; userId: string },
): Promise<Membership> {
  await requireOwnLibrary(context, principal, member.libraryId);
  const removed = await records.removeMember(context.db, member, context.nowMs);
  if (removed === null) throw notFound("member");
  return toMembership(context, removed);
}

/**
 * Ends the caller's own membership, of a trashed library too. Repeatable: a membership that has ended stays as it is.
 *
 * @throws {AppError} `forbidden` for an API key, `not_found` without a membership, `conflict` for the owner.
 */
export async function leaveLibrary(context: Context, principal: Principal, libraryId: string): Promise<Membership> {
  requireSession(principal);
  const member = { libraryId, userId: principal.userId };
  const left = await records.leaveLibrary(context.db, member, context.nowMs);
  if (left === null) throw notFound("library");
  return toMembership(context, left);
}
