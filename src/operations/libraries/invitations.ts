/** Invitations that the owner of a library makes, lists, shows again and disables. Sessions only. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/libraries/invitations.ts";
import { requireSession, type Principal } from "../accounts/authentication.ts";
import { summarizeUser, type UserSummary } from "../accounts/userSummaries.ts";
import type { Context } from "../context.ts";
import { requireCursor } from "../pages.ts";
import { asOwner, inaccessible } from "./access.ts";
import { invitationSecret } from "./invitationSecrets.ts";

export { invitationStates, type InvitationPolicy, type InvitationState } from "../../records/libraries/invitations.ts";

/** Invitations of a library that are active at the same time. Those that ended don't count. */
export const MAX_ACTIVE_INVITATIONS = 100;
/** Accounts that may join by one invitation, and members that a library may have besides its owner. */
export const MAX_LIBRARY_MEMBERS = 1000;

export interface Invitation extends Omit<records.Invitation, "createdBy"> {
  createdBy: UserSummary;
  state: records.InvitationState;
}

/** An invitation with the secret of its link. */
export interface InvitationLink {
  invitation: Invitation;
  secret: string;
}

function toInvitation(context: Context, { createdBy, ...row }: records.Invitation): Invitation {
  return { ...row, createdBy: summarizeUser(context, createdBy), state: records.stateOf(row, context.nowMs) };
}

/** @throws {AppError} `conflict` for an invitation that has ended. */
async function toLink(context: Context, row: records.Invitation, hint: string): Promise<InvitationLink> {
  const invitation = toInvitation(context, row);
  if (invitation.state !== "active") throw new AppError("conflict", `the invitation is ${invitation.state}; ${hint}`);
  return { invitation, secret: await invitationSecret(context.config, invitation.id) };
}

/**
 * Creates an invitation, or returns the active one of the same policy.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found` for the library; `validation_error` for an
 *   expiry in the past; `conflict` if the invitation of that policy has ended, or for too many active ones.
 */
export async function createInvitation(
  context: Context,
  principal: Principal,
  policy: records.InvitationPolicy,
): Promise<InvitationLink & { isNew: boolean }> {
  requireSession(principal);
  if (policy.expiresAt <= context.nowMs) throw invalid(["body", "expires_at"], "must be in the future");
  const owner = asOwner(principal);
  const created = await records.insertInvitation(context.db, owner, policy, MAX_ACTIVE_INVITATIONS, context.nowMs);
  if (created === null) {
    const { isOwn } = await listInvitationRows(context, owner, { libraryId: policy.libraryId, limit: 1 });
    if (!isOwn) throw await inaccessible(context, owner, "library", policy.libraryId);
    throw new AppError("conflict", `a live library can have at most ${MAX_ACTIVE_INVITATIONS} active invitations`);
  }
  const link = await toLink(context, created.invitation, "create one with another expires_at");
  return { ...link, isNew: created.isNew };
}

async function listInvitationRows(
  { db, nowMs }: Context,
  principal: Principal,
  request: Partial<records.InvitationListRequest> & { limit: number },
): Promise<records.InvitationList> {
  return await records.listInvitations(
    db,
    principal,
    { libraryId: null, state: null, startingAfterId: null, ...request },
    nowMs,
  );
}

/**
 * Lists the invitations of one library, or of all that the caller owns, newest first, a page at a time. Never with a
 * secret.
 *
 * @throws {AppError} `forbidden` for an API key or another member, `not_found` for the library, `bad_request` for an
 *   unknown cursor.
 */
export async function listInvitations(
  context: Context,
  principal: Principal,
  request: records.InvitationListRequest,
): Promise<{ invitations: Invitation[]; hasMore: boolean }> {
  requireSession(principal);
  const owner = asOwner(principal);
  const { isOwn, isCursorFound, invitations, hasMore } = await listInvitationRows(context, owner, request);
  if (!isOwn && request.libraryId !== null) throw await inaccessible(context, owner, "library", request.libraryId);
  if (!isCursorFound) requireCursor(request.startingAfterId, null, "", "invitation");
  return { invitations: invitations.map((row) => toInvitation(context, row)), hasMore };
}

/**
 * Shows the link of an active invitation again.
 *
 * @throws {AppError} `forbidden` for an API key, `not_found`, `conflict` for an invitation that has ended.
 */
export async function getInvitationLink(context: Context, principal: Principal, id: string): Promise<InvitationLink> {
  requireSession(principal);
  const row = await records.findInvitation(context.db, principal, id);
  if (row === null) throw notFound("invitation");
  return await toLink(context, row, "its link admits nobody");
}

/**
 * Disables an invitation; members who joined by it stay. Repeatable.
 *
 * @throws {AppError} `forbidden` for an API key, `not_found`.
 */
export async function disableInvitation(context: Context, principal: Principal, id: string): Promise<Invitation> {
  requireSession(principal);
  const row = await records.disableInvitation(context.db, principal, id, context.nowMs);
  if (row === null) throw notFound("invitation");
  return toInvitation(context, row);
}
