/** Libraries. Every query is restricted to those of which the caller is a member, and that the credential covers. */
import { and, eq, getTableColumns, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { isNameTaken, LIBRARY_NAMES, nameUnlessTaken } from "../names.ts";
import { libraries } from "../schema/schema.ts";
import { rowReader, type Query } from "../sql/query.ts";
import { isNullRejected } from "../sql/nullRejected.ts";
import { isLibraryMember, librariesInScope, libraryInScope, type LibraryScope } from "./libraryScope.ts";
import { insertLibraryIfNone, storageUsedBy } from "../accounts/users.ts";

export { isVisible, type LibraryScope } from "./libraryScope.ts";

export type Library = typeof libraries.$inferSelect;

/** A library without its texts, for requests that need its id and state. */
export type LibraryState = Omit<Library, "name" | "foldedName" | "description">;

const { name: _name, foldedName: _foldedName, description: _description, ...stateColumns } = getTableColumns(libraries);

/** Stored bytes and their limit; null if unlimited. */
export interface StorageUsage {
  usedBytes: number;
  limitBytes: number | null;
}

/**
 * A condition on `libraries`: a candidate for requests without a library id. Joined libraries are used by id alone, except
 * by a credential that lists its libraries.
 */
function isDefaultCandidate(scope: LibraryScope): SQL {
  return scope.libraryIds === null ? sql`libraries.user_id = ${scope.userId}` : sql`TRUE`;
}

/** A condition: neither the library nor its owner has reached a storage limit. */
export function hasFreeStorage(libraryId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM libraries l JOIN users u ON u.id = l.user_id
    WHERE l.id = ${libraryId} AND ${storageUsedBy(sql`u.id`)} < u.storage_limit_bytes
      AND (l.storage_limit_bytes IS NULL OR l.storage_used_bytes < l.storage_limit_bytes))`;
}

/** When the library's trash was last cleared. Assets trashed up to that millisecond are hidden from every reader. */
export function trashClearedAtOf(libraryId: SQL | string): SQL {
  return sql`(SELECT trash_cleared_at FROM libraries WHERE id = ${libraryId})`;
}

/** A condition on `libraries`: the live library with this id; without an id the candidates of a request without one. */
export function isLiveCandidate(scope: LibraryScope, libraryId: string | null): SQL {
  const isRequested = libraryId === null ? isDefaultCandidate(scope) : sql`libraries.id = ${libraryId}`;
  return sql`(${isRequested} AND libraries.trashed_at IS NULL AND ${isLibraryMember(scope, sql`libraries.id`)})`;
}

/** Up to two live candidates, so that callers can detect an ambiguous request. */
export function selectLiveLibraries(db: Database, scope: LibraryScope, libraryId: string | null) {
  return db.orm.select(stateColumns).from(libraries).where(isLiveCandidate(scope, libraryId)).limit(2);
}

const readLibraryState = rowReader(stateColumns);
const stateColumnNames = sql.raw(
  Object.values(stateColumns)
    .map(({ name }) => `"${name}"`)
    .join(", "),
);

/** `selectLiveLibraries` as a query to be read together with others. */
export function liveLibrariesQuery(scope: LibraryScope, libraryId: string | null): Query<LibraryState[]> {
  return {
    sql: sql`SELECT ${stateColumnNames} FROM libraries WHERE ${isLiveCandidate(scope, libraryId)} LIMIT 2`,
    parse: (rows) => rows.map(readLibraryState),
  };
}

export async function createDefaultLibrary(
  db: Database,
  scope: LibraryScope,
  limitBytes: number | null,
  atMs: number,
): Promise<LibraryState[]> {
  const [, live] = await db.orm.batch([
    insertLibraryIfNone(db, sql`${scope.userId}`, limitBytes, atMs),
    selectLiveLibraries(db, scope, null),
  ]);
  return live;
}

/** The live libraries in scope. */
export async function listLiveLibraryIds(
  db: Database,
  scope: LibraryScope,
): Promise<Pick<Library, "id" | "trashClearedAt">[]> {
  return await db.orm
    .select({ id: libraries.id, trashClearedAt: libraries.trashClearedAt })
    .from(libraries)
    .where(and(librariesInScope(scope), isNull(libraries.trashedAt)));
}

/** Whether `insertLibrary` failed because the user has too many libraries. */
export function hasTooManyLibraries(error: unknown): boolean {
  return isNullRejected(error, "libraries.user_id");
}

export interface NewLibrary {
  name: string;
  foldedName: string;
  description: string | null;
  storageLimitBytes: number | null;
  /** Libraries that the user may have. */
  maxLibraries: number;
}

/** Fails as `isNameRejected` tells if a library of the user has the name. */
export async function insertLibrary(
  db: Database,
  userId: string,
  fields: NewLibrary,
  atMs: number,
  request: IdempotentRequest | null,
): Promise<Library> {
  const id = newId("library", atMs);
  const { maxLibraries, ...columns } = fields;
  const isTaken = isNameTaken(LIBRARY_NAMES, userId, fields.foldedName);
  const name = nameUnlessTaken(fields.name, isTaken);
  // NULL, which the column rejects, if the user has too many libraries, live and trashed.
  const owner = sql`CASE WHEN (SELECT count(*) FROM libraries WHERE user_id = ${userId}) < ${maxLibraries} OR ${isTaken} THEN ${userId} END`;
  const [rows] = await db.orm.batch([
    db.orm
      .insert(libraries)
      .values({ id, userId: owner, ...columns, name, createdAt: atMs, updatedAt: atMs })
      .returning(),
    ...insertIdempotentResult(db, request, { table: libraries, id }, atMs),
  ]);
  const row = rows[0];
  if (row === undefined) throw new Error(`library ${id} was not created`);
  return row;
}

/** Libraries of the user with this folded name, live and trashed, oldest first. */
export async function listLibrariesByName(db: Database, userId: string, foldedName: string): Promise<Library[]> {
  return await db.orm
    .select()
    .from(libraries)
    .where(and(eq(libraries.userId, userId), eq(libraries.foldedName, foldedName)))
    .orderBy(libraries.id);
}

export interface LibraryChange {
  rename?: { name: string; foldedName: string };
  description?: string | null;
}

/** Columns of a new name. Libraries that had the same name before may keep it in another spelling. */
function renamedColumns(id: string, { name, foldedName }: { name: string; foldedName: string }) {
  const isTaken = isNameTaken(LIBRARY_NAMES, sql`libraries.user_id`, foldedName, id);
  const isOther = sql`(libraries.folded_name IS NOT ${foldedName} AND ${isTaken})`;
  return { name: nameUnlessTaken(name, isOther), foldedName };
}

/** Fails as `isNameRejected` tells if another library of the owner has the name. */
export async function updateLibrary(
  db: Database,
  scope: LibraryScope,
  id: string,
  { rename, ...fields }: LibraryChange,
  atMs: number,
): Promise<Library | null> {
  const renamed = rename === undefined ? {} : renamedColumns(id, rename);
  const rows = await db.orm
    .update(libraries)
    .set({ ...fields, ...renamed, updatedAt: atMs })
    .where(libraryInScope(scope, id))
    .returning();
  return rows[0] ?? null;
}

interface StateChange {
  columns: Partial<Library>;
  event: { type: "library_trashed" | "library_restored"; atMs: number } | null;
}

/** Applies `change` if `condition` holds. Returns the resulting row, live or trashed; null if it is missing. */
async function changeLibrary(
  db: Database,
  scope: LibraryScope,
  id: string,
  condition: SQL,
  { columns, event }: StateChange,
): Promise<Library | null> {
  const library = libraryInScope(scope, id);
  const isChanged = and(library, condition);
  const [, ...results] = await db.orm.batch([
    // Before the update, whose condition it repeats.
    insertSelectedEvents(
      db,
      sql`SELECT id, ${event?.type ?? null}, 'library', id, NULL, ${eventTime(event?.atMs ?? 0)} FROM libraries
        WHERE ${event === null ? sql`FALSE` : isChanged}`,
    ),
    db.orm.update(libraries).set(columns).where(isChanged),
    db.orm.select().from(libraries).where(library),
  ]);
  return results[1][0] ?? null;
}

/** A condition: the owner has another live library. */
const isNotLast = sql`EXISTS (SELECT 1 FROM libraries other WHERE other.user_id = libraries.user_id
  AND other.trashed_at IS NULL AND other.id <> libraries.id)`;

/** Idempotent: trashing a trashed library keeps its `purgeAt`. The owner's last live library stays live. */
export async function trashLibrary(
  db: Database,
  scope: LibraryScope,
  id: string,
  purgeAt: number,
  atMs: number,
): Promise<Library | null> {
  return await changeLibrary(db, scope, id, sql`${isNull(libraries.trashedAt)} AND ${isNotLast}`, {
    columns: { trashedAt: atMs, purgeAt, updatedAt: atMs },
    event: { type: "library_trashed", atMs },
  });
}

export async function restoreLibrary(
  db: Database,
  scope: LibraryScope,
  id: string,
  atMs: number,
): Promise<Library | null> {
  return await changeLibrary(db, scope, id, sql`${isNotNull(libraries.trashedAt)}`, {
    columns: { trashedAt: null, purgeAt: null, updatedAt: atMs },
    event: { type: "library_restored", atMs },
  });
}

/** Makes a trashed library due for deletion now. A live library is unchanged. */
export async function expireTrashRetention(
  db: Database,
  scope: LibraryScope,
  id: string,
  atMs: number,
): Promise<Library | null> {
  const isLater = sql`(${libraries.purgeAt} IS NULL OR ${libraries.purgeAt} > ${atMs})`;
  const condition = sql`${isNotNull(libraries.trashedAt)} AND ${isLater}`;
  return await changeLibrary(db, scope, id, condition, { columns: { purgeAt: atMs }, event: null });
}
