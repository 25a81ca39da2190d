/** Signs and verifies the access tokens of sessions: JSON Web Tokens (RFC 7519) with HS256. */
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { z } from "zod";
import type { Config } from "../../../kernel/config.ts";
import { SESSION_IDLE_MS } from "../../../records/accounts/sessions.ts";
import { deriveKey } from "../derivedKeys.ts";

/** The life of a token. A session outlives it: docs/decisions/0039. */
export const ACCESS_TOKEN_LIFETIME_MS = 15 * 60_000;
/** The age from which a response carries a new token. */
export const ACCESS_TOKEN_RENEWAL_MS = ACCESS_TOKEN_LIFETIME_MS / 2;
/** Longest token in characters; ours have about 330. */
export const MAX_ACCESS_TOKEN_CHARACTERS = 1024;

/** Pinned: a token can't choose `none` or an algorithm with another kind of key (RFC 8725, 3.1). */
const ALGORITHM = "HS256";
const ISSUER = "tintype";
const AUDIENCE = "tintype-api";
const KEY_PURPOSE = "session token";

/** Three parts in base64url; the signature of HS256 has 43 characters. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]{43}$/;

export interface TokenClaims {
  userId: string;
  sessionId: string;
  issuedAtMs: number;
  expiresAtMs: number;
}

const claimsSchema = z.object({ sub: z.string(), sid: z.string(), iat: z.int(), exp: z.int() });

/** Whether a credential has the form of an access token. */
export function isTokenShaped(text: string): boolean {
  return text.length <= MAX_ACCESS_TOKEN_CHARACTERS && TOKEN.test(text);
}

/** Signs a token of a session. Its times are whole seconds. */
export async function signAccessToken(
  config: Config,
  { userId, sessionId }: { userId: string; sessionId: string },
  nowMs: number,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return await new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_TOKEN_LIFETIME_MS / 1000)
    .sign(await deriveKey(config.mediaSigningKey, KEY_PURPOSE));
}

async function verifyWith(secret: string, token: string, nowMs: number): Promise<TokenClaims | null> {
  try {
    const { payload } = await jwtVerify(token, await deriveKey(secret, KEY_PURPOSE), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      currentDate: new Date(nowMs),
      // The session decides whether its newest token still counts after `exp`.
      clockTolerance: SESSION_IDLE_MS / 1000,
    });
    const { sub, sid, iat, exp } = claimsSchema.parse(payload);
    return { userId: sub, sessionId: sid, issuedAtMs: iat * 1000, expiresAtMs: exp * 1000 };
  } catch {
    return null;
  }
}

/**
 * Verifies everything of a token but its expiry, which the caller compares. Returns null unless this deployment signed
 * it with its current or previous key.
 */
export async function verifyAccessToken(config: Config, token: string, nowMs: number): Promise<TokenClaims | null> {
  const claims = await verifyWith(config.mediaSigningKey, token, nowMs);
  if (claims !== null || config.previousMediaSigningKey === null) return claims;
  return await verifyWith(config.previousMediaSigningKey, token, nowMs);
}
