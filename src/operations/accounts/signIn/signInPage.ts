/** The choices of the sign-in page, and the end of a sign-in on it: a session of our own pages, or a client's code. */
import { AppError } from "../../../kernel/errors.ts";
import { deleteExpiredSecrets } from "../../../records/accounts/oneTimeSecrets.ts";
import { ROOT_SUBJECT } from "../../../records/accounts/users.ts";
import type { Context } from "../../context.ts";
import { requireSession, type Principal } from "../authentication.ts";
import { joinAsNewUser } from "./joinAsNewUser.ts";
import { finishSignIn, requireOpenSignIn } from "../oauth/signInRequests.ts";
import { authenticatePasskey } from "../passkeys/passkeySignIn.ts";
import { signUp, type NewAccount } from "../passkeys/passkeySignUp.ts";
import type { SignedCredential } from "../passkeys/webauthn.ts";
import { createSession } from "../sessions/sessions.ts";
import { refusalTexts } from "./signIn.ts";
import { redeemSignInLink } from "./signInLinks.ts";

export interface SignInOffer {
  /** The origin at which passkeys work. */
  origin: string;
  /** Whether an OpenID provider knows the users. */
  hasProvider: boolean;
  /** Whether somebody without an account can create one with a passkey, here or with an invitation. */
  signUp: "open" | "invited" | "closed";
  /** Where the sign-in of a client leads; null on our own pages. */
  redirectUri: string | null;
}

function signUpOffer({ config, identityProvider }: Context): SignInOffer["signUp"] {
  const { signUps } = config.accounts;
  if (identityProvider !== null) return "closed";
  if (signUps.kind === "anyone") return "open";
  return signUps.kind === "listed" && signUps.invited ? "invited" : "closed";
}

/**
 * Says what a sign-in page can offer. `request` is its parameter; null on our own pages.
 *
 * @throws {AppError} `bad_request` if the request is unknown, finished or expired.
 */
export async function describeSignIn(context: Context, origin: string, request: string | null): Promise<SignInOffer> {
  const redirectUri = request === null ? null : (await requireOpenSignIn(context, request)).redirectUri;
  return { origin, hasProvider: context.identityProvider !== null, signUp: signUpOffer(context), redirectUri };
}

/** One of the two is null. */
export interface SignInOutcome {
  /** The token of a session of our own pages. */
  accessToken: string | null;
  /** Where the browser takes a client's code. */
  redirectUrl: string | null;
}

/** Ends the sign-in of a user who has just proved who they are. `label` is the User-Agent. */
async function completeSignIn(
  context: Context,
  userId: string,
  request: string | null,
  label: string,
): Promise<SignInOutcome> {
  if (request === null) return { accessToken: (await createSession(context, userId, label)).token, redirectUrl: null };
  return { accessToken: null, redirectUrl: await finishSignIn(context, request, userId) };
}

/**
 * Signs in with a passkey, on our own pages or for a client's `request`.
 *
 * @throws {AppError} as `authenticatePasskey`; `bad_request` if the request is over.
 */
export async function signInWithPasskey(
  context: Context,
  origin: string,
  { credential, request }: { credential: SignedCredential; request: string | null },
  label: string,
): Promise<SignInOutcome> {
  const userId = await authenticatePasskey(context, origin, credential, request);
  return await completeSignIn(context, userId, request, label);
}

/** @throws {AppError} `unauthorized` if the link is unknown, used or expired, or its user is inactive. */
export async function signInWithLink(context: Context, secret: string, label: string): Promise<SignInOutcome> {
  return await completeSignIn(context, await redeemSignInLink(context, secret), null, label);
}

/**
 * Begins a session of our own pages for the owner, who sent the root key as the credential. A session can't begin
 * another one, which would outlive it.
 *
 * @throws {AppError} `forbidden` for any other credential.
 */
export async function signInWithRootKey(
  context: Context,
  principal: Principal,
  credentialId: string,
  label: string,
): Promise<SignInOutcome> {
  if (credentialId !== ROOT_SUBJECT) throw new AppError("forbidden", "this requires the owner's root key");
  return await completeSignIn(context, principal.userId, null, label);
}

/**
 * Ends a client's sign-in for the user who is signed in on our own pages.
 *
 * @throws {AppError} `forbidden` for an API key, `bad_request` if the request is over.
 */
export async function continueSignIn(context: Context, principal: Principal, request: string): Promise<SignInOutcome> {
  requireSession(principal);
  return { accessToken: null, redirectUrl: await finishSignIn(context, request, principal.userId) };
}

export interface SignUpOutcome extends SignInOutcome {
  /** The library that the new user has joined by the invitation; null without one. */
  library: { id: string; name: string } | null;
}

/**
 * Creates an account with its first passkey, joins the library of the invitation, and signs the user in on our own
 * pages. Joining at once keeps an invitation from admitting more users than it has places.
 *
 * @throws {AppError} as `signUp`, and `forbidden` if others took the last place meanwhile.
 */
export async function signUpWithPasskey(
  context: Context,
  origin: string,
  account: NewAccount,
  label: string,
): Promise<SignUpOutcome> {
  const { userId, needsInvitation } = await signUp(context, origin, account);
  const { invitation } = account;
  const joined = invitation === null ? null : await joinAsNewUser(context, userId, invitation, needsInvitation);
  if (joined?.isAdmitted === false) throw new AppError("forbidden", refusalTexts.place_taken);
  return { ...(await completeSignIn(context, userId, null, label)), library: joined?.library ?? null };
}

/** Expired challenges, and as many expired links, deleted per scheduled run. */
export const MAX_EXPIRED_SECRETS_PER_RUN = 10_000;

/** Deletes challenges and one-time links that nobody used in time. Returns their number. */
export async function sweepSignInSecrets(context: Context): Promise<number> {
  return await deleteExpiredSecrets(context.db, context.nowMs, MAX_EXPIRED_SECRETS_PER_RUN);
}
