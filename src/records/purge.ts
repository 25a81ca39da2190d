/** Deletes assets for good: every row that knows of them, in one batch, with a note that their objects are to follow. */
import { asc, eq, inArray, lte, sql, type SQL } from "drizzle-orm";
import { albumEnds } from "./albumAssets.ts";
import { selectAlbumUpdated } from "./albums.ts";
import type { Database } from "./database.ts";
import { eventTime } from "./events.ts";
import { assets, deletions } from "./schema.ts";

/** What the objects of a deleted asset are found by. */
export interface PurgedAsset {
  id: string;
  currentVersionId: string;
  stillVersionId: string | null;
}

export interface PurgeRequest {
  ids: string[];
  /** Only what was trashed before this: someone may have restored it meanwhile. Null: live ones too. */
  trashedBefore: number | null;
  atMs: number;
  /** When a listing makes sure that nothing is left of the objects. */
  cleanUpAt: number;
}

/** Albums with such members are counted, dated and covered anew, without the ones that leave. */
function updateAlbums(db: Database, doomed: SQL, atMs: number) {
  return db.statement(sql`UPDATE albums SET
      asset_count = asset_count - (SELECT count(*) FROM album_assets l
        WHERE l.album_id = albums.id AND l.asset_id IN (${doomed}) AND l.trashed_at IS NULL),
      ${albumEnds(sql`AND l.asset_id NOT IN (${doomed})`)},
      pinned_cover_id = CASE WHEN pinned_cover_id IN (${doomed}) THEN NULL ELSE pinned_cover_id END,
      updated_at = ${atMs}
    WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${doomed}))`);
}

/** In the order a client should hear of them: out of the albums, then gone. */
function insertPurgeEvents(db: Database, doomed: SQL, atMs: number) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT * FROM (SELECT l.library_id, 'album_asset_removed', 'album_asset', l.id,
      json_object('album_id', l.album_id, 'asset_id', l.asset_id), ${eventTime(atMs)}
      FROM album_assets l WHERE l.asset_id IN (${doomed}) ORDER BY l.id)
    UNION ALL
    SELECT * FROM (${selectAlbumUpdated(atMs)}
      WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${doomed})) ORDER BY id)
    UNION ALL
    SELECT * FROM (SELECT a.library_id, 'asset_deleted', 'asset', a.id, NULL, ${eventTime(atMs)}
      FROM assets a WHERE a.id IN (${doomed}) ORDER BY a.id)`);
}

/** `asset_count` counts what is in the trash too, as the storage does. */
function giveStorageBack(db: Database, table: "users" | "libraries", doomed: SQL) {
  const owner = sql.raw(table === "users" ? "user_id" : "library_id");
  // The plus keeps SQLite from walking the owner's index, which is as long as the library.
  const mine = sql`FROM assets a WHERE a.id IN (${doomed}) AND +a.${owner} = ${sql.raw(table)}.id`;
  const count = table === "users" ? sql`` : sql`, asset_count = asset_count - (SELECT count(*) ${mine})`;
  return db.statement(sql`UPDATE ${sql.raw(table)} SET
      storage_used_bytes = storage_used_bytes - (SELECT coalesce(sum(a.file_size_bytes), 0) ${mine})${count}
    WHERE id IN (SELECT a.${owner} FROM assets a WHERE a.id IN (${doomed}))`);
}

/**
 * At most 100 at a time. The assets' own rows go last and every statement before asks for them, so a second run finds
 * nothing to do. The note of the objects is written with it: no crash leaves objects that nobody knows of.
 */
export async function deleteAssets(db: Database, request: PurgeRequest): Promise<PurgedAsset[]> {
  const { ids, trashedBefore, atMs, cleanUpAt } = request;
  const trashed = trashedBefore === null ? sql`` : sql` AND d.trashed_at < ${trashedBefore}`;
  const doomed = sql`SELECT d.id FROM assets d WHERE d.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))${trashed}`;
  const results = await db.orm.batch([
    updateAlbums(db, doomed, atMs),
    insertPurgeEvents(db, doomed, atMs),
    giveStorageBack(db, "users", doomed),
    giveStorageBack(db, "libraries", doomed),
    db.statement(sql`INSERT INTO deletions (asset_id, due_at) SELECT id, ${cleanUpAt} FROM (${doomed}) WHERE true
      ON CONFLICT (asset_id) DO UPDATE SET due_at = excluded.due_at`),
    db.statement(sql`DELETE FROM tasks WHERE asset_id IN (${doomed})`),
    db.statement(sql`DELETE FROM album_assets WHERE asset_id IN (${doomed})`),
    db.orm
      .delete(assets)
      .where(sql`${assets.id} IN (${doomed})`)
      .returning({ id: assets.id, currentVersionId: assets.currentVersionId, stillVersionId: assets.stillVersionId }),
  ]);
  return results[7];
}

/** What has been in the trash since before `trashedBefore`, library by library. */
export async function listExpiredTrash(db: Database, trashedBefore: number, limit: number): Promise<string[]> {
  // Each library's trash is in order of trash time; the libraries themselves are few beside their assets.
  const rows = await db.orm.all<{ id: string }>(sql`
    SELECT a.id AS id FROM libraries l CROSS JOIN assets a INDEXED BY assets_trashed ON a.library_id = l.id
    WHERE a.trashed_at IS NOT NULL AND a.trash_key < printf('%012x', ${trashedBefore}) LIMIT ${limit}`);
  return rows.map((row) => row.id);
}

export async function listDueDeletions(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ assetId: deletions.assetId })
    .from(deletions)
    .where(lte(deletions.dueAt, atMs))
    .orderBy(asc(deletions.dueAt))
    .limit(limit);
  return rows.map((row) => row.assetId);
}

export async function forgetDeletion(db: Database, assetId: string): Promise<void> {
  await db.orm.delete(deletions).where(eq(deletions.assetId, assetId));
}

/** Of these, the ones whose objects are about to go. */
export async function listPendingDeletions(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm
    .select({ assetId: deletions.assetId })
    .from(deletions)
    .where(inArray(deletions.assetId, sql`(SELECT value FROM json_each(${JSON.stringify(assetIds)}))`));
  return new Set(rows.map((row) => row.assetId));
}
