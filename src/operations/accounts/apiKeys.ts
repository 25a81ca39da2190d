/** Creates, lists, renames and revokes API keys. A secret is returned once; only its hash is stored. */
import { randomBase64Url } from "../../kernel/base64Url.ts";
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/accounts/apiKeys.ts";
import { listLiveLibraryIds } from "../../records/libraries/libraries.ts";
import { createOnce, storedKey, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { hashSecret, requireSession, type Action, type Principal } from "./authentication.ts";
import type { Context } from "../context.ts";
import { forgetPrincipal } from "./knownPrincipals.ts";
import { startPages } from "../pages.ts";

export type ApiKey = records.ApiKey;

const SECRET_BYTES = 32;

/** Keys that a streamed list holds in memory: 1.4 MB with 200 libraries each. */
const MAX_PAGE_KEYS = 200;

function generateSecret(): string {
  return `apikey_${randomBase64Url(SECRET_BYTES)}`;
}

export interface CreateApiKeyParams {
  name: string;
  actions: Action[];
  /** Ids of the accessible libraries; null for all, including future ones. */
  libraryIds: string[] | null;
  /** Unix milliseconds; null for unlimited validity. */
  expiresAtMs: number | null;
}

/** Rejects ids of unknown libraries: otherwise a key would gain access to a library created with that id later. */
async function requireLiveLibraries(context: Context, principal: Principal, libraryIds: string[]): Promise<void> {
  const live = new Set(
    (await listLiveLibraryIds(context.db, { ...principal, action: "read" })).map((library) => library.id),
  );
  const unknown = libraryIds.find((id) => !live.has(id));
  if (unknown !== undefined) throw new AppError("not_found", `library ${unknown} not found`);
}

async function insertNewKey(
  context: Context,
  principal: Principal,
  params: CreateApiKeyParams,
  idempotent: IdempotentRequest | null,
): Promise<{ key: ApiKey; secret: string }> {
  if (!params.actions.includes("read")) throw invalid(["body", "actions"], 'must include "read"');
  const { expiresAtMs } = params;
  if (expiresAtMs !== null && expiresAtMs <= context.nowMs)
    throw invalid(["body", "expires_at"], "must be in the future");
  const libraryIds = params.libraryIds === null ? null : [...new Set(params.libraryIds)];
  if (libraryIds !== null) await requireLiveLibraries(context, principal, libraryIds);
  const secret = generateSecret();
  const fields = { name: params.name, actions: [...new Set(params.actions)], libraryIds, expiresAt: expiresAtMs };
  const key = await records.insertApiKey(
    context.db,
    { ...fields, userId: principal.userId, secretHash: await hashSecret(secret) },
    context.nowMs,
    idempotent,
  );
  return { key, secret };
}

/**
 * Creates an API key and returns its secret, of which only the hash is stored.
 *
 * @throws {AppError} `forbidden` for an API key, `validation_error` without "read" or with an expiry in the past,
 * `not_found` for a library, `conflict` for a repeated Idempotency-Key.
 */
export async function createApiKey(
  context: Context,
  principal: Principal,
  params: CreateApiKeyParams,
  idempotent: IdempotentRequest | null,
): Promise<{ key: ApiKey; secret: string }> {
  requireSession(principal);
  const insert = async () => await insertNewKey(context, principal, params, idempotent);
  const created = await createOnce(context, idempotent, storedKey, insert);
  if (!created.isRepeated) return created.row;
  throw new AppError(
    "conflict",
    `${created.row.id} was created with this Idempotency-Key, and its secret is not stored: revoke it and send a new key`,
  );
}

async function* keyPages(context: Context, principal: Principal): AsyncGenerator<ApiKey[]> {
  for (let afterId: string | null = null; ;) {
    const page: { keys: ApiKey[]; hasMore: boolean } = await records.listApiKeys(
      context.db,
      principal.userId,
      afterId,
      MAX_PAGE_KEYS,
    );
    yield page.keys;
    afterId = page.keys.at(-1)?.id ?? null;
    if (!page.hasMore || afterId === null) return;
  }
}

/**
 * Streams the account's keys, revoked ones included, in pages.
 *
 * @throws {AppError} `forbidden` for an API key.
 */
export async function streamApiKeys(context: Context, principal: Principal): Promise<AsyncGenerator<ApiKey[]>> {
  requireSession(principal);
  return await startPages(keyPages(context, principal));
}

/** @throws {AppError} `forbidden` for an API key, `not_found`. */
export async function renameApiKey(context: Context, principal: Principal, id: string, name: string): Promise<ApiKey> {
  requireSession(principal);
  const key = await records.updateApiKey(context.db, principal.userId, id, { name });
  if (key === null) throw notFound("API key");
  return key;
}

/**
 * Revokes a key. Its row stays as a record of its use.
 *
 * @throws {AppError} `forbidden` for an API key, `not_found`.
 */
export async function revokeApiKey(context: Context, principal: Principal, id: string): Promise<void> {
  requireSession(principal);
  if ((await records.updateApiKey(context.db, principal.userId, id, { isActive: false })) === null)
    throw notFound("API key");
  forgetPrincipal(id);
}
