/**
 * Moves assets to the trash, restores them and clears the trash. Each move is one batch that inserts events and updates
 * albums before the assets change, which makes it idempotent. Triggers update memberships and stack counts.
 *
 * Clearing sets `libraries.trash_cleared_at`: assets trashed up to that time are hidden from every reader at once, and
 * their rows are purged afterwards. Assets are always trashed later than that time; only those can be restored.
 */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { recomputeAlbumsOnAdd, recomputeAlbumsOnRemove } from "../albums/albumRollups.ts";
import { selectAlbumUpdatedEvents } from "../albums/albums.ts";
import type { Database } from "../database.ts";
import type { PairKey } from "../delivery/livePhotos.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { trashClearedAtOf } from "../libraries/libraries.ts";
import { assets, libraries } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";

/**
 * People whose portrait is hidden or shown again although the face is not theirs: the feed has no other event from which a
 * client learns this.
 */
function selectPortraitEvents(movedIds: SQL, atMs: number): SQL {
  return sql`SELECT p.library_id, 'person_updated', 'person', p.id, NULL, ${eventTime(atMs)}
    FROM faces f CROSS JOIN people p INDEXED BY people_by_portrait ON p.thumbnail_face_id = f.id
    WHERE f.asset_id IN (${movedIds}) AND p.id IS NOT f.person_id ORDER BY p.id`;
}

/**
 * Events of the moved assets, which name their stack, of albums whose live members change, and of people who are shown
 * by a face that nobody has.
 */
function insertMoveEvents(
  db: Database,
  eventType: "asset_trashed" | "asset_restored",
  movedIds: SQL,
  pinIsLive: SQL,
  atMs: number,
) {
  return insertSelectedEvents(
    db,
    sql`SELECT * FROM (SELECT a.library_id, ${eventType}, 'asset', a.id, json_object('stack_id', a.stack_id), ${eventTime(atMs)}
      FROM assets a WHERE a.id IN (${movedIds}) ORDER BY a.id)
    UNION ALL
    SELECT * FROM (${selectAlbumUpdatedEvents(atMs, pinIsLive)}
      WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${movedIds})) ORDER BY id)
    UNION ALL SELECT * FROM (${selectPortraitEvents(movedIds, atMs)})`,
  );
}

function touchStacks(db: Database, movedIds: SQL, atMs: number) {
  return db.statement(sql`UPDATE stacks SET updated_at = ${atMs}
    WHERE id IN (SELECT a.stack_id FROM assets a WHERE a.id IN (${movedIds}))`);
}

function setTrashedAt(db: Database, movedIds: SQL, trashedAt: SQL, atMs: number) {
  return db.orm
    .update(assets)
    .set({ trashedAt, updatedAt: atMs })
    .where(sql`id IN (${movedIds})`)
    .returning({ livePhotoCid: assets.livePhotoCid });
}

function pairsOf(libraryId: string, rows: { livePhotoCid: string | null }[]): PairKey[] {
  return rows.flatMap(({ livePhotoCid }) => (livePhotoCid === null ? [] : [{ libraryId, livePhotoCid }]));
}

/** The unary plus makes SQLite look up the ids instead of scanning the library. */
function selectIds(libraryId: string, ids: string[], state: SQL): SQL {
  return sql`SELECT d.id FROM assets d WHERE ${inList(sql`d.id`, ids)}
    AND +d.library_id = ${libraryId} AND ${state}`;
}

/** Trashes live assets of the library in four statements. Other ids are ignored. Returns the pairs of live photos. */
export async function trashAssets(db: Database, libraryId: string, ids: string[], atMs: number): Promise<PairKey[]> {
  const movedIds = selectIds(libraryId, ids, sql`d.trashed_at IS NULL`);
  const [, , , trashed] = await db.orm.batch([
    recomputeAlbumsOnRemove(db, movedIds, { unpin: false }, atMs),
    insertMoveEvents(db, "asset_trashed", movedIds, sql`p.trashed_at IS NULL AND p.id NOT IN (${movedIds})`, atMs),
    touchStacks(db, movedIds, atMs),
    // A machine whose clock is ahead may have cleared the trash at a time after `atMs`.
    setTrashedAt(db, movedIds, sql`max(${atMs}, ${trashClearedAtOf(libraryId)} + 1)`, atMs),
  ]);
  return pairsOf(libraryId, trashed);
}

/**
 * Restores trashed assets of the library in four statements. Assets of a cleared trash and other ids are ignored. Returns
 * the pairs of live photos.
 */
export async function restoreAssets(db: Database, libraryId: string, ids: string[], atMs: number): Promise<PairKey[]> {
  const movedIds = selectIds(libraryId, ids, sql`d.trashed_at > ${trashClearedAtOf(libraryId)}`);
  const [, , , restored] = await db.orm.batch([
    recomputeAlbumsOnAdd(db, movedIds, atMs),
    insertMoveEvents(db, "asset_restored", movedIds, sql`(p.trashed_at IS NULL OR p.id IN (${movedIds}))`, atMs),
    touchStacks(db, movedIds, atMs),
    setTrashedAt(db, movedIds, sql`NULL`, atMs),
  ]);
  return pairsOf(libraryId, restored);
}

/** Clears the trash. Returns up to `limit` ids of its assets, in the order of purging. */
export async function emptyTrash(db: Database, libraryId: string, limit: number): Promise<string[]> {
  const newest = sql`(SELECT a.trashed_at FROM assets a INDEXED BY assets_trashed
    WHERE a.library_id = ${libraryId} AND a.trashed_at IS NOT NULL ORDER BY a.trash_key DESC LIMIT 1)`;
  const [, rows] = await db.orm.batch([
    db.orm
      .update(libraries)
      .set({ trashClearedAt: sql`${newest}` })
      .where(and(eq(libraries.id, libraryId), sql`${libraries.trashClearedAt} < ${newest}`)),
    selectClearedTrash(db, libraryId, limit),
  ]);
  return rows.map((row) => row.id);
}

function selectClearedTrash(db: Database, libraryId: string, limit: number) {
  const cleared = sql`assets a INDEXED BY assets_trashed WHERE a.library_id = ${libraryId} AND a.trashed_at IS NOT NULL
    AND a.trash_key < printf('%012x', ${trashClearedAtOf(libraryId)} + 1) ORDER BY a.trash_key LIMIT ${limit}`;
  return db.orm.select({ id: sql<string>`id`.as("id") }).from(sql`(SELECT a.id FROM ${cleared})`);
}

/** Assets of the cleared trash whose rows still exist. */
export async function listClearedTrash(db: Database, libraryId: string, limit: number): Promise<string[]> {
  return (await selectClearedTrash(db, libraryId, limit)).map((row) => row.id);
}

/** Assets of all libraries that were trashed before `trashedBefore` or are in a cleared trash. */
export async function listExpiredTrash(db: Database, trashedBefore: number, limit: number): Promise<string[]> {
  // Scans all libraries, which are few compared with assets; each trash is in order of trash time.
  const rows = await db.orm.all<{ id: string }>(sql`
    SELECT a.id AS id FROM libraries l CROSS JOIN assets a INDEXED BY assets_trashed ON a.library_id = l.id
    WHERE a.trashed_at IS NOT NULL AND a.trash_key < printf('%012x', max(${trashedBefore}, l.trash_cleared_at + 1)) LIMIT ${limit}`);
  return rows.map((row) => row.id);
}
