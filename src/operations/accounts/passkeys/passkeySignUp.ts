/** Creates an account with its first passkey. */
import { randomBase64Url } from "../../../kernel/base64Url.ts";
import { AppError } from "../../../kernel/errors.ts";
import { findPasskey } from "../../../records/accounts/passkeys.ts";
import type { Context } from "../../context.ts";
import { describeInvitation, type InvitationKey } from "../../libraries/joinLibrary.ts";
import { BUILT_IN_ISSUER, refusalTexts, resolveSignIn, signUpRefusal } from "../signIn/signIn.ts";
import { createChallenge, useChallenge } from "./challenges.ts";
import { storePasskey } from "./passkeys.ts";
import { creationOptions, verifyNewPasskey, type CreatedCredential, type CreationOptions } from "./webauthn.ts";

const HANDLE_BYTES = 16;

/**
 * Whether somebody holds an invitation with a free place.
 *
 * @throws {AppError} `forbidden` for one that has ended or was never made.
 */
async function requireJoinable(context: Context, invitation: InvitationKey | null): Promise<boolean> {
  if (invitation === null) return false;
  const offer = await describeInvitation(context, invitation);
  if (offer?.state === "active") return true;
  const reason = offer === null ? "the invitation is not valid" : `the invitation is ${offer.state}`;
  throw new AppError("forbidden", `${reason}; ask for a new one`);
}

/** The details that a new user enters, unverified. */
export interface NewPerson {
  name: string;
  email: string | null;
}

export interface NewAccount {
  person: NewPerson;
  /** Admits the person where SIGN_UPS has `invited`. */
  invitation: InvitationKey | null;
  credential: CreatedCredential;
  passkeyName: string;
}

/** Whether the policy and, with an identity provider, the source of identities allow a sign-up with a passkey. */
function requireOpenSignUps({ identityProvider, config }: Context, isInvited: boolean): void {
  if (identityProvider !== null) {
    throw new AppError("forbidden", "accounts of this deployment come from its OpenID provider: sign in there");
  }
  // The address of a sign-up is not verified, so it admits nobody.
  const refusal = signUpRefusal(config.accounts, null, isInvited);
  if (refusal !== null) throw new AppError("forbidden", refusalTexts[refusal]);
}

/**
 * Returns the options for `navigator.credentials.create()`. The handle is random: it is the identity's subject.
 *
 * @throws {AppError} `forbidden` if SIGN_UPS doesn't admit the person, for an invitation that has ended, and with an
 * OpenID provider.
 */
export async function startSignUp(
  context: Context,
  origin: string,
  person: NewPerson,
  invitation: InvitationKey | null,
): Promise<CreationOptions> {
  requireOpenSignUps(context, await requireJoinable(context, invitation));
  const handle = randomBase64Url(HANDLE_BYTES);
  const challenge = await createChallenge(context, { purpose: "sign_up", boundTo: handle });
  return creationOptions(origin, challenge, { handle, name: person.email ?? person.name, existing: [] });
}

/**
 * Creates the user of a new passkey. Returns the id, and whether nothing but an invitation admits the user.
 *
 * @throws {AppError} `forbidden` as `startSignUp`; `bad_request` for an expired, used or foreign challenge, another
 * origin or an invalid response; `conflict` for a known passkey.
 */
export async function signUp(
  context: Context,
  origin: string,
  { person, invitation, credential, passkeyName }: NewAccount,
): Promise<{ userId: string; needsInvitation: boolean }> {
  const isInvited = await requireJoinable(context, invitation);
  requireOpenSignUps(context, isInvited);
  const { clientDataJSON } = credential.response;
  const { challenge, boundTo: subject } = await useChallenge(context, origin, "sign_up", clientDataJSON);
  const verified = await verifyNewPasskey(origin, challenge, credential);
  if (verified === null) throw new AppError("bad_request", "the passkey is not valid: start again");
  if ((await findPasskey(context.db, verified.credentialId)) !== null) {
    throw new AppError("conflict", "this passkey is registered already: sign in with it");
  }
  const identity = { issuer: BUILT_IN_ISSUER, subject, ...person, emailVerified: false };
  const result = await resolveSignIn(context, identity, isInvited);
  if ("refusal" in result) throw new AppError("forbidden", refusalTexts[result.refusal]);
  const { userId, needsInvitation } = result;
  await storePasskey(context, userId, verified, { credential, name: passkeyName });
  return { userId, needsInvitation };
}
