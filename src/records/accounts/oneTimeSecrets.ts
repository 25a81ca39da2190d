/**
 * Challenges of passkeys and links that sign in once. Both are found by their SHA-256 and deleted by their use, so that
 * of two concurrent uses one succeeds.
 */
import { eq, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { passkeyChallenges, signInLinks } from "../schema/schema.ts";
import { expiredRows } from "../sql/expiredRows.ts";

export type Challenge = typeof passkeyChallenges.$inferSelect;

/** Stored challenges. Anybody can ask for one, so a further one replaces the oldest instead of being refused. */
export const MAX_PASSKEY_CHALLENGES = 10_000;
/** Expired challenges that each new one deletes: anybody can ask for one, so the table has to shrink by itself. */
const EXPIRED_PER_INSERT = 20;

/** The row that a new one replaces in a full table; none below the bound. */
function replacedChallenge() {
  return sql`rowid IN (SELECT rowid FROM passkey_challenges ORDER BY expires_at DESC
    LIMIT 1 OFFSET ${MAX_PASSKEY_CHALLENGES - 1})`;
}

/** Stores a challenge, in place of the oldest one if there are MAX_PASSKEY_CHALLENGES. */
export async function insertChallenge(db: Database, challenge: Challenge, atMs: number): Promise<void> {
  await db.orm.batch([
    db.orm.delete(passkeyChallenges).where(expiredRows(passkeyChallenges, atMs, EXPIRED_PER_INSERT)),
    db.orm.delete(passkeyChallenges).where(replacedChallenge()),
    db.orm.insert(passkeyChallenges).values(challenge),
  ]);
}

/** Deletes and returns a challenge, expired ones included. */
export async function takeChallenge(db: Database, challengeHash: string): Promise<Challenge | null> {
  const rows = await db.orm
    .delete(passkeyChallenges)
    .where(eq(passkeyChallenges.challengeHash, challengeHash))
    .returning();
  return rows[0] ?? null;
}

/** Replaces the user's earlier link: the newest alone works. */
export async function replaceSignInLink(
  db: Database,
  link: { secretHash: string; userId: string; expiresAt: number },
  atMs: number,
): Promise<void> {
  await db.orm.batch([
    db.orm.delete(signInLinks).where(eq(signInLinks.userId, link.userId)),
    db.orm.insert(signInLinks).values({ ...link, createdAt: atMs }),
  ]);
}

/** Deletes and returns a link, expired ones included. */
export async function takeSignInLink(
  db: Database,
  secretHash: string,
): Promise<{ userId: string; expiresAt: number } | null> {
  const { userId, expiresAt } = signInLinks;
  const rows = await db.orm
    .delete(signInLinks)
    .where(eq(signInLinks.secretHash, secretHash))
    .returning({ userId, expiresAt });
  return rows[0] ?? null;
}

/** Deletes up to `limit` expired challenges and as many expired links. Returns their number. */
export async function deleteExpiredSecrets(db: Database, atMs: number, limit: number): Promise<number> {
  const deleteExpired = (table: typeof passkeyChallenges | typeof signInLinks) =>
    db.orm
      .delete(table)
      .where(expiredRows(table, atMs, limit))
      .returning({ at: table.expiresAt });
  const [challenges, links] = await db.orm.batch([deleteExpired(passkeyChallenges), deleteExpired(signInLinks)]);
  return challenges.length + links.length;
}
