/** Statements of assets that leave their library: they leave its albums and stacks. */
import { sql, type SQL } from "drizzle-orm";
import { selectAlbumUpdatedEvents } from "../albums/albums.ts";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";

/** Stacks that lose members, and the number left, trashed ones included. Stacks with fewer than two are deleted. */
function selectReducedStacks(leavingIds: SQL): SQL {
  return sql`(SELECT s.id, s.library_id, s.member_count - n.removed AS remaining FROM (
      SELECT a.stack_id, count(*) AS removed FROM assets a WHERE a.id IN (${leavingIds}) AND a.stack_id IS NOT NULL
      GROUP BY a.stack_id) n
    CROSS JOIN stacks s ON s.id = n.stack_id)`;
}

/**
 * A SELECT of events in an order that clients can apply: removals from albums, then changes of stacks. The assets' own
 * events follow. `leavingIds` is a SELECT of ids that still have their albums and stacks.
 */
export function selectLeaveEvents(leavingIds: SQL, atMs: number): SQL {
  const at = eventTime(atMs);
  return sql`SELECT * FROM (SELECT l.library_id, 'album_asset_removed', 'album_asset', l.id,
      json_object('album_id', l.album_id, 'asset_id', l.asset_id), ${at}
      FROM album_assets l WHERE l.asset_id IN (${leavingIds}) ORDER BY l.id)
    UNION ALL
    SELECT * FROM (${selectAlbumUpdatedEvents(atMs)}
      WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${leavingIds})) ORDER BY id)
    UNION ALL
    SELECT * FROM (SELECT m.library_id, 'asset_updated', 'asset', m.id, json_object('stack_id', NULL), ${at}
      FROM ${selectReducedStacks(leavingIds)} s CROSS JOIN assets m INDEXED BY assets_by_stack
        ON m.library_id = s.library_id AND m.stack_id = s.id
      WHERE s.remaining < 2 AND m.stack_id IS NOT NULL AND m.id NOT IN (${leavingIds}) ORDER BY m.id)
    UNION ALL
    SELECT * FROM (SELECT s.library_id, CASE WHEN s.remaining < 2 THEN 'stack_deleted' ELSE 'stack_updated' END, 'stack', s.id,
      NULL, ${at} FROM ${selectReducedStacks(leavingIds)} s ORDER BY s.id)`;
}

/** Unpins covers that leave, and marks the stacks as changed. Triggers maintain the counts. */
export function clearLeavingCovers(db: Database, leavingIds: SQL, atMs: number) {
  return db.statement(sql`UPDATE stacks SET updated_at = ${atMs},
      primary_asset_id = CASE WHEN primary_asset_id IN (${leavingIds}) THEN NULL ELSE primary_asset_id END
    WHERE id IN (SELECT a.stack_id FROM assets a WHERE a.id IN (${leavingIds}))`);
}
