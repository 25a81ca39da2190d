/** Finds or creates the user of an identity: docs/decisions/0041-identities-are-subjects-not-addresses.md. */
import { admits, isOwnerEmail, type AccountSettings } from "../../../kernel/settings/accountSettings.ts";
import { parseEmail } from "../../../kernel/email.ts";
import { cutToJsonBytes, MAX_NAME_BYTES } from "../../../kernel/textLimits.ts";
import {
  findUserBySubject,
  insertUserIfNew,
  updateProfile,
  type Profile,
  type User,
} from "../../../records/accounts/users.ts";
import type { ProviderIdentity } from "../../../providers/identity/identityProvider.ts";
import type { Context } from "../../context.ts";
import { ensureOwner } from "../owner.ts";

/** Issuer of identities that the built-in sign-in creates. */
export const BUILT_IN_ISSUER = "built-in";

/** An authenticated person. The built-in sign-in describes them like an OpenID provider. */
export type Identity = ProviderIdentity;

/**
 * `deactivated`: the owner locked the account. `sign_ups_closed`: the policy is `nobody`. `not_admitted`: no valid
 * invitation, and no verified address of an admitted domain. `place_taken`: others took the last place meanwhile.
 */
export type SignInRefusal = "deactivated" | "sign_ups_closed" | "not_admitted" | "place_taken";

/** The text for a person without access. */
export const refusalTexts = {
  deactivated: "this account is deactivated; ask the owner of this deployment",
  sign_ups_closed: "this deployment takes no new accounts",
  not_admitted: "this deployment takes new accounts by invitation only; ask its owner for one",
  place_taken: "all places of the invitation are taken; ask for a new one",
} as const satisfies Record<SignInRefusal, string>;

export type SignInResult =
  | {
      userId: string;
      isNew: boolean;
      /** Whether nothing but an invitation admits the user. */
      needsInvitation: boolean;
    }
  | { refusal: SignInRefusal };

/** The stored subject of an identity, which never equals `ROOT_SUBJECT` because it contains a space. */
export function subjectOf({ issuer, subject }: Pick<Identity, "issuer" | "subject">): string {
  return `${issuer} ${subject}`;
}

function profileOf({ email, emailVerified, name }: Identity): Profile {
  const address = email === null ? null : parseEmail(email);
  const firstName = cutToJsonBytes((name ?? "").trim(), MAX_NAME_BYTES);
  return {
    email: address,
    isVerified: address !== null && emailVerified,
    firstName: firstName === "" ? null : firstName,
  };
}

/** Keeps what the identity no longer says: the provider may leave out claims. */
async function refreshProfile(context: Context, user: User, profile: Profile): Promise<void> {
  const { email, isVerified, firstName } = profile;
  const newest = {
    email: email ?? user.email,
    isVerified: email === null ? user.isVerified : isVerified,
    firstName: firstName ?? user.firstName,
  };
  const isCurrent =
    newest.email === user.email && newest.isVerified === user.isVerified && newest.firstName === user.firstName;
  if (!isCurrent) await updateProfile(context.db.primary(), user.id, newest, context.nowMs);
}

/** Why SIGN_UPS doesn't admit a new user with this verified address; null if it does. */
export function signUpRefusal(
  { signUps }: AccountSettings,
  verifiedEmail: string | null,
  isInvited: boolean,
): SignInRefusal | null {
  if (signUps.kind === "nobody") return "sign_ups_closed";
  return admits(signUps, verifiedEmail, isInvited) ? null : "not_admitted";
}

async function signUp(context: Context, subject: string, profile: Profile, isInvited: boolean): Promise<SignInResult> {
  const { accounts } = context.config;
  const email = profile.isVerified ? profile.email : null;
  const refusal = signUpRefusal(accounts, email, isInvited);
  if (refusal !== null) return { refusal };
  const storageLimitBytes = context.config.defaultUserStorageLimitBytes;
  const user = await insertUserIfNew(context.db.primary(), { ...profile, subject, storageLimitBytes }, context.nowMs);
  if (!user.isActive) return { refusal: "deactivated" };
  return { userId: user.id, isNew: true, needsInvitation: signUpRefusal(accounts, email, false) !== null };
}

/**
 * Returns the user of an identity. A verified OWNER_EMAIL is the owner, whatever the subject; a known subject is its
 * user; anyone else gets a new user if SIGN_UPS admits them. Addresses never join two identities. Concurrent first
 * sign-ins of one identity create one user. `isInvited`: the caller has checked a joinable invitation.
 */
export async function resolveSignIn(context: Context, identity: Identity, isInvited: boolean): Promise<SignInResult> {
  const profile = profileOf(identity);
  if (profile.email !== null && profile.isVerified && isOwnerEmail(context.config.accounts, profile.email)) {
    return { userId: (await ensureOwner(context)).id, isNew: false, needsInvitation: false };
  }
  const subject = subjectOf(identity);
  const user = await findUserBySubject(context.db.primary(), subject);
  if (user === null) return await signUp(context, subject, profile, isInvited);
  if (!user.isActive) return { refusal: "deactivated" };
  await refreshProfile(context, user, profile);
  return { userId: user.id, isNew: false, needsInvitation: false };
}
