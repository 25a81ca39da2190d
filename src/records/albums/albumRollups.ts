/**
 * Recomputes the count, dates and newest member of albums whose members are trashed, restored or deleted, from one pass
 * over the assets' memberships. Each statement precedes the change of the assets in its batch.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";

/** A membership's sort key is 16 digits of time, then the asset's id. */
function assetIdOfKey(key: SQL): SQL {
  return sql`substr(${key}, 17)`;
}

type Direction = "ASC" | "DESC";

/** The sort key of the oldest (ASC) or newest (DESC) live member. `except` is a further condition. */
function outermostKey(direction: Direction, except: SQL): SQL {
  return sql`(SELECT l.sort_key FROM album_assets l INDEXED BY album_assets_live
    WHERE l.album_id = n.album_id AND l.trashed_at IS NULL ${except} ORDER BY l.sort_key ${sql.raw(direction)} LIMIT 1)`;
}

/** The outermost key after `removedIds` have left. Reads one row, and one for each removed member before it. */
function keyAfterRemove(direction: Direction, removedIds: SQL): SQL {
  return outermostKey(direction, sql`AND l.asset_id NOT IN (${removedIds})`);
}

/** The outermost key after the added members have joined. */
function keyAfterAdd(direction: Direction): SQL {
  const [pick, added] = direction === "ASC" ? [sql`min`, sql`n.first_key`] : [sql`max`, sql`n.last_key`];
  return sql`${pick}(coalesce(${outermostKey(direction, sql``)}, ${added}), ${added})`;
}

interface Recomputation {
  assetCount: SQL;
  firstKey: SQL;
  lastKey: SQL;
  /** Further assignments, each followed by a comma. */
  assignments: SQL;
}

function recomputeAlbums(db: Database, assetIds: SQL, change: Recomputation, atMs: number) {
  const timeOf = (key: SQL): SQL =>
    sql`(SELECT a.local_us, a.local_offset_minutes FROM assets a WHERE a.id = ${assetIdOfKey(key)})`;
  return db.statement(sql`WITH changed AS MATERIALIZED (
      SELECT n.album_id, n.live_count, n.trashed_count, ${change.firstKey} AS first_key, ${change.lastKey} AS last_key FROM (
        SELECT l.album_id, sum(l.trashed_at IS NULL) AS live_count, sum(l.trashed_at IS NOT NULL) AS trashed_count,
          min(l.sort_key) AS first_key, max(l.sort_key) AS last_key
        FROM (${assetIds}) m CROSS JOIN album_assets l ON l.asset_id = m.id GROUP BY l.album_id) n)
    UPDATE albums SET
      asset_count = ${change.assetCount},
      (start_us, start_offset_minutes) = ${timeOf(sql`t.first_key`)},
      (end_us, end_offset_minutes) = ${timeOf(sql`t.last_key`)},
      newest_asset_id = ${assetIdOfKey(sql`t.last_key`)}, ${change.assignments} updated_at = ${atMs}
    FROM changed t WHERE albums.id = t.album_id`);
}

/** For assets that will be trashed or deleted. `unpin` clears a pinned cover among them, for deletions. */
export function recomputeAlbumsOnRemove(db: Database, removedIds: SQL, options: { unpin: boolean }, atMs: number) {
  const unpin = sql`pinned_cover_id = CASE WHEN pinned_cover_id IN (${removedIds}) THEN NULL ELSE pinned_cover_id END,`;
  const change = {
    assetCount: sql`asset_count - t.live_count`,
    firstKey: keyAfterRemove("ASC", removedIds),
    lastKey: keyAfterRemove("DESC", removedIds),
    assignments: options.unpin ? unpin : sql``,
  };
  return recomputeAlbums(db, removedIds, change, atMs);
}

/** For assets that will be restored. */
export function recomputeAlbumsOnAdd(db: Database, restoredIds: SQL, atMs: number) {
  const change = {
    assetCount: sql`asset_count + t.trashed_count`,
    firstKey: keyAfterAdd("ASC"),
    lastKey: keyAfterAdd("DESC"),
    assignments: sql``,
  };
  return recomputeAlbums(db, restoredIds, change, atMs);
}
