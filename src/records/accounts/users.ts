/** Users, who own libraries. */
import { desc, eq, getTableColumns, lt, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { users } from "../schema/schema.ts";

const { storageUsedBytes: _storageUsedBytes, ...columns } = getTableColumns(users);

export type User = Omit<typeof users.$inferSelect, "storageUsedBytes">;

export const ROOT_SUBJECT = "root";
const DEFAULT_LIBRARY_NAME = "Default Library";

/**
 * Stored bytes of all libraries of a user, whose id is SQL with its table's name. A total in the user's row would be
 * one more row written per upload.
 */
export function storageUsedBy(userId: SQL): SQL<number> {
  return sql<number>`(SELECT coalesce(sum(owned.storage_used_bytes), 0) FROM libraries owned WHERE owned.user_id = ${userId})`;
}

export interface UserWithStorage extends User {
  /** Stored bytes of all libraries, trashed ones included. */
  storageUsedBytes: number;
}

const columnsWithStorage = { ...columns, storageUsedBytes: storageUsedBy(sql`users.id`).as("storage_used") };

/** Selects the user for a batch. */
export function findUserStatement(db: Database, id: string) {
  return db.orm.select(columnsWithStorage).from(users).where(eq(users.id, id));
}

export async function findUser(db: Database, id: string): Promise<UserWithStorage | null> {
  return (await findUserStatement(db, id).get()) ?? null;
}

/** Sorts after every id, so that the first page seeks in the index like the others. */
const AFTER_ALL_IDS = "~";

/** Newest first, after the user `afterId`. */
export async function listUsers(
  db: Database,
  afterId: string | null,
  limit: number,
): Promise<{ users: UserWithStorage[]; hasMore: boolean }> {
  const rows = await db.orm
    .select(columnsWithStorage)
    .from(users)
    .where(lt(users.id, afterId ?? AFTER_ALL_IDS))
    .orderBy(desc(users.id))
    .limit(limit + 1);
  return { users: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** Fields of a user that the owner of the deployment sets. */
export interface UserChanges {
  isActive?: boolean | undefined;
  storageLimitBytes?: number | undefined;
}

export async function updateUser(
  db: Database,
  id: string,
  changes: UserChanges,
  atMs: number,
): Promise<UserWithStorage | null> {
  const [, rows] = await db.orm.batch([
    db.orm
      .update(users)
      .set({ ...changes, updatedAt: atMs })
      .where(eq(users.id, id)),
    findUserStatement(db, id),
  ]);
  return rows[0] ?? null;
}

/** Storage limits of a user and of each of the user's libraries; null if unlimited. */
export interface StorageLimits {
  userBytes: number;
  libraryBytes: number | null;
}

/** Creates the user and a first library. Concurrent first requests create one of each. */
export async function createUserWithLibrary(
  db: Database,
  subject: string,
  limits: StorageLimits,
  atMs: number,
): Promise<User> {
  const owner = sql`SELECT id FROM users WHERE subject = ${subject}`;
  const [, , rows] = await db.orm.batch([
    db.orm
      .insert(users)
      .values({
        id: newId("user", atMs),
        subject,
        isSuperuser: subject === ROOT_SUBJECT,
        storageLimitBytes: limits.userBytes,
        createdAt: atMs,
        updatedAt: atMs,
      })
      .onConflictDoNothing(),
    insertLibraryIfNone(db, sql`(${owner})`, limits.libraryBytes, atMs),
    db.orm.select(columns).from(users).where(eq(users.subject, subject)),
  ]);
  const user = rows[0];
  if (user === undefined) throw new Error(`user ${subject} was not created`);
  return user;
}

/** The user as described by an identity. */
export interface Profile {
  /** Null without an address. */
  email: string | null;
  isVerified: boolean;
  firstName: string | null;
}

export async function findUserBySubject(db: Database, subject: string): Promise<User | null> {
  return (await db.orm.select(columns).from(users).where(eq(users.subject, subject)).get()) ?? null;
}

/** Inserts the user of a subject. Concurrent first sign-ins insert one and return its id. */
export async function insertUserIfNew(
  db: Database,
  user: Profile & { subject: string; storageLimitBytes: number },
  atMs: number,
): Promise<User> {
  const values = { id: newId("user", atMs), ...user, createdAt: atMs, updatedAt: atMs };
  const [, rows] = await db.orm.batch([
    db.orm.insert(users).values(values).onConflictDoNothing({ target: users.subject }),
    db.orm.select(columns).from(users).where(eq(users.subject, user.subject)),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error(`user ${user.subject} was not created`);
  return row;
}

/** Inserts a user with a new subject. The result of an idempotent `request` holds only the id. */
export async function insertUser(
  db: Database,
  user: Profile & { subject: string; storageLimitBytes: number },
  atMs: number,
  request: IdempotentRequest | null,
): Promise<string> {
  const id = newId("user", atMs);
  const result = sql`json_object('id', ${id})`;
  await db.orm.batch([
    db.orm.insert(users).values({ id, ...user, createdAt: atMs, updatedAt: atMs }),
    ...insertIdempotentResult(db, request, { table: users, id, result }, atMs),
  ]);
  return id;
}

export async function updateProfile(db: Database, id: string, profile: Profile, atMs: number): Promise<void> {
  await db.orm
    .update(users)
    .set({ ...profile, updatedAt: atMs })
    .where(eq(users.id, id));
}

/**
 * A batch statement that inserts a default library for a user without a live one. A number follows the name if a
 * library in the trash has it.
 */
export function insertLibraryIfNone(db: Database, userId: SQL, limitBytes: number | null, atMs: number) {
  return db.statement(sql`
    INSERT INTO libraries (id, user_id, name, folded_name, storage_limit_bytes, created_at, updated_at)
    WITH RECURSIVE numbered (n, name) AS (
      SELECT 1, ${DEFAULT_LIBRARY_NAME} UNION ALL
      SELECT n + 1, ${DEFAULT_LIBRARY_NAME} || ' ' || (n + 1) FROM numbered
      WHERE EXISTS (SELECT 1 FROM libraries taken
        WHERE taken.user_id = ${userId} AND coalesce(taken.folded_name, lower(taken.name)) = lower(numbered.name)))
    SELECT ${newId("library", atMs)}, ${userId}, name, lower(name), ${limitBytes}, ${atMs}, ${atMs}
    FROM (SELECT name FROM numbered ORDER BY n DESC LIMIT 1)
    WHERE NOT EXISTS (SELECT 1 FROM libraries WHERE user_id = ${userId} AND trashed_at IS NULL)`);
}
