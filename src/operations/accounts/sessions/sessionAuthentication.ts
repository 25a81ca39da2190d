/** Authenticates the access tokens of sessions. */
import { actions } from "../../../records/accounts/apiKeys.ts";
import { findSession, touchSession, type FoundSession, type Session } from "../../../records/accounts/sessions.ts";
import type { Context } from "../../context.ts";
import { ACCESS_TOKEN_RENEWAL_MS, signAccessToken, verifyAccessToken, type TokenClaims } from "./accessTokens.ts";
import { beginLookup, PRINCIPAL_MEMORY_MS } from "../knownPrincipals.ts";
import type { AuthenticatedPrincipal } from "../principal.ts";

/** Why a credential is refused. */
export type Refusal = "invalid" | "expired";

/** How often the use of a session is recorded. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * How much older than the newest used token an expired one may be: a client that wakes up with several requests gets
 * several new tokens and may keep any of them.
 */
export const SUPERSEDED_TOKEN_GRACE_MS = 60_000;

/** The nearest replica may lag behind a sign-in, so the primary decides. */
async function findNewestSession({ db }: Context, id: string): Promise<FoundSession | null> {
  const found = await findSession(db, id);
  return found === null && db.consistency !== "primary" ? await findSession(db.primary(), id) : found;
}

/**
 * A token counts after its `exp` while the session is live and its client has used no newer token. So a phone that
 * slept for a week goes on, and a token that leaked from an active session is worthless within minutes.
 */
function hasExpired(session: Session, claims: TokenClaims, nowMs: number): boolean {
  if (session.expiresAt <= nowMs) return true;
  return claims.expiresAtMs <= nowMs && claims.issuedAtMs < session.tokenIssuedAt - SUPERSEDED_TOKEN_GRACE_MS;
}

function touchIfDue(context: Context, session: Session, claims: TokenClaims): void {
  const { nowMs } = context;
  const isRecent = session.lastUsedAt >= nowMs - TOUCH_INTERVAL_MS && claims.issuedAtMs <= session.tokenIssuedAt;
  if (!isRecent) context.waitUntil(touchSession(context.db.primary(), session.id, claims.issuedAtMs, nowMs));
}

/**
 * Authenticates an access token, whose SHA-256 is `hash`, with one query. Refuses it without a query unless this
 * deployment signed it.
 */
export async function authenticateSession(
  context: Context,
  token: string,
  hash: string,
): Promise<AuthenticatedPrincipal | Refusal> {
  const { nowMs } = context;
  const claims = await verifyAccessToken(context.config, token, nowMs);
  if (claims === null) return "invalid";
  const remember = beginLookup();
  const found = await findNewestSession(context, claims.sessionId);
  if (found === null || found.session.userId !== claims.userId) return "invalid";
  const { session, userIsActive, userIsOwner, knownLibraries } = found;
  if (session.endedAt !== null || !userIsActive) return "invalid";
  if (hasExpired(session, claims, nowMs)) return "expired";
  touchIfDue(context, session, claims);
  const principal = {
    userId: session.userId,
    libraryIds: null,
    actions,
    isSession: true,
    isOwner: userIsOwner,
    credentialId: session.id,
    knownLibraries,
    tokenIssuedAtMs: claims.issuedAtMs,
  };
  remember(hash, principal, Math.min(nowMs + PRINCIPAL_MEMORY_MS, session.expiresAt));
  return principal;
}

/** Signs the next token of a session whose token is half through its life; null for a younger one and for keys. */
export async function renewAccessToken(
  { config, nowMs }: Context,
  { userId, credentialId, tokenIssuedAtMs }: AuthenticatedPrincipal,
): Promise<string | null> {
  if (tokenIssuedAtMs === undefined || nowMs < tokenIssuedAtMs + ACCESS_TOKEN_RENEWAL_MS) return null;
  return await signAccessToken(config, { userId, sessionId: credentialId }, nowMs);
}
