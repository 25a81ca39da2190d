/** Previews an invitation, and joins its library. */
import { AppError, notFound } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import * as records from "../../records/libraries/joins.ts";
import { stateOf, type InvitationState } from "../../records/libraries/invitations.ts";
import type { MemberRole } from "../../records/libraries/libraryScope.ts";
import { findMember, type JoinedRole, type MemberRow } from "../../records/libraries/members.ts";
import { requireSession, type Principal } from "../accounts/authentication.ts";
import { summarizeUser, type UserSummary } from "../accounts/userSummaries.ts";
import type { Context } from "../context.ts";
import { isInvitationSecret } from "./invitationSecrets.ts";
import { MAX_LIBRARY_MEMBERS } from "./invitations.ts";
import { getLibrary, type LibraryView } from "./libraries.ts";
import { toMembership, type Membership } from "./members.ts";

/** An invitation as its link names it. */
export interface InvitationKey {
  id: string;
  secret: string;
}

/** An invitation as everybody with its link sees it. */
export interface Offer {
  invitationId: string;
  library: { id: string; name: string; owner: UserSummary };
  role: JoinedRole;
  expiresAt: number;
  state: InvitationState;
}

export const eligibilities = [
  "joinable",
  "already_member",
  "expired",
  "disabled",
  "exhausted",
  "new_invitation_required",
] as const;
export type Eligibility = (typeof eligibilities)[number];

export interface InvitationPreview extends Offer {
  /** The caller's role in the library; null if they are no active member. */
  currentRole: MemberRole | null;
  eligibility: Eligibility;
}

function toOffer(context: Context, { invitation, library }: records.InvitationOffer): Offer {
  const { id: invitationId, role, expiresAt } = invitation;
  const owner = summarizeUser(context, library.owner);
  return { invitationId, role, expiresAt, library: { ...library, owner }, state: stateOf(invitation, context.nowMs) };
}

/**
 * Describes an invitation to somebody who may not have an account yet. Returns null for a wrong secret, an unknown
 * invitation, and a library that is gone: one answer for all.
 */
export async function describeInvitation(context: Context, { id, secret }: InvitationKey): Promise<Offer | null> {
  if (!isId("invitation", id) || !(await isInvitationSecret(context.config, id, secret))) return null;
  const offer = await records.findOffer(context.db, id);
  return offer === null ? null : toOffer(context, offer);
}

function eligibilityOf(state: InvitationState, createdAt: number, member: MemberRow | null): Eligibility {
  if (member?.state === "active") return "already_member";
  if (state !== "active") return state;
  return (member?.lastRemovedAt ?? -1) >= createdAt ? "new_invitation_required" : "joinable";
}

/** @throws {AppError} `forbidden` for an API key, `not_found` for a wrong secret. */
async function requireInvitation(context: Context, principal: Principal, { id, secret }: InvitationKey): Promise<void> {
  requireSession(principal);
  if (!(await isInvitationSecret(context.config, id, secret))) throw notFound("invitation");
}

/**
 * Shows what an invitation offers to the caller, without admitting them.
 *
 * @throws {AppError} `forbidden` for an API key; `not_found` for a wrong secret, an unknown invitation, and a library
 *   that is gone.
 */
export async function previewInvitation(
  context: Context,
  principal: Principal,
  key: InvitationKey,
): Promise<InvitationPreview> {
  await requireInvitation(context, principal, key);
  const { offer, member } = await records.findOfferTo(context.db, key.id, principal.userId);
  if (offer === null) throw notFound("invitation");
  const view = toOffer(context, offer);
  return {
    ...view,
    currentRole: member?.state === "active" ? member.role : null,
    eligibility: eligibilityOf(view.state, offer.invitation.createdAt, member),
  };
}

const refusals = {
  joinable: `the library has as many members as allowed: ${MAX_LIBRARY_MEMBERS}`,
  expired: "the invitation has expired; ask for a new one",
  disabled: "the invitation was disabled; ask for a new one",
  exhausted: "all places of the invitation are taken; ask for a new one",
  new_invitation_required: "you were removed from this library after this invitation was made; ask for a new one",
} as const satisfies Record<Exclude<Eligibility, "already_member">, string>;

export interface JoinResult {
  outcome: "joined" | "already_member";
  library: LibraryView;
  /** Null for the owner, who is no member. */
  membership: Membership | null;
}

/**
 * Makes the caller a member, at once or not at all. Repeating it costs no place and changes no role.
 *
 * @throws {AppError} as `previewInvitation`, and `conflict` for an invitation that doesn't admit the caller.
 */
export async function joinLibrary(context: Context, principal: Principal, key: InvitationKey): Promise<JoinResult> {
  await requireInvitation(context, principal, key);
  const { id } = key;
  const { userId } = principal;
  const { offer, member, hasJoined } = await records.joinLibrary(
    context.db,
    id,
    userId,
    MAX_LIBRARY_MEMBERS,
    context.nowMs,
  );
  if (offer === null) throw notFound("invitation");
  const { invitation, library } = offer;
  const eligibility = eligibilityOf(stateOf(invitation, context.nowMs), invitation.createdAt, member);
  if (eligibility !== "already_member") throw new AppError("conflict", refusals[eligibility]);
  const found = member?.role === "owner" ? null : await findMember(context.db, library.id, userId);
  return {
    outcome: hasJoined ? "joined" : "already_member",
    library: await getLibrary(context, { ...principal, action: "read" }, library.id),
    membership: found === null ? null : toMembership(context, found),
  };
}
