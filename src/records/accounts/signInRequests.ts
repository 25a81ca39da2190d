/** Sign-ins between GET /api/oauth/auth-url and POST /api/oauth/exchange. */
import { and, eq, gt, isNull, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { signInRequests } from "../schema/schema.ts";
import { expiredRows } from "../sql/expiredRows.ts";

export type SignInRequest = typeof signInRequests.$inferSelect;

/** Stored sign-ins. Anybody can begin one, so a further one replaces the oldest instead of being refused. */
export const MAX_SIGN_IN_REQUESTS = 10_000;
/** Expired rows that each new sign-in deletes, so that the table shrinks between two scheduled runs too. */
const EXPIRED_PER_INSERT = 20;

/**
 * The row that a new one replaces in a full table; none below the bound. The first to expire, but a sign-in whose code
 * waits for its exchange only if all others do: a user has signed in, and codes expire early. The index of expiry finds
 * both without sorting the table.
 */
function replacedRow() {
  const isFull = sql`EXISTS (SELECT 1 FROM sign_in_requests LIMIT 1 OFFSET ${MAX_SIGN_IN_REQUESTS - 1})`;
  const isWaiting = sql`(user_id IS NOT NULL AND used_at IS NULL)`;
  const firstToExpire = (condition: SQL): SQL =>
    sql`(SELECT state_hash FROM sign_in_requests WHERE ${condition} ORDER BY expires_at LIMIT 1)`;
  return sql`state_hash = CASE WHEN ${isFull}
    THEN coalesce(${firstToExpire(sql`NOT ${isWaiting}`)}, ${firstToExpire(isWaiting)}) END`;
}

/** Stores a sign-in, in place of the oldest one if there are MAX_SIGN_IN_REQUESTS. */
export async function insertSignInRequest(
  db: Database,
  request: Pick<SignInRequest, "stateHash" | "redirectUri" | "codeChallenge" | "expiresAt">,
  atMs: number,
): Promise<void> {
  await db.orm.batch([
    db.orm.delete(signInRequests).where(expiredRows(signInRequests, atMs, EXPIRED_PER_INSERT)),
    db.orm.delete(signInRequests).where(replacedRow()),
    db.orm.insert(signInRequests).values({ ...request, createdAt: atMs }),
  ]);
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
    .where(expiredRows(signInRequests, atMs, limit))
    .returning({ createdAt: signInRequests.createdAt });
  return rows.length;
}
