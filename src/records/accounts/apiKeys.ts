/** API keys, stored and found by the SHA-256 of their secret. */
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { actions, type Action } from "./actions.ts";
import { selectOwnerOfKey, toKnownLibraries, type KnownLibrary } from "../libraries/knownLibraries.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { apiKeys } from "../schema/schema.ts";

export { actions, type Action };

export interface ApiKey {
  id: string;
  userId: string;
  name: string | null;
  actions: Action[];
  libraryIds: string[] | null;
  isActive: boolean;
  expiresAt: number | null;
  createdAt: number;
  lastUsedAt: number | null;
}

const actionsColumn = z.array(z.enum(actions));
const libraryIdsColumn = z.array(z.string()).nullable();

function parseRow(row: typeof apiKeys.$inferSelect): ApiKey {
  const { secretHash: _secretHash, ...rest } = row;
  return { ...rest, actions: actionsColumn.parse(row.actions), libraryIds: libraryIdsColumn.parse(row.libraryIds) };
}

export interface NewApiKey {
  userId: string;
  name: string;
  secretHash: string;
  actions: Action[];
  libraryIds: string[] | null;
  /** Milliseconds since 1970; null if the key is valid indefinitely. */
  expiresAt: number | null;
}

/** The result of an idempotent `request` holds only the id, so that hashes stay in this table. */
export async function insertApiKey(
  db: Database,
  key: NewApiKey,
  atMs: number,
  request: IdempotentRequest | null,
): Promise<ApiKey> {
  const id = newId("apiKey", atMs);
  const result = sql`json_object('id', ${id})`;
  const [rows] = await db.orm.batch([
    db.orm
      .insert(apiKeys)
      .values({ id, ...key, createdAt: atMs })
      .returning(),
    ...insertIdempotentResult(db, request, { table: apiKeys, id, result }, atMs),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error(`API key ${id} was not created`);
  return parseRow(row);
}

/** Newest first, after the key `afterId`. */
export async function listApiKeys(
  db: Database,
  userId: string,
  afterId: string | null,
  limit: number,
): Promise<{ keys: ApiKey[]; hasMore: boolean }> {
  const isAfter = afterId === null ? undefined : lt(apiKeys.id, afterId);
  const rows = await db.orm
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.userId, userId), isAfter))
    .orderBy(desc(apiKeys.id))
    .limit(limit + 1);
  return { keys: rows.slice(0, limit).map(parseRow), hasMore: rows.length > limit };
}

export async function updateApiKey(
  db: Database,
  userId: string,
  id: string,
  fields: { name?: string; isActive?: boolean },
): Promise<ApiKey | null> {
  const rows = await db.orm
    .update(apiKeys)
    .set(fields)
    .where(and(eq(apiKeys.id, id), eq(apiKeys.userId, userId)))
    .returning();
  return rows[0] === undefined ? null : parseRow(rows[0]);
}

export interface FoundApiKey {
  key: ApiKey;
  userIsActive: boolean;
  knownLibraries: KnownLibrary[];
}

/** Finds the key with this hash, whether its user is active, and the libraries it covers, in one round trip. */
export async function findApiKeyByHash(db: Database, secretHash: string): Promise<FoundApiKey | null> {
  const [keys, owners] = await db.orm.batch([
    db.orm.select().from(apiKeys).where(eq(apiKeys.secretHash, secretHash)),
    selectOwnerOfKey(db, secretHash),
  ]);
  const key = keys[0];
  if (key === undefined) return null;
  return { key: parseRow(key), userIsActive: owners[0]?.isActive ?? false, knownLibraries: toKnownLibraries(owners) };
}

const LAST_USED_RESOLUTION_MS = 60_000;

/** Updates `lastUsedAt` at most once a minute, so that reads rarely cost a write. */
export async function touchApiKey(db: Database, id: string, atMs: number): Promise<void> {
  const stale = or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, atMs - LAST_USED_RESOLUTION_MS));
  await db.orm
    .update(apiKeys)
    .set({ lastUsedAt: atMs })
    .where(and(eq(apiKeys.id, id), stale));
}

export function isTouchDue(key: ApiKey, atMs: number): boolean {
  return key.lastUsedAt === null || key.lastUsedAt < atMs - LAST_USED_RESOLUTION_MS;
}
