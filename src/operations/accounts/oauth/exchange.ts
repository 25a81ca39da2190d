/** Exchanges the code of a sign-in for a session. */
import { signInFailure } from "../../../providers/identity/identityProvider.ts";
import { findSignInRequest, useSignInRequest, type SignInRequest } from "../../../records/accounts/signInRequests.ts";
import { findUser } from "../../../records/accounts/users.ts";
import { hashSecret } from "../authentication.ts";
import { joinAsNewUser } from "../signIn/joinAsNewUser.ts";
import { createSession } from "../sessions/sessions.ts";
import { refusalTexts, resolveSignIn } from "../signIn/signIn.ts";
import { toAccount, type Account } from "../users.ts";
import type { Context } from "../../context.ts";
import { describeInvitation, type InvitationKey } from "../../libraries/joinLibrary.ts";
import { challengeOf, derivedSecrets } from "./signInRequests.ts";

/** The parameters that the client's redirect target received, and the client's PKCE verifier. */
export interface ExchangeParams {
  code: string | null;
  state: string | null;
  codeVerifier: string | null;
  error: string | null;
  /** An invitation to a library, which may admit a new user; null without one. */
  invitation: InvitationKey | null;
}

export interface SignedIn {
  accessToken: string;
  user: Account;
}

/** Compares in constant time, so that the time of an answer does not depend on the expected text. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [new TextEncoder().encode(given), new TextEncoder().encode(expected)];
  return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}

/** A state works for one exchange, whatever its outcome. */
async function useState(context: Context, state: string): Promise<SignInRequest> {
  const [db, stateHash] = [context.db.primary(), await hashSecret(state)];
  const request = await useSignInRequest(db, stateHash, context.nowMs);
  if (request !== null) return request;
  const found = await findSignInRequest(db, stateHash);
  if (found === null) throw signInFailure("unknown state");
  throw signInFailure(
    found.usedAt === null ? "the code or state has expired; sign in again" : "the state was used before",
  );
}

/** Without a challenge a verifier proves nothing: an attacker may have removed the challenge (RFC 9700, 4.8.2). */
async function checkVerifier({ codeChallenge }: SignInRequest, codeVerifier: string | null): Promise<void> {
  if (codeChallenge === null && codeVerifier === null) return;
  if (codeChallenge === null)
    throw signInFailure("code_verifier was sent, but the sign-in began without code_challenge");
  if (codeVerifier === null) throw signInFailure("code_verifier is required");
  if (!isSame(await challengeOf(codeVerifier), codeChallenge)) throw signInFailure("wrong code_verifier");
}

/** The user who signed in on our page, if the code is theirs. */
async function userOfCode({ userId, codeHash }: SignInRequest, code: string): Promise<string> {
  if (userId === null || codeHash === null || !isSame(await hashSecret(code), codeHash))
    throw signInFailure("wrong code");
  return userId;
}

/** Whether somebody holds an invitation that others can still join with. */
async function isInvited(context: Context, invitation: InvitationKey | null): Promise<boolean> {
  return invitation !== null && (await describeInvitation(context, invitation))?.state === "active";
}

/** The user that the OpenID provider names for its code. A new one joins the library of a valid invitation. */
async function userOfProvider(
  context: Context,
  request: SignInRequest,
  params: { code: string; state: string } & Pick<ExchangeParams, "codeVerifier" | "invitation">,
): Promise<string> {
  const { nonce, verifier } = await derivedSecrets(context, params.state);
  const identity = await context.identityProvider?.redeemCode({
    code: params.code,
    redirectUri: request.redirectUri,
    nonce,
    codeVerifier: params.codeVerifier ?? verifier,
  });
  if (identity === undefined) throw new Error("no identity provider is configured");
  const { invitation } = params;
  const result = await resolveSignIn(context, identity, await isInvited(context, invitation));
  if ("refusal" in result) throw signInFailure(refusalTexts[result.refusal]);
  const { userId, isNew, needsInvitation } = result;
  if (!isNew || invitation === null) return userId;
  const { isAdmitted } = await joinAsNewUser(context, userId, invitation, needsInvitation);
  if (!isAdmitted) throw signInFailure(refusalTexts.place_taken);
  return userId;
}

/** A provider's error code (RFC 6749, 4.1.2.1), without what could break a log line or a page. */
function errorCode(error: string): string {
  return error.replaceAll(/[^\w.-]/g, "_").slice(0, 100);
}

/**
 * Exchanges a code for a session, whose `label` is the client's User-Agent.
 *
 * @throws {AppError} `bad_request` with the reason, whatever fails: an unknown, used or expired state or code, a wrong
 * verifier, an answer of the OpenID provider that doesn't hold, or a user who is not admitted.
 */
export async function exchangeCode(context: Context, params: ExchangeParams, label: string): Promise<SignedIn> {
  const { code, state, codeVerifier, error, invitation } = params;
  if (error !== null) throw signInFailure(`the identity provider answered ${errorCode(error)}`);
  if (code === null || state === null) throw signInFailure("code and state are required");
  const request = await useState(context, state);
  await checkVerifier(request, codeVerifier);
  const userId =
    context.identityProvider === null
      ? await userOfCode(request, code)
      : await userOfProvider(context, request, { code, state, codeVerifier, invitation });
  const user = await findUser(context.db.primary(), userId);
  if (user === null || !user.isActive) throw signInFailure(refusalTexts.deactivated);
  const { token } = await createSession(context, userId, label);
  return { accessToken: token, user: toAccount(context, user) };
}
