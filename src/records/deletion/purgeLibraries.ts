/** Deletes trashed libraries in parts. Every part checks that the library is due, because it may have been restored. */
import { and, asc, eq, lte, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { libraries } from "../schema/schema.ts";
import { unionAll } from "../sql/unionAll.ts";

/** Libraries whose retention in the trash has expired, longest due first. */
export async function listLibrariesToPurge(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ id: libraries.id })
    .from(libraries)
    .where(lte(libraries.purgeAt, atMs))
    .orderBy(asc(libraries.purgeAt))
    .limit(limit);
  return rows.map((row) => row.id);
}

export async function listAssetsToPurge(db: Database, libraryId: string, limit: number): Promise<string[]> {
  const rows = await db.orm.all<{ id: string }>(
    sql`SELECT a.id AS id FROM assets a INDEXED BY assets_by_checksum WHERE a.library_id = ${libraryId} LIMIT ${limit}`,
  );
  return rows.map((row) => row.id);
}

const ROWS_PER_PART = 1000;
const EVENTS_PER_PART = 5000;

function isEmpty(table: string, libraryId: string): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(table)} WHERE library_id = ${libraryId})`;
}

/** Deletes up to `limit` rows of the library if `condition` holds. */
function deletePart(db: Database, table: string, key: string, libraryId: string, condition: SQL, limit: number) {
  const part = sql`SELECT ${sql.raw(key)} FROM ${sql.raw(table)} WHERE library_id = ${libraryId} AND ${condition} LIMIT ${limit}`;
  return db.statement(sql`DELETE FROM ${sql.raw(table)} WHERE ${sql.raw(key)} IN (${part})`);
}

/** The first rows of a table whose rows are entities of the change feed. */
function selectPart(table: "albums" | "people", libraryId: string, isDue: SQL): SQL {
  return sql`SELECT library_id, id FROM ${sql.raw(table)} WHERE library_id = ${libraryId} AND ${isDue}
    ORDER BY id LIMIT ${ROWS_PER_PART}`;
}

/** Deletes a part of the albums and of the people, after the events of their deletion. */
function deleteAnnounced(db: Database, libraryId: string, isDue: SQL, atMs: number) {
  const albums = selectPart("albums", libraryId, isDue);
  const people = selectPart("people", libraryId, isDue);
  const at = eventTime(atMs);
  return [
    insertSelectedEvents(
      db,
      unionAll([
        sql`SELECT library_id, 'album_deleted', 'album', id, NULL, ${at} FROM (${albums})`,
        sql`SELECT library_id, 'person_deleted', 'person', id, NULL, ${at} FROM (${people})`,
      ]),
    ),
    db.statement(sql`DELETE FROM albums WHERE id IN (SELECT id FROM (${albums}))`),
    db.statement(sql`DELETE FROM people WHERE id IN (SELECT id FROM (${people}))`),
  ] as const;
}

/**
 * Deletes one part of the rows of a library without assets, and finally the library. Returns true once the library is
 * deleted. Deletions of albums and people write events, because the library may be restored between two parts; events
 * are deleted after them.
 */
export async function purgeLibraryRows(db: Database, libraryId: string, atMs: number): Promise<boolean> {
  const isDue = sql`EXISTS (SELECT 1 FROM libraries WHERE id = ${libraryId} AND purge_at <= ${atMs})
    AND ${isEmpty("assets", libraryId)}`;
  const isAnnounced = sql`${isDue} AND ${isEmpty("albums", libraryId)} AND ${isEmpty("people", libraryId)}`;
  const otherTables = ["stacks", "asset_tasks", "events"];
  const results = await db.orm.batch([
    ...deleteAnnounced(db, libraryId, isDue, atMs),
    deletePart(db, "stacks", "id", libraryId, isDue, ROWS_PER_PART),
    deletePart(db, "asset_tasks", "asset_id", libraryId, isDue, ROWS_PER_PART),
    deletePart(db, "events", "seq", libraryId, isAnnounced, EVENTS_PER_PART),
    db.orm
      .delete(libraries)
      .where(and(eq(libraries.id, libraryId), isAnnounced, ...otherTables.map((table) => isEmpty(table, libraryId))))
      .returning({ id: libraries.id }),
  ]);
  return results[6].length > 0;
}
