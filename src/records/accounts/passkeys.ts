/** Passkeys of users, found by the authenticator's id of the credential. */
import { and, asc, eq, getTableColumns, sql } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { passkeys, users } from "../schema/schema.ts";
import { isNullRejected } from "../sql/nullRejected.ts";

export interface Passkey {
  id: string;
  userId: string;
  credentialId: string;
  publicKey: string;
  counter: number;
  transports: string[];
  name: string;
  createdAt: number;
  lastUsedAt: number | null;
}

export type NewPasskey = Omit<Passkey, "id" | "createdAt" | "lastUsedAt">;

const transportsColumn = z.array(z.string());

function parseRow(row: typeof passkeys.$inferSelect): Passkey {
  return { ...row, transports: transportsColumn.parse(row.transports) };
}

/** Whether `insertPasskey` failed because the user has too many passkeys. */
export function hasTooManyPasskeys(error: unknown): boolean {
  return isNullRejected(error, "passkeys.user_id");
}

/**
 * Returns null if a user has this credential already. Fails as `hasTooManyPasskeys` tells if the user has `maxPerUser`:
 * concurrent inserts can't exceed it.
 */
export async function insertPasskey(
  db: Database,
  passkey: NewPasskey,
  maxPerUser: number,
  atMs: number,
): Promise<Passkey | null> {
  // NULL, which the column rejects, if the user has too many passkeys.
  const userId = sql`CASE WHEN (SELECT count(*) FROM passkeys WHERE user_id = ${passkey.userId}) < ${maxPerUser} THEN ${passkey.userId} END`;
  const rows = await db.orm
    .insert(passkeys)
    .values({ id: newId("passkey", atMs), ...passkey, userId, createdAt: atMs })
    .onConflictDoNothing({ target: passkeys.credentialId })
    .returning();
  return rows[0] === undefined ? null : parseRow(rows[0]);
}

/** The user's passkeys, oldest first, at most `limit`. */
export async function listPasskeys(db: Database, userId: string, limit: number): Promise<Passkey[]> {
  const ofUser = eq(passkeys.userId, userId);
  const rows = await db.orm.select().from(passkeys).where(ofUser).orderBy(asc(passkeys.id)).limit(limit);
  return rows.map(parseRow);
}

export interface PasskeyWithUser {
  passkey: Passkey;
  user: { id: string; subject: string; isActive: boolean };
}

export async function findPasskey(db: Database, credentialId: string): Promise<PasskeyWithUser | null> {
  const row = await db.orm
    .select({
      passkey: getTableColumns(passkeys),
      user: { subject: users.subject, isActive: users.isActive },
    })
    .from(passkeys)
    .innerJoin(users, eq(users.id, passkeys.userId))
    .where(eq(passkeys.credentialId, credentialId))
    .get();
  if (row === undefined) return null;
  const passkey = parseRow(row.passkey);
  return { passkey, user: { id: passkey.userId, ...row.user } };
}

/**
 * Records a signature. Returns false if the passkey was deleted or another signature was recorded since `passkey` was
 * read: two signatures with one counter are a replay.
 */
export async function recordPasskeyUse(
  db: Database,
  passkey: Pick<Passkey, "id" | "counter">,
  counter: number,
  atMs: number,
): Promise<boolean> {
  const rows = await db.orm
    .update(passkeys)
    .set({ counter, lastUsedAt: atMs })
    .where(and(eq(passkeys.id, passkey.id), eq(passkeys.counter, passkey.counter)))
    .returning({ id: passkeys.id });
  return rows.length > 0;
}

function ownedBy(userId: string, id: string) {
  return and(eq(passkeys.id, id), eq(passkeys.userId, userId));
}

export async function renamePasskey(db: Database, userId: string, id: string, name: string): Promise<Passkey | null> {
  const rows = await db.orm.update(passkeys).set({ name }).where(ownedBy(userId, id)).returning();
  return rows[0] === undefined ? null : parseRow(rows[0]);
}

/** Deletes a passkey; the user's last one only with `mayBeLast`. Returns whether a row was deleted. */
export async function deletePasskey(db: Database, userId: string, id: string, mayBeLast: boolean): Promise<boolean> {
  const hasOther = sql`EXISTS (SELECT 1 FROM passkeys other WHERE other.user_id = ${userId} AND other.id <> ${id})`;
  const rows = await db.orm
    .delete(passkeys)
    .where(and(ownedBy(userId, id), mayBeLast ? undefined : hasOther))
    .returning({ id: passkeys.id });
  return rows.length > 0;
}

export async function hasPasskey(db: Database, userId: string, id: string): Promise<boolean> {
  return (await db.orm.select({ id: passkeys.id }).from(passkeys).where(ownedBy(userId, id)).get()) !== undefined;
}
