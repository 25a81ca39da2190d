/**
 * Idempotency-Key on creations, with the semantics of draft-ietf-httpapi-idempotency-key-header: a repeated request
 * gets the answer of the first one.
 */
import type { z } from "zod";
import { invalid } from "../../kernel/errors.ts";
import {
  deleteExpiredKeys,
  findIdempotentResult,
  isKeyInUse,
  type IdempotentRequest,
} from "../../records/idempotency/idempotencyKeys.ts";
import type { Context } from "../context.ts";
import { NameTakenError } from "../names/uniqueNames.ts";

export type { IdempotentRequest } from "../../records/idempotency/idempotencyKeys.ts";
export * from "../../records/idempotency/storedRows.ts";

/** Longest Idempotency-Key in characters. */
export const MAX_IDEMPOTENCY_KEY_CHARACTERS = 255;

/** Identifies a request by credential and key. `content` is method, path and parsed body, in a fixed order. */
export async function idempotentRequest(
  credentialId: string,
  key: string,
  content: unknown[],
): Promise<IdempotentRequest> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(content)));
  return { credentialId, key, requestHash: new Uint8Array(digest).toBase64() };
}

async function findStored<S>(context: Context, request: IdempotentRequest, schema: z.ZodType<S>): Promise<S | null> {
  const stored = await findIdempotentResult(context.db, request, context.nowMs);
  if (stored === null) return null;
  if (stored.requestHash !== request.requestHash)
    throw invalid(["header", "Idempotency-Key"], "was used for a different request; send a new key");
  return schema.parse(JSON.parse(stored.result));
}

/**
 * Calls `create`, or returns the row of the first request with this key. `create` passes the request to the batch that
 * inserts the row. The key is stored with the row, so a repetition of a failed request runs again.
 *
 * @throws {AppError} `validation_error` if the key was used for a different request.
 */
export async function createOnce<T, S>(
  context: Context,
  request: IdempotentRequest | null,
  schema: z.ZodType<S>,
  create: () => Promise<T>,
): Promise<{ row: T; isRepeated: false } | { row: S; isRepeated: true }> {
  if (request === null) return { row: await create(), isRepeated: false };
  const stored = await findStored(context, request, schema);
  if (stored !== null) return { row: stored, isRepeated: true };
  try {
    return { row: await create(), isRepeated: false };
  } catch (error) {
    // A concurrent request with the same key was committed first; this batch was rolled back.
    const mayBeStored = isKeyInUse(error) || error instanceof NameTakenError;
    const first = mayBeStored ? await findStored(context, request, schema) : null;
    if (first === null) throw error;
    return { row: first, isRepeated: true };
  }
}

/** Expired keys deleted per scheduled run. */
export const MAX_EXPIRED_KEYS_PER_RUN = 10_000;

/** Deletes keys that are older than a day. Returns their number. */
export async function sweepIdempotencyKeys(context: Context): Promise<number> {
  return await deleteExpiredKeys(context.db, context.nowMs, MAX_EXPIRED_KEYS_PER_RUN);
}
