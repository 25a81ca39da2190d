/** Authenticates the root key and API keys, and checks what a principal may do. */
import { AppError } from "../../kernel/errors.ts";
import { actions, findApiKeyByHash, isTouchDue, touchApiKey, type Action } from "../../records/accounts/apiKeys.ts";
import type { LibraryScope } from "../../records/libraries/libraries.ts";
import {
  createUserWithLibrary,
  findUserBySubject,
  ROOT_SUBJECT,
  type StorageLimits,
} from "../../records/accounts/users.ts";
import type { Context } from "../context.ts";
import { ACCEPTED_KEY_MEMORY_MS, acceptedKeys, UNKNOWN_KEY_MEMORY_MS, unknownKeys } from "./knownSecrets.ts";

export type { Action } from "../../records/accounts/apiKeys.ts";

/** The authenticated user, limited to what the credential allows. */
export interface Principal extends LibraryScope {
  actions: readonly Action[];
  /** True for the root key, which alone manages API keys and reads the integrity report. */
  isRoot: boolean;
}

export interface AuthenticatedPrincipal extends Principal {
  /** Id of the API key; a constant for the root key. */
  credentialId: string;
}

async function sha256(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

/** Returns the base64-encoded SHA-256 under which an API key's secret is stored. */
export async function hashSecret(secret: string): Promise<string> {
  return new Uint8Array(await sha256(secret)).toBase64();
}

/** Compares digests in constant time, which reveals neither the length nor a common prefix. */
async function isSameSecret(a: string, b: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await sha256(a), await sha256(b));
}

function storageLimits({ config }: Context): StorageLimits {
  return {
    userBytes: config.defaultUserStorageLimitBytes,
    libraryBytes: config.defaultLibraryStorageLimitBytes,
  };
}

/** Creates the owner and a first library on the first use of the root key. */
async function authenticateRoot(context: Context): Promise<AuthenticatedPrincipal> {
  const existing =
    (await findUserBySubject(context.db, ROOT_SUBJECT)) ??
    (await findUserBySubject(context.db.primary(), ROOT_SUBJECT));
  const user =
    existing ??
    (await createUserWithLibrary(context.db.primary(), ROOT_SUBJECT, storageLimits(context), context.nowMs));
  return { userId: user.id, libraryIds: null, actions, isRoot: true, credentialId: ROOT_SUBJECT };
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

/**
 * Authenticates a token. Returns null if it is unknown, revoked, expired, or belongs to an inactive user. Malformed
 * tokens and those that were unknown within the last minute are rejected before the query. The first use of the root
 * key creates the owner; an API key's last use is recorded after the response.
 *
 * `checkAttempts` is called before the query unless this isolate accepted the key recently, and may throw.
 */
export async function authenticate(
  context: Context,
  token: string,
  checkAttempts: () => void,
): Promise<AuthenticatedPrincipal | null> {
  const { nowMs } = context;
  if (await isSameSecret(token, context.config.rootApiKey)) return await authenticateRoot(context);
  if (!API_KEY.test(token)) return null;
  const hash = await hashSecret(token);
  if (unknownKeys.has(hash, nowMs)) return null;
  if (!acceptedKeys.has(hash, nowMs)) checkAttempts();
  const found = await findKey(context, hash);
  if (found === null) return null;
  const { key, userIsActive } = found;
  const expired = key.expiresAt !== null && key.expiresAt <= nowMs;
  if (!key.isActive || !userIsActive || expired) return null;
  acceptedKeys.add(hash, nowMs + ACCEPTED_KEY_MEMORY_MS);
  if (isTouchDue(key, context.nowMs)) context.waitUntil(touchApiKey(context.db.primary(), key.id, context.nowMs));
  const { userId, libraryIds } = key;
  return { userId, libraryIds, actions: key.actions, isRoot: false, credentialId: key.id };
}

/** @throws {AppError} `forbidden` unless the credential allows the action. */
export function requireAction(principal: Principal, action: Action): void {
  if (!principal.actions.includes(action)) {
    throw new AppError("forbidden", `this credential does not allow "${action}"`);
  }
}

/** @throws {AppError} `forbidden` unless the principal used the root key. */
export function requireRootKey(principal: Principal): void {
  if (!principal.isRoot) throw new AppError("forbidden", "this requires the owner's root key");
}
