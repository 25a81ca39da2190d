/** Authenticates the root key, API keys and sessions, and checks what a principal may do. */
import { AppError } from "../../kernel/errors.ts";
import { actions, findApiKeyByHash, isTouchDue, touchApiKey, type Action } from "../../records/accounts/apiKeys.ts";
import { findOwner } from "../../records/accounts/owner.ts";
import { ROOT_SUBJECT } from "../../records/accounts/users.ts";
import type { Config } from "../../kernel/config.ts";
import type { Context } from "../context.ts";
import { beginLookup, findKnownPrincipal, PRINCIPAL_MEMORY_MS } from "./knownPrincipals.ts";
import type { AuthenticatedPrincipal, Principal } from "./principal.ts";
import { ensureOwner } from "./owner.ts";
import { isTokenShaped } from "./sessions/accessTokens.ts";
import { authenticateSession, type Refusal } from "./sessions/sessionAuthentication.ts";
import { ACCEPTED_KEY_MEMORY_MS, acceptedKeys, UNKNOWN_KEY_MEMORY_MS, unknownKeys } from "./knownSecrets.ts";

export type { Action } from "../../records/accounts/apiKeys.ts";
export type { AuthenticatedPrincipal, Principal } from "./principal.ts";

async function sha256(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

/** Returns the base64-encoded SHA-256 under which an API key's secret is stored. */
export async function hashSecret(secret: string): Promise<string> {
  return new Uint8Array(await sha256(secret)).toBase64();
}

/** Hashes of root keys, by settings, which are constant during the lifetime of an isolate. */
const rootHashes = new WeakMap<Config, ArrayBuffer>();

/** Compares digests in constant time, which reveals neither the length nor a common prefix. */
async function isRootKey(config: Config, tokenHash: ArrayBuffer): Promise<boolean> {
  const known = rootHashes.get(config);
  const rootHash = known ?? (await sha256(config.rootApiKey));
  if (known === undefined) rootHashes.set(config, rootHash);
  return crypto.subtle.timingSafeEqual(tokenHash, rootHash);
}

/** Creates the owner and a first library on the first use of the root key. */
async function authenticateRoot(context: Context, hash: string): Promise<AuthenticatedPrincipal> {
  const { db, nowMs } = context;
  const remember = beginLookup();
  const existing = (await findOwner(db, ROOT_SUBJECT)) ?? (await findOwner(db.primary(), ROOT_SUBJECT));
  const { userId, knownLibraries } = existing ?? {
    userId: (await ensureOwner(context)).id,
    knownLibraries: [],
  };
  const rights = { libraryIds: null, actions, isSession: true, isOwner: true };
  const principal = { userId, ...rights, credentialId: ROOT_SUBJECT, knownLibraries };
  if (existing !== null) remember(hash, principal, nowMs + PRINCIPAL_MEMORY_MS);
  return principal;
}

/** An API key: the prefix and 32 bytes in base64url. */
const API_KEY = /^apikey_[\w-]{43}$/;

async function findKey({ db, nowMs }: Context, hash: string) {
  const found = await findApiKeyByHash(db, hash);
  // The nearest replica may lag behind the creation of a key, so the primary decides.
  const newest = found === null && db.consistency !== "primary" ? await findApiKeyByHash(db.primary(), hash) : found;
  if (newest === null) unknownKeys.add(hash, nowMs + UNKNOWN_KEY_MEMORY_MS);
  return newest;
}

async function authenticateKey(
  context: Context,
  hash: string,
  checkAttempts: () => void,
): Promise<AuthenticatedPrincipal | Refusal> {
  const { nowMs } = context;
  if (unknownKeys.has(hash, nowMs)) return "invalid";
  if (!acceptedKeys.has(hash, nowMs)) checkAttempts();
  const remember = beginLookup();
  const found = await findKey(context, hash);
  if (found === null) return "invalid";
  const { key, userIsActive, knownLibraries } = found;
  const expiresAt = key.expiresAt ?? Infinity;
  if (!key.isActive || !userIsActive || expiresAt <= nowMs) return "invalid";
  acceptedKeys.add(hash, nowMs + ACCEPTED_KEY_MEMORY_MS);
  if (isTouchDue(key, nowMs)) context.waitUntil(touchApiKey(context.db.primary(), key.id, nowMs));
  const { userId, libraryIds } = key;
  const rights = { libraryIds, actions: key.actions, isSession: false, isOwner: false };
  const principal = { userId, ...rights, credentialId: key.id, knownLibraries };
  remember(hash, principal, Math.min(nowMs + PRINCIPAL_MEMORY_MS, expiresAt));
  return principal;
}

/**
 * Authenticates a token. Refuses it if it is unknown, revoked, expired, or belongs to an inactive user. Malformed
 * tokens and those that were unknown within the last minute are rejected before the query. A read trusts an
 * authentication of this isolate for `PRINCIPAL_MEMORY_MS`; a change asks the primary. The first use of the root key
 * creates the owner; an API key's last use is recorded after the response.
 *
 * `checkAttempts` is called before the query unless this isolate accepted the key recently, and may throw.
 */
export async function authenticate(
  context: Context,
  token: string,
  checkAttempts: () => void,
): Promise<AuthenticatedPrincipal | Refusal> {
  const digest = await sha256(token);
  const isRoot = await isRootKey(context.config, digest);
  const isToken = !isRoot && isTokenShaped(token);
  if (!isRoot && !isToken && !API_KEY.test(token)) return "invalid";
  const hash = new Uint8Array(digest).toBase64();
  const isRead = context.db.consistency !== "primary";
  const known = isRead ? findKnownPrincipal(hash, context.nowMs) : undefined;
  if (known !== undefined && (known.credentialId === ROOT_SUBJECT) === isRoot) return known;
  if (isRoot) return await authenticateRoot(context, hash);
  if (isToken) return await authenticateSession(context, token, hash);
  return await authenticateKey(context, hash, checkAttempts);
}

/** @throws {AppError} `forbidden` unless the credential allows the action. */
export function requireAction(principal: Principal, action: Action): void {
  if (!principal.actions.includes(action)) {
    throw new AppError("forbidden", `this credential does not allow "${action}"`);
  }
}

/** @throws {AppError} `forbidden` for an API key, which can't manage the account or other credentials. */
export function requireSession(principal: Principal): void {
  if (!principal.isSession) {
    throw new AppError("forbidden", "this requires a signed-in session or the owner's root key, not an API key");
  }
}

/** @throws {AppError} `forbidden` unless the principal is the owner of the deployment, signed in or with the root key. */
export function requireOwner(principal: Principal): void {
  if (!principal.isOwner) throw new AppError("forbidden", "this requires the owner of this deployment");
}
