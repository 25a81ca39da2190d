/**
 * What becomes of albums when assets leave their live members, or come back to them: count, dates and cover, told from
 * one pass over the assets' links. Moves no asset: the batch does, behind it.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";

/** A link's sort key is 16 digits of time, then the asset's id. */
function assetOf(key: SQL): SQL {
  return sql`substr(${key}, 17)`;
}

type Direction = "ASC" | "DESC";

/** The end of the live members, `besides` those it names: one seek, and a step for each that is stepped over. */
function endOf(direction: Direction, besides: SQL): SQL {
  return sql`(SELECT l.sort_key FROM album_assets l INDEXED BY album_assets_live
    WHERE l.album_id = n.album_id AND l.trashed_at IS NULL ${besides} ORDER BY l.sort_key ${sql.raw(direction)} LIMIT 1)`;
}

/** The end as it will be: without those that leave, or with the outermost of those that come back. */
function endWithout(direction: Direction, leaving: SQL): SQL {
  return endOf(direction, sql`AND l.asset_id NOT IN (${leaving})`);
}

function endWith(direction: Direction): SQL {
  const [pick, own] = direction === "ASC" ? [sql`min`, sql`n.first_key`] : [sql`max`, sql`n.last_key`];
  return sql`${pick}(coalesce(${endOf(direction, sql``)}, ${own}), ${own})`;
}

function turnAlbums(db: Database, moving: SQL, turn: { sign: 1 | -1; first: SQL; last: SQL; also: SQL }, atMs: number) {
  const dates = (key: SQL): SQL =>
    sql`(SELECT a.local_us, a.local_offset_minutes FROM assets a WHERE a.id = ${assetOf(key)})`;
  return db.statement(sql`WITH turned AS MATERIALIZED (
      SELECT n.album_id, n.live_count, n.trashed_count, ${turn.first} AS first_key, ${turn.last} AS last_key FROM (
        SELECT l.album_id, sum(l.trashed_at IS NULL) AS live_count, sum(l.trashed_at IS NOT NULL) AS trashed_count,
          min(l.sort_key) AS first_key, max(l.sort_key) AS last_key
        FROM (${moving}) m CROSS JOIN album_assets l ON l.asset_id = m.id GROUP BY l.album_id) n)
    UPDATE albums SET
      asset_count = asset_count ${turn.sign === 1 ? sql`+ t.trashed_count` : sql`- t.live_count`},
      (start_us, start_offset_minutes) = ${dates(sql`t.first_key`)},
      (end_us, end_offset_minutes) = ${dates(sql`t.last_key`)},
      newest_asset_id = ${assetOf(sql`t.last_key`)}, ${turn.also} updated_at = ${atMs}
    FROM turned t WHERE albums.id = t.album_id`);
}

/** Before their links are trashed or gone. `unpin` where they do not come back: a pin on one of them is cleared. */
export function assetsLeaveAlbums(db: Database, leaving: SQL, options: { unpin: boolean }, atMs: number) {
  const also = options.unpin
    ? sql`pinned_cover_id = CASE WHEN pinned_cover_id IN (${leaving}) THEN NULL ELSE pinned_cover_id END,`
    : sql``;
  const [first, last] = [endWithout("ASC", leaving), endWithout("DESC", leaving)];
  return turnAlbums(db, leaving, { sign: -1, first, last, also }, atMs);
}

/** Before their links are live again. */
export function assetsReturnToAlbums(db: Database, returning: SQL, atMs: number) {
  return turnAlbums(db, returning, { sign: 1, first: endWith("ASC"), last: endWith("DESC"), also: sql`` }, atMs);
}
