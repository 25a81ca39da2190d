/** Which assets an album holds. Adding and removing keep the album's count, dates and cover in the same batch. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import { selectAlbumUpdated, selectLinkEvents, type Album } from "./albums.ts";
import type { Database } from "../database.ts";
import { emptiedAtOf } from "../libraries/libraries.ts";
import { albumAssets, albums } from "../schema/schema.ts";

/** Oldest, newest and stand-in cover of `albums`, column by column: the ends of one index, `besides` the links it names. */
function endColumns(besides: SQL): { column: SQL; end: SQL }[] {
  const end = (column: string, wanted: string, direction: "ASC" | "DESC"): { column: SQL; end: SQL } => ({
    column: sql.raw(column),
    end: sql`(SELECT ${sql.raw(wanted)} FROM album_assets l INDEXED BY album_assets_live CROSS JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = albums.id AND l.trashed_at IS NULL ${besides}
      ORDER BY l.sort_key ${sql.raw(direction)} LIMIT 1)`,
  });
  return [
    end("start_us", "a.local_us", "ASC"),
    end("start_offset_minutes", "a.local_offset_minutes", "ASC"),
    end("end_us", "a.local_us", "DESC"),
    end("end_offset_minutes", "a.local_offset_minutes", "DESC"),
    end("newest_asset_id", "a.id", "DESC"),
  ];
}

/** The ends as they are now, to be SET. */
export function albumEnds(besides: SQL = sql``): SQL {
  return sql.join(
    endColumns(besides).map(({ column, end }) => sql`${column} = ${end}`),
    sql`, `,
  );
}

/** A condition: the ends that are stored are not the ends any more. */
export function albumEndsMoved(): SQL {
  const moved = endColumns(sql``).map(({ column, end }) => sql`albums.${column} IS NOT ${end}`);
  return sql`(${sql.join(moved, sql` OR `)})`;
}

/** Someone may have deleted the album since it was read. */
function stillThere(album: Album): SQL {
  return sql`EXISTS (SELECT 1 FROM albums WHERE id = ${album.id})`;
}

/** The events of these links, then the album's where there are any. */
function insertLinkEvents(
  db: Database,
  album: Album,
  links: SQL,
  eventType: "album_asset_added" | "album_asset_removed",
  atMs: number,
) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT * FROM (${selectLinkEvents(eventType, links, atMs)})
    UNION ALL
    ${selectAlbumUpdated(atMs)} WHERE ${albums.id} = ${album.id} AND EXISTS (SELECT 1 FROM ${links})`);
}

export interface AddResult {
  added: string[];
  duplicate: string[];
  notFound: string[];
}

/**
 * Atomic and repeatable: the links that this call makes have ids that no other has, and all that follows them asks for
 * those, so a call that finds every asset a member changes nothing. Trashed assets are not found.
 */
export async function addAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<AddResult> {
  // Sorted, so that links and events are in the order the assets were named in.
  const linkIds = assetIds.map(() => newId("albumAsset", atMs)).toSorted();
  const wanted = assetIds.map((assetId, i) => ({ linkId: linkIds[i], assetId }));
  const made = sql`album_assets l WHERE ${inJson(sql`l.id`, linkIds)}`;
  const results = await db.orm.batch([
    db.orm
      .insert(albumAssets)
      .select(
        sql`SELECT w.value ->> 'linkId', a.library_id, ${album.id}, a.id, a.local_us, a.trashed_at, ${atMs}, ${atMs}
          FROM json_each(${JSON.stringify(wanted)}) w CROSS JOIN assets a ON a.id = w.value ->> 'assetId'
          WHERE a.library_id = ${album.libraryId} AND a.trashed_at IS NULL AND ${stillThere(album)}`,
      )
      .onConflictDoNothing(),
    db.statement(sql`UPDATE assets SET album_count = album_count + 1 WHERE id IN (SELECT l.asset_id FROM ${made})`),
    db.statement(sql`UPDATE albums SET asset_count = asset_count + (SELECT count(*) FROM ${made}), ${albumEnds()},
      updated_at = ${atMs} WHERE id = ${album.id} AND EXISTS (SELECT 1 FROM ${made})`),
    insertLinkEvents(db, album, made, "album_asset_added", atMs),
    db.orm
      .select({ assetId: albumAssets.assetId, linkId: albumAssets.id })
      .from(albumAssets)
      .where(
        and(
          eq(albumAssets.albumId, album.id),
          inJson(sql`${albumAssets.assetId}`, assetIds),
          // What the trash was emptied of is gone, though its rows may take a while to follow.
          sql`(${albumAssets.trashedAt} IS NULL OR ${albumAssets.trashedAt} > ${emptiedAtOf(album.libraryId)})`,
        ),
      ),
  ]);
  const links = new Map(results[4].map((row) => [row.assetId, row.linkId]));
  const isNew = new Set(
    wanted.filter(({ assetId, linkId }) => links.get(assetId) === linkId).map((link) => link.assetId),
  );
  return {
    added: assetIds.filter((id) => isNew.has(id)),
    duplicate: assetIds.filter((id) => links.has(id) && !isNew.has(id)),
    notFound: assetIds.filter((id) => !links.has(id)),
  };
}

function inJson(column: SQL, values: string[]): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}

/** Atomic and repeatable: the links go last, and all before them asks for them. What is no member is left alone. */
export async function removeAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<void> {
  const leaves = inJson(sql`l.asset_id`, assetIds);
  // Left to itself, SQLite may walk the live members, who are as many as the album has.
  const leaving = sql`album_assets l INDEXED BY album_assets_pair WHERE l.album_id = ${album.id} AND ${leaves}`;
  await db.orm.batch([
    db.statement(sql`UPDATE albums SET
        asset_count = asset_count - (SELECT count(*) FROM ${leaving} AND l.trashed_at IS NULL), ${albumEnds(sql`AND NOT ${leaves}`)},
        pinned_cover_id = CASE WHEN ${inJson(sql`pinned_cover_id`, assetIds)} THEN NULL ELSE pinned_cover_id END,
        updated_at = ${atMs}
      WHERE id = ${album.id} AND EXISTS (SELECT 1 FROM ${leaving})`),
    insertLinkEvents(db, album, leaving, "album_asset_removed", atMs),
    db.statement(sql`UPDATE assets SET album_count = album_count - 1 WHERE id IN (SELECT l.asset_id FROM ${leaving})`),
    db.statement(sql`DELETE FROM album_assets WHERE id IN (SELECT l.id FROM ${leaving})`),
  ]);
}
