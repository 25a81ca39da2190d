/** Adds assets to albums and removes them, and updates the album's count, dates and cover in the same batch. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import { albumExists, selectAlbumUpdatedEvents, selectMembershipEvents, type Album } from "./albums.ts";
import type { Database } from "../database.ts";
import { insertSelectedEvents } from "../events/events.ts";
import { isVisible, trashClearedAtOf } from "../libraries/libraries.ts";
import { albumAssets, albums } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";

/**
 * Columns computed from the oldest and the newest live member, each one index seek. `except` is a further condition.
 */
function dateRangeColumns(except: SQL): { column: SQL; value: SQL }[] {
  const memberValue = (column: string, wanted: string, direction: "ASC" | "DESC"): { column: SQL; value: SQL } => ({
    column: sql.raw(column),
    value: sql`(SELECT ${sql.raw(wanted)} FROM album_assets l INDEXED BY album_assets_live CROSS JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = albums.id AND l.trashed_at IS NULL ${except}
      ORDER BY l.sort_key ${sql.raw(direction)} LIMIT 1)`,
  });
  return [
    memberValue("start_us", "a.local_us", "ASC"),
    memberValue("start_offset_minutes", "a.local_offset_minutes", "ASC"),
    memberValue("end_us", "a.local_us", "DESC"),
    memberValue("end_offset_minutes", "a.local_offset_minutes", "DESC"),
    memberValue("newest_asset_id", "a.id", "DESC"),
  ];
}

/** Assignments for SET: the current date range and newest member. */
export function albumDateRange(except: SQL = sql``): SQL {
  return sql.join(
    dateRangeColumns(except).map(({ column, value }) => sql`${column} = ${value}`),
    sql`, `,
  );
}

/** A condition: the stored date range or newest member is out of date. */
export function albumDateRangeChanged(): SQL {
  const changed = dateRangeColumns(sql``).map(({ column, value }) => sql`albums.${column} IS NOT ${value}`);
  return sql`(${sql.join(changed, sql` OR `)})`;
}

/**
 * Inserts an event per membership of `memberships`, a FROM of `album_assets l`, then the album's event if there are
 * any.
 */
function insertMembershipEvents(
  db: Database,
  album: Album,
  memberships: SQL,
  eventType: "album_asset_added" | "album_asset_removed",
  atMs: number,
) {
  return insertSelectedEvents(
    db,
    sql`SELECT * FROM (${selectMembershipEvents(eventType, memberships, atMs)})
    UNION ALL
    ${selectAlbumUpdatedEvents(atMs)} WHERE ${albums.id} = ${album.id} AND EXISTS (SELECT 1 FROM ${memberships})`,
  );
}

export interface AddResult {
  added: string[];
  duplicate: string[];
  notFound: string[];
}

/**
 * Adds live assets to the album, atomically. New memberships have ids that only this call uses, and the statements
 * after the INSERT select by them, so that the call is idempotent. Trashed assets count as not found.
 */
export async function addAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<AddResult> {
  // Sorted, so that memberships and events have the order of `assetIds`.
  const membershipIds = assetIds.map(() => newId("albumAsset", atMs)).toSorted();
  const requested = assetIds.map((assetId, i) => ({ membershipId: membershipIds[i], assetId }));
  const inserted = sql`album_assets l WHERE ${inList(sql`l.id`, membershipIds)}`;
  const results = await db.orm.batch([
    db.orm
      .insert(albumAssets)
      .select(
        sql`SELECT w.value ->> 'membershipId', a.library_id, ${album.id}, a.id, a.local_us, a.trashed_at, ${atMs}, ${atMs}
          FROM ${jsonEach(requested)} w CROSS JOIN assets a ON a.id = w.value ->> 'assetId'
          WHERE a.library_id = ${album.libraryId} AND a.trashed_at IS NULL AND ${albumExists(album.id)}`,
      )
      .onConflictDoNothing(),
    db.statement(sql`UPDATE assets SET album_count = album_count + 1 WHERE id IN (SELECT l.asset_id FROM ${inserted})`),
    db.statement(sql`UPDATE albums SET asset_count = asset_count + (SELECT count(*) FROM ${inserted}), ${albumDateRange()},
      updated_at = ${atMs} WHERE id = ${album.id} AND EXISTS (SELECT 1 FROM ${inserted})`),
    insertMembershipEvents(db, album, inserted, "album_asset_added", atMs),
    db.orm
      .select({ assetId: albumAssets.assetId, membershipId: albumAssets.id })
      .from(albumAssets)
      .where(
        and(
          eq(albumAssets.albumId, album.id),
          inList(albumAssets.assetId, assetIds),
          isVisible(albumAssets.trashedAt, trashClearedAtOf(album.libraryId)),
        ),
      ),
  ]);
  const stored = new Map(results[4].map((row) => [row.assetId, row.membershipId]));
  const added = new Set(
    requested.filter(({ assetId, membershipId }) => stored.get(assetId) === membershipId).map(({ assetId }) => assetId),
  );
  return {
    added: assetIds.filter((id) => added.has(id)),
    duplicate: assetIds.filter((id) => stored.has(id) && !added.has(id)),
    notFound: assetIds.filter((id) => !stored.has(id)),
  };
}

/** Removes assets from the album, atomically and idempotently. Ignores non-members. */
export async function removeAlbumAssets(db: Database, album: Album, assetIds: string[], atMs: number): Promise<void> {
  const isRemoved = inList(sql`l.asset_id`, assetIds);
  // Without INDEXED BY, SQLite may scan all live members of the album.
  const removed = sql`album_assets l INDEXED BY album_assets_pair WHERE l.album_id = ${album.id} AND ${isRemoved}`;
  await db.orm.batch([
    db.statement(sql`UPDATE albums SET
        asset_count = asset_count - (SELECT count(*) FROM ${removed} AND l.trashed_at IS NULL), ${albumDateRange(sql`AND NOT ${isRemoved}`)},
        pinned_cover_id = CASE WHEN ${inList(sql`pinned_cover_id`, assetIds)} THEN NULL ELSE pinned_cover_id END,
        updated_at = ${atMs}
      WHERE id = ${album.id} AND EXISTS (SELECT 1 FROM ${removed})`),
    insertMembershipEvents(db, album, removed, "album_asset_removed", atMs),
    db.statement(sql`UPDATE assets SET album_count = album_count - 1 WHERE id IN (SELECT l.asset_id FROM ${removed})`),
    // Last, because the statements above select by these rows.
    db.statement(sql`DELETE FROM album_assets WHERE id IN (SELECT l.id FROM ${removed})`),
  ]);
}
