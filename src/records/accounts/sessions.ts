/** Sessions of signed-in users. */
import { and, desc, eq, getTableColumns, gt, isNull, ne, sql } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import {
  MAX_KNOWN_LIBRARIES,
  ownedLibraryColumns,
  toKnownLibraries,
  type KnownLibrary,
} from "../libraries/knownLibraries.ts";
import { libraries, sessions, users } from "../schema/schema.ts";
import { expiredRows } from "../sql/expiredRows.ts";

export type Session = typeof sessions.$inferSelect;

const DAY_MS = 24 * 60 * 60_000;
/** A session ends when it was not used for this long. */
export const SESSION_IDLE_MS = 30 * DAY_MS;
/** A session ends this long after the sign-in, however often it is used. */
export const MAX_SESSION_MS = 365 * DAY_MS;
/** Live sessions of a user. A further one ends the one that was unused for the longest time. */
export const MAX_SESSIONS_PER_USER = 100;
/** How long the row of an ended session is kept. */
export const ENDED_SESSION_RETENTION_MS = 30 * DAY_MS;

/** Inserts a session, and ends the user's least recently used ones beyond the limit. */
export async function insertSession(
  db: Database,
  { userId, label, tokenIssuedAt }: Pick<Session, "userId" | "label" | "tokenIssuedAt">,
  atMs: number,
): Promise<string> {
  const id = newId("session", atMs);
  const expiresAt = atMs + SESSION_IDLE_MS;
  const surplus = sql`SELECT id FROM sessions WHERE user_id = ${userId} AND expires_at > ${atMs}
    ORDER BY last_used_at DESC, id DESC LIMIT -1 OFFSET ${MAX_SESSIONS_PER_USER}`;
  await db.orm.batch([
    db.orm.insert(sessions).values({ id, userId, label, createdAt: atMs, lastUsedAt: atMs, tokenIssuedAt, expiresAt }),
    db.orm
      .update(sessions)
      .set({ endedAt: atMs, expiresAt: atMs })
      .where(sql`id IN (${surplus})`),
  ]);
  return id;
}

export interface FoundSession {
  session: Session;
  userIsActive: boolean;
  /** Whether the user is the owner of the deployment. */
  userIsOwner: boolean;
  knownLibraries: KnownLibrary[];
}

/** Finds a session with its user and up to two of their live libraries, in one statement. */
export async function findSession(db: Database, id: string): Promise<FoundSession | null> {
  const rows = await db.orm
    .select({
      ...getTableColumns(sessions),
      userIsActive: users.isActive,
      userIsOwner: users.isSuperuser,
      ...ownedLibraryColumns,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .leftJoin(libraries, and(eq(libraries.userId, users.id), isNull(libraries.trashedAt)))
    .where(eq(sessions.id, id))
    .limit(MAX_KNOWN_LIBRARIES);
  const [first] = rows;
  if (first === undefined) return null;
  const { userIsActive, userIsOwner, libraryId: _id, trashClearedAt: _clearedAt, ...session } = first;
  return { session, userIsActive, userIsOwner, knownLibraries: toKnownLibraries(rows) };
}

/** Records a use of a live session: it lives on, and older tokens than the used one end with their `exp`. */
export async function touchSession(db: Database, id: string, tokenIssuedAt: number, atMs: number): Promise<void> {
  await db.orm
    .update(sessions)
    .set({
      lastUsedAt: sql`max(last_used_at, ${atMs})`,
      tokenIssuedAt: sql`max(token_issued_at, ${tokenIssuedAt})`,
      expiresAt: sql`min(max(expires_at, ${atMs + SESSION_IDLE_MS}), created_at + ${MAX_SESSION_MS})`,
    })
    .where(and(eq(sessions.id, id), isNull(sessions.endedAt), gt(sessions.expiresAt, atMs)));
}

/** The user's live sessions, newest first: at most `MAX_SESSIONS_PER_USER`. */
export async function listSessions(db: Database, userId: string, atMs: number): Promise<Session[]> {
  return await db.orm
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, atMs)))
    .orderBy(desc(sessions.id))
    .limit(MAX_SESSIONS_PER_USER);
}

/** Ends a session of the user. Returns false if there is none; ending an ended one changes nothing. */
export async function endSession(db: Database, userId: string, id: string, atMs: number): Promise<boolean> {
  const own = and(eq(sessions.id, id), eq(sessions.userId, userId));
  const [, rows] = await db.orm.batch([
    db.orm
      .update(sessions)
      .set({ endedAt: atMs, expiresAt: atMs })
      .where(and(own, gt(sessions.expiresAt, atMs))),
    db.orm.select({ id: sessions.id }).from(sessions).where(own),
  ]);
  return rows.length > 0;
}

/** Ends the user's sessions except `keptId`. */
export async function endOtherSessions(
  db: Database,
  userId: string,
  keptId: string | null,
  atMs: number,
): Promise<void> {
  await db.orm
    .update(sessions)
    .set({ endedAt: atMs, expiresAt: atMs })
    .where(
      and(
        eq(sessions.userId, userId),
        gt(sessions.expiresAt, atMs),
        keptId === null ? undefined : ne(sessions.id, keptId),
      ),
    );
}

/** Deletes up to `limit` sessions that ended long ago. Returns their number. */
export async function deleteEndedSessions(db: Database, atMs: number, limit: number): Promise<number> {
  const rows = await db.orm
    .delete(sessions)
    .where(expiredRows(sessions, atMs - ENDED_SESSION_RETENTION_MS, limit))
    .returning({ id: sessions.id });
  return rows.length;
}
