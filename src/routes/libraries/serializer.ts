/** JSON of libraries, memberships and invitations. */
import { formatInstant, formatNullableInstant } from "../../kernel/time.ts";
import type { UserSummary } from "../../operations/accounts/userSummaries.ts";
import type { Invitation, InvitationLink } from "../../operations/libraries/invitations.ts";
import type { InvitationPreview, JoinResult, Offer } from "../../operations/libraries/joinLibrary.ts";
import type { LibraryView } from "../../operations/libraries/libraries.ts";
import type { Membership } from "../../operations/libraries/members.ts";

function serializeUserSummary({ id, displayName }: UserSummary) {
  return { id, display_name: displayName };
}

export function serializeLibrary(library: LibraryView) {
  return {
    id: library.id,
    name: library.name,
    description: library.description,
    user_id: library.userId,
    owner: serializeUserSummary(library.owner),
    role: library.role,
    asset_count: library.assetCount,
    storage_used_bytes: library.storageUsedBytes,
    storage_limit_bytes: library.storageLimitBytes,
    created_at: formatInstant(library.createdAt),
    updated_at: formatInstant(library.updatedAt),
  };
}

export function serializeMembership(membership: Membership) {
  return {
    id: membership.id,
    library_id: membership.libraryId,
    user: serializeUserSummary(membership.user),
    role: membership.role,
    state: membership.state,
    joined_at: formatInstant(membership.joinedAt),
    ended_at: formatNullableInstant(membership.endedAt),
    last_removed_at: formatNullableInstant(membership.lastRemovedAt),
    created_at: formatInstant(membership.createdAt),
    updated_at: formatInstant(membership.updatedAt),
  };
}

export function serializeInvitation(invitation: Invitation) {
  const { maxJoiners, joinerCount } = invitation;
  return {
    id: invitation.id,
    library_id: invitation.libraryId,
    role: invitation.role,
    state: invitation.state,
    max_joiners: maxJoiners,
    joiner_count: joinerCount,
    remaining_places: Math.max(0, maxJoiners - joinerCount),
    expires_at: formatInstant(invitation.expiresAt),
    disabled_at: formatNullableInstant(invitation.disabledAt),
    created_by: serializeUserSummary(invitation.createdBy),
    created_at: formatInstant(invitation.createdAt),
    updated_at: formatInstant(invitation.updatedAt),
  };
}

/** A browser sends no fragment to any server, so the secret stays out of logs and caches. */
export function serializeInvitationLink({ invitation, secret }: InvitationLink, origin: string) {
  return { invitation: serializeInvitation(invitation), url: `${origin}/join#${invitation.id}.${secret}` };
}

function serializeTerms({ invitationId, library, role, expiresAt }: Offer) {
  const { id, name, owner } = library;
  return {
    invitation_id: invitationId,
    library: { id, name, owner: serializeUserSummary(owner) },
    offered_role: role,
    expires_at: formatInstant(expiresAt),
  };
}

/** An offer to a person who may have no account. */
export function serializeOffer(offer: Offer) {
  return {
    ...serializeTerms(offer),
    eligibility: offer.state === "active" ? ("joinable" as const) : offer.state,
  };
}

export function serializePreview(preview: InvitationPreview) {
  return {
    ...serializeTerms(preview),
    current_role: preview.currentRole,
    eligibility: preview.eligibility,
  };
}

export function serializeJoin({ outcome, library, membership }: JoinResult) {
  return {
    outcome,
    library: serializeLibrary(library),
    membership: membership === null ? null : serializeMembership(membership),
  };
}
