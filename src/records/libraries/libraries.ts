/** Libraries: every query carries the owner, and the libraries a credential is confined to. */
import { and, asc, desc, eq, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { libraries, users } from "../schema/schema.ts";
import { insertLibraryIfNone } from "../accounts/users.ts";

export type Library = typeof libraries.$inferSelect;

/** Whose rows may be touched: the owner's, in all libraries or only in the listed ones. */
export interface Reach {
  userId: string;
  libraryIds: string[] | null;
}

function confined(reach: Reach, column: SQL): SQL {
  if (reach.libraryIds === null) return sql`TRUE`;
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(reach.libraryIds)}))`;
}

/**
 * `column` names a library that the reach covers and that is live: what lies in a trashed one is hidden. So is what the
 * trash was emptied of, for rows that have a `trashedAt`. One row read. Callers bind the owner beside it.
 */
export function withinReach(reach: Reach, column: SQL, trashedAt: SQL | null = null): SQL {
  const kept = trashedAt === null ? sql`` : sql` AND (${trashedAt} IS NULL OR ${trashedAt} > reached.emptied_at)`;
  return sql`(${confined(reach, column)} AND EXISTS (SELECT 1 FROM libraries reached
    WHERE reached.id = ${column} AND reached.trashed_at IS NULL${kept}))`;
}

/** Libraries themselves, live or trashed. */
export function reachable(reach: Reach): SQL | undefined {
  return and(eq(libraries.userId, reach.userId), confined(reach, sql`${libraries.id}`));
}

/** A condition: neither the library nor its owner has reached what may be stored. */
export function hasRoom(libraryId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM libraries l JOIN users u ON u.id = l.user_id
    WHERE l.id = ${libraryId} AND u.storage_used_bytes < u.storage_limit_bytes
      AND (l.storage_limit_bytes IS NULL OR l.storage_used_bytes < l.storage_limit_bytes))`;
}

/** What of this library was trashed up to then is gone. */
export function emptiedAtOf(libraryId: SQL | string): SQL {
  return sql`(SELECT emptied_at FROM libraries WHERE id = ${libraryId})`;
}

/** The named live library, or without a name up to two: enough to tell "the only one" from "several". */
export function selectLiveLibraries(db: Database, reach: Reach, libraryId: string | null) {
  const named = libraryId === null ? undefined : eq(libraries.id, libraryId);
  return db.orm
    .select()
    .from(libraries)
    .where(and(reachable(reach), isNull(libraries.trashedAt), named))
    .limit(2);
}

/** Live libraries as above, with the owner's storage use: what an upload must know before its first byte. */
export async function findUploadTarget(db: Database, reach: Reach, libraryId: string | null) {
  const [live, owners] = await db.orm.batch([
    selectLiveLibraries(db, reach, libraryId),
    db.orm
      .select({ usedBytes: users.storageUsedBytes, limitBytes: users.storageLimitBytes })
      .from(users)
      .where(eq(users.id, reach.userId)),
  ]);
  return { live, owner: owners[0] ?? null };
}

export async function createDefaultLibrary(
  db: Database,
  reach: Reach,
  limitBytes: number | null,
  atMs: number,
): Promise<Library[]> {
  const [, live] = await db.orm.batch([
    insertLibraryIfNone(db, sql`${reach.userId}`, limitBytes, atMs),
    selectLiveLibraries(db, reach, null),
  ]);
  return live;
}

export async function findLibrary(db: Database, reach: Reach, id: string): Promise<Library | null> {
  return (
    (await db.orm
      .select()
      .from(libraries)
      .where(and(eq(libraries.id, id), reachable(reach)))
      .get()) ?? null
  );
}

export async function listLibraries(db: Database, reach: Reach, state: "live" | "trashed" | "all"): Promise<Library[]> {
  const byState = { live: isNull(libraries.trashedAt), trashed: isNotNull(libraries.trashedAt), all: undefined };
  const order = state === "trashed" ? [desc(libraries.trashedAt), desc(libraries.id)] : [asc(libraries.id)];
  return await db.orm
    .select()
    .from(libraries)
    .where(and(reachable(reach), byState[state]))
    .orderBy(...order);
}

export async function insertLibrary(
  db: Database,
  userId: string,
  fields: { name: string; description: string | null; storageLimitBytes: number | null },
  atMs: number,
): Promise<Library> {
  return await db.orm
    .insert(libraries)
    .values({ id: newId("library", atMs), userId, ...fields, createdAt: atMs, updatedAt: atMs })
    .returning()
    .get();
}

export async function updateLibrary(
  db: Database,
  reach: Reach,
  id: string,
  fields: { name?: string; description?: string | null },
  atMs: number,
): Promise<Library | null> {
  const rows = await db.orm
    .update(libraries)
    .set({ ...fields, updatedAt: atMs })
    .where(and(eq(libraries.id, id), reachable(reach)))
    .returning();
  return rows[0] ?? null;
}

/** The row as it then is, trashed or not; null without one. `change` is made where `when` holds. */
async function changeLibrary(
  db: Database,
  reach: Reach,
  id: string,
  when: SQL,
  change: Partial<Library>,
): Promise<Library | null> {
  const known = and(eq(libraries.id, id), reachable(reach));
  const [, rows] = await db.orm.batch([
    db.orm.update(libraries).set(change).where(and(known, when)),
    db.orm.select().from(libraries).where(known),
  ]);
  return rows[0] ?? null;
}

/** Again is no change: its time in the trash goes on. */
export async function trashLibrary(
  db: Database,
  reach: Reach,
  id: string,
  drainAt: number,
  atMs: number,
): Promise<Library | null> {
  const change = { trashedAt: atMs, drainAt, updatedAt: atMs };
  return await changeLibrary(db, reach, id, isNull(libraries.trashedAt), change);
}

export async function restoreLibrary(db: Database, reach: Reach, id: string, atMs: number): Promise<Library | null> {
  const change = { trashedAt: null, drainAt: null, updatedAt: atMs };
  return await changeLibrary(db, reach, id, isNotNull(libraries.trashedAt), change);
}

/** Its time in the trash is over; a live library is left alone. */
export async function waiveLibrary(db: Database, reach: Reach, id: string, atMs: number): Promise<Library | null> {
  const due = sql`(${libraries.drainAt} IS NULL OR ${libraries.drainAt} > ${atMs})`;
  const when = sql`${isNotNull(libraries.trashedAt)} AND ${due}`;
  return await changeLibrary(db, reach, id, when, { drainAt: atMs });
}
