/** Sign-ins between GET /api/oauth/auth-url and POST /api/oauth/exchange. */
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { signInRequests } from "../schema/schema.ts";

export type SignInRequest = typeof signInRequests.$inferSelect;

/** Sign-ins that may be under way at the same time: anybody can begin one. */
export const MAX_SIGN_IN_REQUESTS = 10_000;
/** Expired rows that each new sign-in deletes, so that the table shrinks between two scheduled runs too. */
const EXPIRED_PER_INSERT = 20;

function expiredRows(atMs: number, limit: number) {
  return sql`state_hash IN (SELECT state_hash FROM sign_in_requests WHERE expires_at <= ${atMs}
    ORDER BY expires_at LIMIT ${limit})`;
}

/** Returns false if too many sign-ins are under way. */
export async function insertSignInRequest(
  db: Database,
  request: Pick<SignInRequest, "stateHash" | "redirectUri" | "codeChallenge" | "expiresAt">,
  atMs: number,
): Promise<boolean> {
  const { stateHash, redirectUri, codeChallenge, expiresAt } = request;
  const isFull = sql`(SELECT count(*) FROM (SELECT 1 FROM sign_in_requests LIMIT ${MAX_SIGN_IN_REQUESTS}))`;
  const [, , inserted] = await db.orm.batch([
    db.orm.delete(signInRequests).where(expiredRows(atMs, EXPIRED_PER_INSERT)),
    db.statement(sql`
      INSERT INTO sign_in_requests (state_hash, redirect_uri, code_challenge, created_at, expires_at)
      SELECT ${stateHash}, ${redirectUri}, ${codeChallenge}, ${atMs}, ${expiresAt}
      WHERE ${isFull} < ${MAX_SIGN_IN_REQUESTS}`),
    db.orm
      .select({ createdAt: signInRequests.createdAt })
      .from(signInRequests)
      .where(eq(signInRequests.stateHash, stateHash)),
  ]);
  return inserted.length > 0;
}

export async function findSignInRequest(db: Database, stateHash: string): Promise<SignInRequest | null> {
  return (await db.orm.select().from(signInRequests).where(eq(signInRequests.stateHash, stateHash)).get()) ?? null;
}

function isOpen(stateHash: string, atMs: number) {
  return and(
    eq(signInRequests.stateHash, stateHash),
    isNull(signInRequests.usedAt),
    gt(signInRequests.expiresAt, atMs),
  );
}

/** Gives an open sign-in without a user its user and code. Returns null if it is over or already has one. */
export async function setSignInCode(
  db: Database,
  stateHash: string,
  code: { userId: string; codeHash: string; expiresAt: number },
  atMs: number,
): Promise<SignInRequest | null> {
  const rows = await db.orm
    .update(signInRequests)
    .set(code)
    .where(and(isOpen(stateHash, atMs), isNull(signInRequests.userId)))
    .returning();
  return rows[0] ?? null;
}

/** Uses a sign-in up. Returns null if it is unknown, over or used: of two concurrent calls one gets it. */
export async function useSignInRequest(db: Database, stateHash: string, atMs: number): Promise<SignInRequest | null> {
  const rows = await db.orm.update(signInRequests).set({ usedAt: atMs }).where(isOpen(stateHash, atMs)).returning();
  return rows[0] ?? null;
}

/** Deletes up to `limit` sign-ins that are over. Returns their number. */
export async function deleteExpiredSignIns(db: Database, atMs: number, limit: number): Promise<number> {
  const rows = await db.orm
    .delete(signInRequests)
    .where(expiredRows(atMs, limit))
    .returning({ createdAt: signInRequests.createdAt });
  return rows.length;
}
