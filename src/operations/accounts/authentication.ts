/** Who is calling: the owner by the root key, or the holder of an API key. Reads a token, never a header. */
import { AppError } from "../../kernel/errors.ts";
import { actions, findApiKeyByHash, isTouchDue, touchApiKey, type Action } from "../../records/accounts/apiKeys.ts";
import type { Database } from "../../records/database.ts";
import type { Reach } from "../../records/libraries/libraries.ts";
import {
  createUserWithLibrary,
  findUserBySubject,
  ROOT_SUBJECT,
  type StorageLimits,
} from "../../records/accounts/users.ts";

export type { Action } from "../../records/accounts/apiKeys.ts";

export interface Principal extends Reach {
  actions: readonly Action[];
  /** Only the owner's root key may create, rename and revoke keys. */
  managesKeys: boolean;
}

/** A principal, and which of its credentials it came with. */
export interface Caller extends Principal {
  credentialId: string;
}

export interface CredentialDeps {
  db: Database;
  rootApiKey: string;
  /** Of the owner and the first library, when the root key's first use makes them. */
  storageLimits: StorageLimits;
  nowMs: number;
  /** For what need not hold up the answer. */
  defer: (work: Promise<unknown>) => void;
}

async function sha256(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

export async function hashSecret(secret: string): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await sha256(secret))));
}

/** Digests of equal length are compared, so neither the time nor the length tells how much of a guess was right. */
async function isSameSecret(a: string, b: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await sha256(a), await sha256(b));
}

/** The root key's first use makes the owner and a first library. */
async function rootCaller(deps: CredentialDeps): Promise<Caller> {
  const found =
    (await findUserBySubject(deps.db, ROOT_SUBJECT)) ?? (await findUserBySubject(deps.db.primary(), ROOT_SUBJECT));
  const user = found ?? (await createUserWithLibrary(deps.db.primary(), ROOT_SUBJECT, deps.storageLimits, deps.nowMs));
  return { userId: user.id, libraryIds: null, actions, managesKeys: true, credentialId: ROOT_SUBJECT };
}

async function findKey(deps: CredentialDeps, token: string) {
  const hash = await hashSecret(token);
  const found = await findApiKeyByHash(deps.db, hash);
  // A key made a moment ago may not have reached the nearest replica: ask the primary before refusing it.
  return found === null && deps.db.consistency !== "primary" ? await findApiKeyByHash(deps.db.primary(), hash) : found;
}

/** Null for a token that opens nothing: unknown, revoked, expired, or of an inactive user. */
export async function authenticate(deps: CredentialDeps, token: string): Promise<Caller | null> {
  if (await isSameSecret(token, deps.rootApiKey)) return await rootCaller(deps);
  if (!token.startsWith("apikey_")) return null;
  const found = await findKey(deps, token);
  if (found === null) return null;
  const { key, userIsActive } = found;
  const expired = key.expiresAt !== null && key.expiresAt <= deps.nowMs;
  if (!key.isActive || !userIsActive || expired) return null;
  if (isTouchDue(key, deps.nowMs)) deps.defer(touchApiKey(deps.db.primary(), key.id, deps.nowMs));
  const { userId, libraryIds } = key;
  return { userId, libraryIds, actions: key.actions, managesKeys: false, credentialId: key.id };
}

export function demandAction(who: Principal, action: Action): void {
  if (!who.actions.includes(action)) {
    throw new AppError("forbidden", `this credential does not allow "${action}"`);
  }
}

export function demandKeyManagement(who: Principal): void {
  if (!who.managesKeys) throw new AppError("forbidden", "API keys are managed with the owner's root key");
}
