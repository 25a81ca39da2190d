/** The end of a trashed library, part by part. Every part asks again whether it is due: someone may have restored it. */
import { and, asc, eq, lte, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { libraries } from "../schema/schema.ts";

/** Those whose window has closed, in the order in which it did. */
export async function listLibrariesToDrain(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ id: libraries.id })
    .from(libraries)
    .where(lte(libraries.drainAt, atMs))
    .orderBy(asc(libraries.drainAt))
    .limit(limit);
  return rows.map((row) => row.id);
}

export async function listAssetsToDrain(db: Database, libraryId: string, limit: number): Promise<string[]> {
  const rows = await db.orm.all<{ id: string }>(
    sql`SELECT a.id AS id FROM assets a INDEXED BY assets_all WHERE a.library_id = ${libraryId} LIMIT ${limit}`,
  );
  return rows.map((row) => row.id);
}

const ROWS_PER_PART = 1000;
const EVENTS_PER_PART = 5000;

function noneLeft(table: string, libraryId: string): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(table)} WHERE library_id = ${libraryId})`;
}

/** Up to so many rows, while the library is due and the earlier parts are done. */
function deletePart(db: Database, table: string, key: string, libraryId: string, when: SQL, limit: number) {
  const part = sql`SELECT ${sql.raw(key)} FROM ${sql.raw(table)} WHERE library_id = ${libraryId} AND ${when} LIMIT ${limit}`;
  return db.statement(sql`DELETE FROM ${sql.raw(table)} WHERE ${sql.raw(key)} IN (${part})`);
}

/**
 * One part of what is left when the assets are gone, the library's own row in the last; true when that has gone.
 * Albums are told of, should a restore come between two parts; the feed goes after them, for nobody can read it then.
 */
export async function drainRemains(db: Database, libraryId: string, atMs: number): Promise<boolean> {
  const due = sql`EXISTS (SELECT 1 FROM libraries WHERE id = ${libraryId} AND drain_at <= ${atMs})
    AND ${noneLeft("assets", libraryId)}`;
  const settled = sql`${due} AND ${noneLeft("albums", libraryId)}`;
  const others = ["stacks", "tasks", "events"];
  const results = await db.orm.batch([
    db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
      SELECT library_id, 'album_deleted', 'album', id, NULL, ${eventTime(atMs)} FROM (
        SELECT library_id, id FROM albums WHERE library_id = ${libraryId} AND ${due} ORDER BY id LIMIT ${ROWS_PER_PART})`),
    db.statement(sql`DELETE FROM albums WHERE id IN (
      SELECT id FROM albums WHERE library_id = ${libraryId} AND ${due} ORDER BY id LIMIT ${ROWS_PER_PART})`),
    deletePart(db, "stacks", "id", libraryId, due, ROWS_PER_PART),
    deletePart(db, "tasks", "id", libraryId, due, ROWS_PER_PART),
    deletePart(db, "events", "seq", libraryId, settled, EVENTS_PER_PART),
    db.orm
      .delete(libraries)
      .where(and(eq(libraries.id, libraryId), settled, ...others.map((table) => noneLeft(table, libraryId))))
      .returning({ id: libraries.id }),
  ]);
  return results[5].length > 0;
}
