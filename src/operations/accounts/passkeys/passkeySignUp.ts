/** Creates an account with its first passkey. */
import { AppError } from "../../../kernel/errors.ts";
import { findPasskey } from "../../../records/accounts/passkeys.ts";
import type { Context } from "../../context.ts";
import { BUILT_IN_ISSUER, refusalTexts, resolveSignIn } from "../signIn.ts";
import { createChallenge, useChallenge } from "./challenges.ts";
import { storePasskey } from "./passkeys.ts";
import { creationOptions, verifyNewPasskey, type CreatedCredential, type CreationOptions } from "./webauthn.ts";

const HANDLE_BYTES = 16;

/** What a new user says of themselves. Nothing of it is verified. */
export interface NewPerson {
  name: string;
  email: string | null;
}

export interface NewAccount {
  person: NewPerson;
  credential: CreatedCredential;
  passkeyName: string;
}

/** Whether the policy and, with an identity provider, the source of identities allow a sign-up with a passkey. */
function requireOpenSignUps({ identityProvider, config }: Context, isInvited: boolean): void {
  if (identityProvider !== null) {
    throw new AppError("forbidden", "accounts of this deployment come from its OpenID provider: sign in there");
  }
  const { signUps } = config.accounts;
  if (signUps.kind === "nobody") throw new AppError("forbidden", refusalTexts.sign_ups_closed);
  const admitted = signUps.kind === "anyone" || (signUps.invited && isInvited);
  if (!admitted) throw new AppError("forbidden", refusalTexts.not_admitted);
}

/**
 * Returns the options for `navigator.credentials.create()`. The handle is drawn by lot: it is the identity's subject.
 *
 * @throws {AppError} `forbidden` if nobody without an invitation may sign up, or with an OpenID provider.
 */
export async function startSignUp(
  context: Context,
  origin: string,
  person: NewPerson,
  isInvited: boolean,
): Promise<CreationOptions> {
  requireOpenSignUps(context, isInvited);
  const random = crypto.getRandomValues(new Uint8Array(HANDLE_BYTES));
  const handle = random.toBase64({ alphabet: "base64url", omitPadding: true });
  const challenge = await createChallenge(context, { purpose: "sign_up", boundTo: handle });
  return creationOptions(origin, challenge, { handle, name: person.email ?? person.name, existing: [] });
}

/**
 * Creates the user of a new passkey, and returns the id.
 *
 * @throws {AppError} `forbidden` as `startSignUp`; `bad_request` for an expired, used or foreign challenge, another
 * origin or an invalid response; `conflict` for a known passkey.
 */
export async function signUp(
  context: Context,
  origin: string,
  { person, credential, passkeyName }: NewAccount,
  isInvited: boolean,
): Promise<string> {
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
  await storePasskey(context, result.userId, verified, { credential, name: passkeyName });
  return result.userId;
}
