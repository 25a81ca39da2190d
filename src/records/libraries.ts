/** Libraries: every query carries the owner, and the libraries a credential is confined to. */
import { and, asc, desc, eq, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import { newId } from "../kernel/ids.ts";
import type { Database } from "./database.ts";
import { libraries, users } from "./schema.ts";
import { insertLibraryIfNone } from "./users.ts";

export type Library = typeof libraries.$inferSelect;

/** Whose rows may be touched: the owner's, in all libraries or only in the listed ones. */
export interface Reach {
  userId: string;
  libraryIds: string[] | null;
}

/** `column` names a library the reach covers. Callers bind the owner beside it. */
export function withinReach(reach: Reach, column: SQL | typeof libraries.id): SQL | undefined {
  if (reach.libraryIds === null) return undefined;
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(reach.libraryIds)}))`;
}

function reachable(reach: Reach): SQL | undefined {
  return and(eq(libraries.userId, reach.userId), withinReach(reach, libraries.id));
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

export async function createDefaultLibrary(db: Database, reach: Reach, atMs: number): Promise<Library[]> {
  const [, live] = await db.orm.batch([
    insertLibraryIfNone(db, sql`${reach.userId}`, atMs),
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
  fields: { name: string; description: string | null },
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
