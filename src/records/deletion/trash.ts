/**
 * The trash: into it, back out of it, and emptied. Each change is one batch, whose events and albums are told before the
 * assets move, so that a second run finds nothing to tell. Triggers move links and the stacks' counts along.
 *
 * Emptying is one number of the library: what was trashed up to `emptied_at` is gone for every reader at once, however
 * much it is, and its rows are purged after that. So nothing may be trashed with a time up to that number again, and
 * nothing is restored that has one.
 */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { assetsLeaveAlbums, assetsReturnToAlbums } from "../albums/albumRollups.ts";
import { selectAlbumUpdated } from "../albums/albums.ts";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { emptiedAtOf } from "../libraries/libraries.ts";
import { libraries } from "../schema/schema.ts";

/** What a client should hear of: the assets, the albums that show others now, the stacks that have more or fewer. */
function insertMoveEvents(db: Database, moving: SQL, pinIsLive: SQL, atMs: number) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT * FROM (SELECT a.library_id, 'asset_updated', 'asset', a.id, json_object('stack_id', a.stack_id), ${eventTime(atMs)}
      FROM assets a WHERE a.id IN (${moving}) ORDER BY a.id)
    UNION ALL
    SELECT * FROM (${selectAlbumUpdated(atMs, pinIsLive)}
      WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${moving})) ORDER BY id)
    UNION ALL
    SELECT * FROM (SELECT s.library_id, 'stack_updated', 'stack', s.id, NULL, ${eventTime(atMs)}
      FROM stacks s WHERE s.id IN (SELECT a.stack_id FROM assets a WHERE a.id IN (${moving})) ORDER BY s.id)`);
}

function touchStacks(db: Database, moving: SQL, atMs: number) {
  return db.statement(sql`UPDATE stacks SET updated_at = ${atMs}
    WHERE id IN (SELECT a.stack_id FROM assets a WHERE a.id IN (${moving}))`);
}

function moveAssets(db: Database, moving: SQL, trashedAt: SQL, atMs: number) {
  return db.statement(sql`UPDATE assets SET trashed_at = ${trashedAt}, updated_at = ${atMs} WHERE id IN (${moving})`);
}

/** The plus keeps SQLite from walking the library instead of looking the ids up. */
function named(libraryId: string, ids: string[], state: SQL): SQL {
  return sql`SELECT d.id FROM assets d WHERE d.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
    AND +d.library_id = ${libraryId} AND ${state}`;
}

/** Four statements, whatever the number. Ids of the trash, of other libraries and of nothing are left alone. */
export async function trashAssets(db: Database, libraryId: string, ids: string[], atMs: number): Promise<void> {
  const moving = named(libraryId, ids, sql`d.trashed_at IS NULL`);
  await db.orm.batch([
    assetsLeaveAlbums(db, moving, { unpin: false }, atMs),
    insertMoveEvents(db, moving, sql`p.trashed_at IS NULL AND p.id NOT IN (${moving})`, atMs),
    touchStacks(db, moving, atMs),
    // Another machine's clock may have emptied the trash a moment from now.
    moveAssets(db, moving, sql`max(${atMs}, ${emptiedAtOf(libraryId)} + 1)`, atMs),
  ]);
}

/** The same, back. What the trash was emptied of does not come back, though its rows may be there. */
export async function restoreAssets(db: Database, libraryId: string, ids: string[], atMs: number): Promise<void> {
  const moving = named(libraryId, ids, sql`d.trashed_at > ${emptiedAtOf(libraryId)}`);
  await db.orm.batch([
    assetsReturnToAlbums(db, moving, atMs),
    insertMoveEvents(db, moving, sql`(p.trashed_at IS NULL OR p.id IN (${moving}))`, atMs),
    touchStacks(db, moving, atMs),
    moveAssets(db, moving, sql`NULL`, atMs),
  ]);
}

/**
 * All that is in the trash at this moment is gone with this statement. Up to `limit` ids of it come back, in the order
 * in which they are purged.
 */
export async function emptyTrash(db: Database, libraryId: string, limit: number): Promise<string[]> {
  const newest = sql`(SELECT a.trashed_at FROM assets a INDEXED BY assets_trashed
    WHERE a.library_id = ${libraryId} AND a.trashed_at IS NOT NULL ORDER BY a.trash_key DESC LIMIT 1)`;
  const [, rows] = await db.orm.batch([
    db.orm
      .update(libraries)
      .set({ emptiedAt: sql`${newest}` })
      .where(and(eq(libraries.id, libraryId), sql`${libraries.emptiedAt} < ${newest}`)),
    selectEmptied(db, libraryId, limit),
  ]);
  return rows.map((row) => row.id);
}

function selectEmptied(db: Database, libraryId: string, limit: number) {
  const emptied = sql`assets a INDEXED BY assets_trashed WHERE a.library_id = ${libraryId} AND a.trashed_at IS NOT NULL
    AND a.trash_key < printf('%012x', ${emptiedAtOf(libraryId)} + 1) ORDER BY a.trash_key LIMIT ${limit}`;
  return db.orm.select({ id: sql<string>`id`.as("id") }).from(sql`(SELECT a.id FROM ${emptied})`);
}

/** Assets that the trash was emptied of, and whose rows are still there. */
export async function listEmptied(db: Database, libraryId: string, limit: number): Promise<string[]> {
  return (await selectEmptied(db, libraryId, limit)).map((row) => row.id);
}

/** What has been in the trash since before `trashedBefore`, or was emptied out of it, library by library. */
export async function listExpiredTrash(db: Database, trashedBefore: number, limit: number): Promise<string[]> {
  // Each library's trash is in order of trash time; the libraries themselves are few beside their assets.
  const rows = await db.orm.all<{ id: string }>(sql`
    SELECT a.id AS id FROM libraries l CROSS JOIN assets a INDEXED BY assets_trashed ON a.library_id = l.id
    WHERE a.trashed_at IS NOT NULL AND a.trash_key < printf('%012x', max(${trashedBefore}, l.emptied_at + 1)) LIMIT ${limit}`);
  return rows.map((row) => row.id);
}
