/** Begins a sign-in, and hands the user of the built-in page back to the client. */
import { randomBase64Url, toBase64Url } from "../../../kernel/base64Url.ts";
import { AppError, invalid } from "../../../kernel/errors.ts";
import * as records from "../../../records/accounts/signInRequests.ts";
import { hashSecret } from "../authentication.ts";
import { deriveText } from "../derivedKeys.ts";
import type { Context } from "../../context.ts";
import { isRegistered, withParameters } from "./redirectTargets.ts";

export type { SignInRequest } from "../../../records/accounts/signInRequests.ts";

/** Time to sign in, from the request of the URL to the exchange. */
export const SIGN_IN_LIFETIME_MS = 10 * 60_000;
/** The life of a code of the built-in sign-in. */
export const SIGN_IN_CODE_LIFETIME_MS = 60_000;
/** Expired sign-ins deleted per scheduled run. */
export const MAX_EXPIRED_SIGN_INS_PER_RUN = 10_000;

const SECRET_BYTES = 32;
/** S256: 32 bytes in base64url. */
const CODE_CHALLENGE = /^[\w-]{43}$/;

/**
 * The nonce and the PKCE verifier that go with a state. Deriving them ties both to the state without storing either.
 */
export async function derivedSecrets({ config }: Context, state: string): Promise<{ nonce: string; verifier: string }> {
  const [nonce, verifier] = await Promise.all([
    deriveText(config.mediaSigningKey, "sign-in nonce", state),
    deriveText(config.mediaSigningKey, "sign-in verifier", state),
  ]);
  return { nonce, verifier };
}

/** The S256 challenge of a PKCE verifier (RFC 7636, 4.2). */
export async function challengeOf(verifier: string): Promise<string> {
  return toBase64Url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
}

export interface BeginSignInParams {
  redirectUri: string;
  codeChallenge: string | null;
  /** The only method is S256; it must accompany a challenge. */
  codeChallengeMethod: string | null;
}

function checkParams(context: Context, origin: string, params: BeginSignInParams): void {
  const { redirectUri, codeChallenge, codeChallengeMethod } = params;
  if (!isRegistered(context.config, origin, redirectUri))
    throw new AppError("bad_request", "redirect_uri is not registered: add it to REDIRECT_URIS, in exactly this form");
  if (codeChallenge !== null && !CODE_CHALLENGE.test(codeChallenge))
    throw invalid(["query", "code_challenge"], "must be a SHA-256 in base64url: 43 characters");
  if (codeChallenge !== null ? codeChallengeMethod !== "S256" : ![null, "S256"].includes(codeChallengeMethod))
    throw invalid(["query", "code_challenge_method"], "must be S256");
}

/**
 * Begins a sign-in and returns the URL for the user's browser: the OpenID provider's, or the sign-in page of this
 * deployment at `origin`.
 *
 * @throws {AppError} `bad_request` for a redirect target that is not registered and for a failing provider,
 * `validation_error`.
 */
export async function beginSignIn(context: Context, origin: string, params: BeginSignInParams): Promise<string> {
  checkParams(context, origin, params);
  const { redirectUri, codeChallenge } = params;
  const state = randomBase64Url(SECRET_BYTES);
  const { nonce, verifier } = await derivedSecrets(context, state);
  const url =
    (await context.identityProvider?.authorizationUrl({
      redirectUri,
      state,
      nonce,
      codeChallenge: codeChallenge ?? (await challengeOf(verifier)),
    })) ?? `${origin}/sign-in?request=${state}`;
  const expiresAt = context.nowMs + SIGN_IN_LIFETIME_MS;
  const request = { stateHash: await hashSecret(state), redirectUri, codeChallenge, expiresAt };
  await records.insertSignInRequest(context.db.primary(), request, context.nowMs);
  return url;
}

/** Whether a user can still sign in for the request of a sign-in page. */
function isOpen(request: records.SignInRequest | null, nowMs: number): request is records.SignInRequest {
  return request !== null && request.usedAt === null && request.userId === null && request.expiresAt > nowMs;
}

function throwOver(): never {
  throw new AppError("bad_request", "this sign-in is unknown, finished or older than 10 minutes; start again");
}

/**
 * Finds the open sign-in of a sign-in page: `request` is the page's parameter. The page shows where it leads.
 *
 * @throws {AppError} `bad_request` if it is unknown, finished or expired, and with an OpenID provider.
 */
export async function requireOpenSignIn(context: Context, request: string): Promise<records.SignInRequest> {
  if (context.identityProvider !== null) throwOver();
  const found = await records.findSignInRequest(context.db.primary(), await hashSecret(request));
  return isOpen(found, context.nowMs) ? found : throwOver();
}

/**
 * Ends the sign-in of a sign-in page, whose user has just proved who they are. Returns the URL that hands code and
 * state to the client. The code works once, within a minute.
 *
 * @throws {AppError} `bad_request` if the sign-in is unknown, finished or expired, and with an OpenID provider.
 */
export async function finishSignIn(context: Context, request: string, userId: string): Promise<string> {
  if (context.identityProvider !== null) throwOver();
  const code = randomBase64Url(SECRET_BYTES);
  const fields = { userId, codeHash: await hashSecret(code), expiresAt: context.nowMs + SIGN_IN_CODE_LIFETIME_MS };
  const row = await records.setSignInCode(context.db.primary(), await hashSecret(request), fields, context.nowMs);
  return row === null ? throwOver() : withParameters(row.redirectUri, { code, state: request });
}

/** Deletes sign-ins that are over. Returns their number. */
export async function sweepSignIns(context: Context): Promise<number> {
  return await records.deleteExpiredSignIns(context.db, context.nowMs, MAX_EXPIRED_SIGN_INS_PER_RUN);
}
