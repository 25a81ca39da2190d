/** Which assets an album holds. Adding and removing keep the album's count, dates and cover in the same batch. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { newId } from "../kernel/ids.ts";
import { insertAlbumUpdated, type Album } from "./albums.ts";
import type { Database } from "./database.ts";
import { eventTime } from "./events.ts";
import { albumAssets, albums } from "./schema.ts";

/**
 * Both changes open by counting what they will change into the album's row, and mark it with their own time.
 * What follows in the batch acts only on a marked row, so a call that changes nothing writes nothing.
 */
function countAndMark(db: Database, album: Album, delta: SQL, anything: SQL, atMs: number) {
  return db.statement(sql`UPDATE albums SET asset_count = asset_count + ${delta}, updated_at = ${atMs}
    WHERE id = ${album.id} AND EXISTS (SELECT 1 FROM ${anything})`);
}

/** Oldest, newest and stand-in cover of `albums`, to be SET: the ends of one index, `besides` the links it names. */
export function albumEnds(besides: SQL = sql``): SQL {
  const end = (column: string, direction: "ASC" | "DESC"): SQL =>
    sql`(SELECT ${sql.raw(column)} FROM album_assets l INDEXED BY album_assets_live CROSS JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = albums.id AND l.trashed_at IS NULL ${besides}
      ORDER BY l.sort_key ${sql.raw(direction)} LIMIT 1)`;
  return sql`
      start_us = ${end("a.local_us", "ASC")}, start_offset_minutes = ${end("a.local_offset_minutes", "ASC")},
      end_us = ${end("a.local_us", "DESC")}, end_offset_minutes = ${end("a.local_offset_minutes", "DESC")},
      newest_asset_id = ${end("a.id", "DESC")}`;
}

/** Ends and cover anew; a pin whose asset left is cleared. */
function refreshEnds(db: Database, album: Album, atMs: number) {
  return db.statement(sql`UPDATE albums SET ${albumEnds()},
      pinned_cover_id = CASE WHEN EXISTS (SELECT 1 FROM album_assets l
        WHERE l.album_id = albums.id AND l.asset_id = albums.pinned_cover_id) THEN pinned_cover_id END
    WHERE id = ${album.id} AND updated_at = ${atMs}`);
}

/** Only for an album that `countAndMark` marked. */
function insertAlbumUpdatedIfMarked(db: Database, album: Album, atMs: number) {
  return insertAlbumUpdated(db, album.id, sql`${albums.updatedAt} = ${atMs}`, atMs);
}

export interface AddResult {
  added: string[];
  duplicate: string[];
  notFound: string[];
}

/** Atomic and repeatable: a second run finds every asset a member and changes nothing. Trashed assets are not found. */
export async function addAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<AddResult> {
  const links = JSON.stringify(assetIds.map((assetId) => ({ linkId: newId("albumAsset", atMs), assetId })));
  const newcomers = sql`json_each(${links}) w CROSS JOIN assets a ON a.id = w.value ->> 'assetId'
    WHERE a.library_id = ${album.libraryId} AND a.trashed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM album_assets l WHERE l.album_id = ${album.id} AND l.asset_id = a.id)`;
  const results = await db.orm.batch([
    countAndMark(db, album, sql`(SELECT count(*) FROM ${newcomers})`, newcomers, atMs),
    db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
      SELECT a.library_id, 'album_asset_added', 'album_asset', w.value ->> 'linkId', NULL, ${eventTime(atMs)} FROM ${newcomers}`),
    db.statement(sql`UPDATE assets SET album_count = album_count + 1 WHERE id IN (SELECT a.id FROM ${newcomers})`),
    db.orm
      .insert(albumAssets)
      .select(
        sql`SELECT w.value ->> 'linkId', a.library_id, ${album.id}, a.id, a.local_us, a.trashed_at, ${atMs}, ${atMs} FROM ${newcomers}`,
      )
      .onConflictDoNothing()
      .returning({ assetId: albumAssets.assetId }),
    refreshEnds(db, album, atMs),
    insertAlbumUpdatedIfMarked(db, album, atMs),
    db.orm
      .select({ assetId: albumAssets.assetId })
      .from(albumAssets)
      .where(and(eq(albumAssets.albumId, album.id), inJson(sql`${albumAssets.assetId}`, assetIds))),
  ]);
  const added = new Set(results[3].map((row) => row.assetId));
  const members = new Set(results[6].map((row) => row.assetId));
  return {
    added: assetIds.filter((id) => added.has(id)),
    duplicate: assetIds.filter((id) => members.has(id) && !added.has(id)),
    notFound: assetIds.filter((id) => !members.has(id)),
  };
}

function inJson(column: SQL, values: string[]): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}

/** Atomic and repeatable: what is no member is left alone. */
export async function removeAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<void> {
  const leaving = sql`album_assets l WHERE l.album_id = ${album.id} AND ${inJson(sql`l.asset_id`, assetIds)}`;
  await db.orm.batch([
    countAndMark(db, album, sql`-(SELECT count(*) FROM ${leaving} AND l.trashed_at IS NULL)`, leaving, atMs),
    db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
      SELECT l.library_id, 'album_asset_removed', 'album_asset', l.id,
        json_object('album_id', l.album_id, 'asset_id', l.asset_id), ${eventTime(atMs)} FROM ${leaving}`),
    db.statement(sql`UPDATE assets SET album_count = album_count - 1 WHERE id IN (SELECT l.asset_id FROM ${leaving})`),
    db.statement(sql`DELETE FROM album_assets WHERE id IN (SELECT l.id FROM ${leaving})`),
    refreshEnds(db, album, atMs),
    insertAlbumUpdatedIfMarked(db, album, atMs),
  ]);
}
