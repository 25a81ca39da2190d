/** Deletes assets for good: every row that knows of them, in one batch, with a note that their objects are to follow. */
import { asc, inArray, lte, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { assetsLeaveAlbums } from "../albums/albumRollups.ts";
import { selectAlbumUpdated } from "../albums/albums.ts";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { deletions } from "../schema/schema.ts";

/** What the objects of a deleted asset are found by: its versions, and the stills of a video. */
export interface PurgedAsset {
  id: string;
  versionIds: string[];
}

/** Why they go, and what must still be so when they do. */
export type PurgeReason =
  /** Someone who may has named them: live or trashed, of this library alone. */
  | { kind: "asked"; libraryId: string }
  /** Trashed before this, or emptied out of the trash: someone may have restored them meanwhile. */
  | { kind: "trash"; trashedBefore: number }
  /** Their library is due for its end: someone may have restored that. */
  | { kind: "drain" };

export interface PurgeRequest {
  ids: string[];
  reason: PurgeReason;
  atMs: number;
  /** When a listing makes sure that nothing is left of the objects. */
  cleanUpAt: number;
}

function holds(reason: PurgeReason, atMs: number): SQL {
  const library = (condition: SQL): SQL =>
    sql`EXISTS (SELECT 1 FROM libraries k WHERE k.id = d.library_id AND ${condition})`;
  // The plus keeps SQLite from walking the library instead of looking the ids up.
  if (reason.kind === "asked") return sql`+d.library_id = ${reason.libraryId}`;
  if (reason.kind === "drain") return library(sql`k.drain_at <= ${atMs}`);
  return library(sql`d.trashed_at < max(${reason.trashedBefore}, k.emptied_at + 1)`);
}

/** Stacks that lose members, and how many they keep: with fewer than two, a stack dissolves. The trashed count. */
function shrinkingStacks(doomed: SQL): SQL {
  return sql`(SELECT s.id, s.library_id, s.member_count - n.leaving AS kept FROM (
      SELECT a.stack_id, count(*) AS leaving FROM assets a WHERE a.id IN (${doomed}) AND a.stack_id IS NOT NULL
      GROUP BY a.stack_id) n
    CROSS JOIN stacks s ON s.id = n.stack_id)`;
}

/** In the order a client should hear of them: out of the albums, out of their stacks, then gone. */
function insertPurgeEvents(db: Database, doomed: SQL, atMs: number) {
  const at = eventTime(atMs);
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT * FROM (SELECT l.library_id, 'album_asset_removed', 'album_asset', l.id,
      json_object('album_id', l.album_id, 'asset_id', l.asset_id), ${at}
      FROM album_assets l WHERE l.asset_id IN (${doomed}) ORDER BY l.id)
    UNION ALL
    SELECT * FROM (${selectAlbumUpdated(atMs)}
      WHERE id IN (SELECT l.album_id FROM album_assets l WHERE l.asset_id IN (${doomed})) ORDER BY id)
    UNION ALL
    SELECT * FROM (SELECT m.library_id, 'asset_updated', 'asset', m.id, json_object('stack_id', NULL), ${at}
      FROM ${shrinkingStacks(doomed)} s CROSS JOIN assets m INDEXED BY assets_by_stack
        ON m.library_id = s.library_id AND m.stack_id = s.id
      WHERE s.kept < 2 AND m.stack_id IS NOT NULL AND m.id NOT IN (${doomed}) ORDER BY m.id)
    UNION ALL
    SELECT * FROM (SELECT s.library_id, CASE WHEN s.kept < 2 THEN 'stack_deleted' ELSE 'stack_updated' END, 'stack', s.id,
      NULL, ${at} FROM ${shrinkingStacks(doomed)} s ORDER BY s.id)
    UNION ALL
    SELECT * FROM (SELECT a.library_id, 'asset_deleted', 'asset', a.id, NULL, ${at}
      FROM assets a WHERE a.id IN (${doomed}) ORDER BY a.id)`);
}

/** A cover that goes is no cover; the triggers count, and give a dissolving stack's time to the one it leaves. */
function touchStacks(db: Database, doomed: SQL, atMs: number) {
  return db.statement(sql`UPDATE stacks SET updated_at = ${atMs},
      primary_asset_id = CASE WHEN primary_asset_id IN (${doomed}) THEN NULL ELSE primary_asset_id END
    WHERE id IN (SELECT a.stack_id FROM assets a WHERE a.id IN (${doomed}))`);
}

/** Also where an earlier note of the same asset is left. The answer is what its objects are named by. */
function noteDeletions(db: Database, doomed: SQL, cleanUpAt: number) {
  const versionIds = sql<string>`(SELECT json_group_array(v.id) FROM (
    SELECT a.current_version_id AS id FROM assets a WHERE a.id = asset_id
    UNION SELECT a.original_version_id FROM assets a WHERE a.id = asset_id
    UNION SELECT a.still_version_id FROM assets a WHERE a.id = asset_id
    UNION SELECT w.id FROM asset_versions w WHERE w.asset_id = deletions.asset_id) v WHERE v.id IS NOT NULL)`;
  return db.orm
    .insert(deletions)
    .select(sql`SELECT id, ${cleanUpAt} FROM (${doomed}) WHERE true`)
    .onConflictDoUpdate({ target: deletions.assetId, set: { dueAt: sql`excluded.due_at` } })
    .returning({ id: deletions.assetId, versionIds: versionIds.as("version_ids") });
}

const versionIdsColumn = z.array(z.string());

/**
 * At most 200 at a time, in five statements. The assets' own rows go last and every statement before asks for them, so
 * a second run finds nothing to do; triggers take what hangs on them, and count. The note of the objects is written with
 * it: no crash leaves objects that nobody knows of.
 */
export async function deleteAssets(db: Database, request: PurgeRequest): Promise<PurgedAsset[]> {
  const { ids, reason, atMs, cleanUpAt } = request;
  const doomed = sql`SELECT d.id FROM assets d WHERE d.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
    AND ${holds(reason, atMs)}`;
  const [, , , noted] = await db.orm.batch([
    assetsLeaveAlbums(db, doomed, { unpin: true }, atMs),
    insertPurgeEvents(db, doomed, atMs),
    touchStacks(db, doomed, atMs),
    noteDeletions(db, doomed, cleanUpAt),
    db.statement(sql`DELETE FROM assets WHERE id IN (${doomed})`),
  ]);
  return noted.map(({ id, versionIds }) => ({ id, versionIds: versionIdsColumn.parse(JSON.parse(versionIds)) }));
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

export async function forgetDeletions(db: Database, assetIds: string[]): Promise<void> {
  await db.orm.delete(deletions).where(amongNoted(assetIds));
}

function amongNoted(assetIds: string[]): SQL {
  return inArray(deletions.assetId, sql`(SELECT value FROM json_each(${JSON.stringify(assetIds)}))`);
}

/** Of these, the ones whose objects are about to go. */
export async function listPendingDeletions(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm.select({ assetId: deletions.assetId }).from(deletions).where(amongNoted(assetIds));
  return new Set(rows.map((row) => row.assetId));
}
