/** Creates, lists, renames and revokes API keys. A secret is returned once; only its hash is stored. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/accounts/apiKeys.ts";
import { listLibraries } from "../../records/libraries/libraries.ts";
import { hashSecret, requireRootKey, type Action, type Principal } from "./authentication.ts";
import type { Context } from "../context.ts";

export type ApiKey = records.ApiKey;

const SECRET_BYTES = 32;

function generateSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `apikey_${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

export interface CreateApiKeyParams {
  name: string;
  actions: Action[];
  /** Null for all libraries, including future ones. */
  libraryIds: string[] | null;
}

/** Rejects ids of unknown libraries: a key must not gain access when a library with that id is created later. */
async function requireLiveLibraries(context: Context, principal: Principal, libraryIds: string[]): Promise<void> {
  const live = new Set((await listLibraries(context.db, principal, "live")).map((library) => library.id));
  const unknown = libraryIds.find((id) => !live.has(id));
  if (unknown !== undefined) throw new AppError("not_found", `library ${unknown} not found`);
}

/**
 * Creates an API key and returns its secret, which cannot be read again.
 *
 * @throws {AppError} `forbidden` without the root key, `validation_error` without "read", `not_found` for a library.
 */
export async function createApiKey(
  context: Context,
  principal: Principal,
  params: CreateApiKeyParams,
): Promise<{ key: ApiKey; secret: string }> {
  requireRootKey(principal);
  if (!params.actions.includes("read")) throw invalid(["body", "actions"], 'must include "read"');
  const libraryIds = params.libraryIds === null ? null : [...new Set(params.libraryIds)];
  if (libraryIds !== null) await requireLiveLibraries(context, principal, libraryIds);
  const secret = generateSecret();
  const fields = { name: params.name, actions: [...new Set(params.actions)], libraryIds, userId: principal.userId };
  const key = await records.insertApiKey(
    context.db,
    { ...fields, secretHash: await hashSecret(secret) },
    context.nowMs,
  );
  return { key, secret };
}

/**
 * Lists the account's keys, revoked ones included.
 *
 * @throws {AppError} `forbidden` without the root key.
 */
export async function listApiKeys(context: Context, principal: Principal): Promise<ApiKey[]> {
  requireRootKey(principal);
  return await records.listApiKeys(context.db, principal.userId);
}

/** @throws {AppError} `forbidden` without the root key, `not_found`. */
export async function renameApiKey(context: Context, principal: Principal, id: string, name: string): Promise<ApiKey> {
  requireRootKey(principal);
  const key = await records.updateApiKey(context.db, principal.userId, id, { name });
  if (key === null) throw notFound("API key");
  return key;
}

/**
 * Revokes a key. Its row stays as a record of its use.
 *
 * @throws {AppError} `forbidden` without the root key, `not_found`.
 */
export async function revokeApiKey(context: Context, principal: Principal, id: string): Promise<void> {
  requireRootKey(principal);
  if ((await records.updateApiKey(context.db, principal.userId, id, { isActive: false })) === null)
    throw notFound("API key");
}
