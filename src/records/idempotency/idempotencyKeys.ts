/**
 * Results of creations that carried an Idempotency-Key. A result is a copy of the created row, inserted in the batch
 * that creates it: a crash leaves both or neither. A second batch with the same key fails as a whole.
 */
import { and, eq, getTableColumns, gt, lte, sql, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database } from "../database.ts";
import { idempotencyKeys } from "../schema/schema.ts";

/** How long a key is remembered. */
export const IDEMPOTENCY_KEY_LIFETIME_MS = 24 * 3600_000;

export interface IdempotentRequest {
  credentialId: string;
  key: string;
  /** SHA-256 of method, path and body, base64. */
  requestHash: string;
}

/** A row as a JSON object with the names of Drizzle's columns. */
function rowJson(table: SQLiteTable): SQL {
  const pairs = Object.entries(getTableColumns(table)).map(([name, column]) => sql`${sql.raw(`'${name}'`)}, ${column}`);
  return sql`json_object(${sql.join(pairs, sql`, `)})`;
}

function ofRequest({ credentialId, key }: IdempotentRequest): SQL | undefined {
  return and(eq(idempotencyKeys.credentialId, credentialId), eq(idempotencyKeys.key, key));
}

/**
 * Statements that end the batch which creates the row `id` of `table`; empty without a request. The insert fails, and
 * with it the batch, if the key was used within its lifetime. A result is stored only if the row exists.
 */
export function insertIdempotentResult(
  db: Database,
  request: IdempotentRequest | null,
  created: { table: SQLiteTable; id: string; result?: SQL },
  atMs: number,
) {
  if (request === null) return [];
  const { credentialId, key, requestHash } = request;
  const { table, id, result = rowJson(table) } = created;
  return [
    db.statement(sql`DELETE FROM idempotency_keys
      WHERE ${ofRequest(request)} AND ${lte(idempotencyKeys.createdAt, atMs - IDEMPOTENCY_KEY_LIFETIME_MS)}`),
    db.statement(sql`INSERT INTO idempotency_keys (credential_id, key, request_hash, result, created_at)
      SELECT ${credentialId}, ${key}, ${requestHash}, ${result}, ${atMs} FROM ${table} WHERE id = ${id}`),
  ];
}

export async function findIdempotentResult(
  db: Database,
  request: IdempotentRequest,
  atMs: number,
): Promise<{ requestHash: string; result: string } | null> {
  const { requestHash, result, createdAt } = idempotencyKeys;
  const row = await db.orm
    .select({ requestHash, result })
    .from(idempotencyKeys)
    .where(and(ofRequest(request), gt(createdAt, atMs - IDEMPOTENCY_KEY_LIFETIME_MS)))
    .get();
  return row ?? null;
}

const KEY_IN_USE = "UNIQUE constraint failed: idempotency_keys";

/** Whether a batch failed because a concurrent one with the same key was faster. */
export function isKeyInUse(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some((each) => each instanceof Error && each.message.includes(KEY_IN_USE));
}

/** Deletes up to `limit` expired keys. Returns their number. */
export async function deleteExpiredKeys(db: Database, atMs: number, limit: number): Promise<number> {
  const expired = sql`SELECT rowid FROM idempotency_keys
    WHERE created_at <= ${atMs - IDEMPOTENCY_KEY_LIFETIME_MS} ORDER BY created_at LIMIT ${limit}`;
  const rows = await db.orm
    .delete(idempotencyKeys)
    .where(sql`rowid IN (${expired})`)
    .returning({ key: idempotencyKeys.key });
  return rows.length;
}
