/** Deletes assets permanently: all their rows in one batch, which also schedules the cleanup of their objects. */
import { asc, lte, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { recomputeAlbumsOnRemove } from "../albums/albumRollups.ts";
import { clearLeavingCovers, selectLeaveEvents } from "../assets/leaveLibrary.ts";
import type { Database } from "../database.ts";
import type { PairKey } from "../delivery/livePhotos.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { deleteFaces } from "../faces/assignments.ts";
import { assetCleanups } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";

/** A deleted asset and the version ids in the keys of its objects, including a video's poster. */
export interface PurgedAsset {
  id: string;
  versionIds: string[];
  /** Stored crops of faces. */
  crops: { versionId: string; name: string }[];
  /** The pair of a live photo that it may have belonged to. */
  pair: PairKey | null;
}

/** The reason of a deletion, whose condition must still hold when the batch runs. */
export type PurgeReason =
  /** Requested by an authorized caller: live or trashed assets of this library. */
  | { kind: "requested"; libraryId: string }
  /** Trashed before this time, or in a cleared trash. The assets may have been restored. */
  | { kind: "trash"; trashedBefore: number }
  /** The library is due for deletion. It may have been restored. */
  | { kind: "library" };

export interface PurgeRequest {
  ids: string[];
  reason: PurgeReason;
  atMs: number;
  /** When a listing verifies that all objects are deleted. */
  cleanUpAt: number;
}

function reasonHolds(reason: PurgeReason, atMs: number): SQL {
  const library = (condition: SQL): SQL =>
    sql`EXISTS (SELECT 1 FROM libraries k WHERE k.id = d.library_id AND ${condition})`;
  // The unary plus makes SQLite look up the ids instead of scanning the library.
  if (reason.kind === "requested") return sql`+d.library_id = ${reason.libraryId}`;
  if (reason.kind === "library") return library(sql`k.purge_at <= ${atMs}`);
  return library(sql`d.trashed_at < max(${reason.trashedBefore}, k.trash_cleared_at + 1)`);
}

/** Events in an order that clients can apply: the deletions are last. */
function insertPurgeEvents(db: Database, assetsToDelete: SQL, atMs: number) {
  return insertSelectedEvents(
    db,
    sql`${selectLeaveEvents(assetsToDelete, atMs)}
    UNION ALL
    SELECT * FROM (SELECT a.library_id, 'asset_deleted', 'asset', a.id, NULL, ${eventTime(atMs)}
      FROM assets a WHERE a.id IN (${assetsToDelete}) ORDER BY a.id)`,
  );
}

/** Schedules the cleanup of the assets' objects, and returns the version ids in their keys. */
function insertCleanups(db: Database, assetsToDelete: SQL, cleanUpAt: number) {
  const versionIds = sql<string>`(SELECT json_group_array(v.id) FROM (
    SELECT a.current_version_id AS id FROM assets a WHERE a.id = asset_id
    UNION SELECT a.original_version_id FROM assets a WHERE a.id = asset_id
    UNION SELECT a.poster_version_id FROM assets a WHERE a.id = asset_id
    UNION SELECT w.id FROM asset_versions w WHERE w.asset_id = asset_cleanups.asset_id) v WHERE v.id IS NOT NULL)`;
  const crops = sql<string>`(SELECT json_group_array(json_object('versionId', c.version_id, 'name', c.name))
    FROM derived_files c WHERE c.asset_id = asset_cleanups.asset_id AND substr(c.name, 1, 5) = 'face_')`;
  const pair = sql<string | null>`(SELECT json_object('libraryId', a.library_id, 'livePhotoCid', a.live_photo_cid)
    FROM assets a WHERE a.id = asset_id AND a.live_photo_cid IS NOT NULL)`;
  return db.orm
    .insert(assetCleanups)
    .select(sql`SELECT id, ${cleanUpAt} FROM (${assetsToDelete}) WHERE true`)
    .onConflictDoUpdate({ target: assetCleanups.assetId, set: { dueAt: sql`excluded.due_at` } })
    .returning({
      id: assetCleanups.assetId,
      versionIds: versionIds.as("version_ids"),
      crops: crops.as("crops"),
      pair: pair.as("pair"),
    });
}

const versionIdsColumn = z.array(z.string());
const pairColumn = z.object({ libraryId: z.string(), livePhotoCid: z.string() }).nullable();
const cropsColumn = z.array(z.object({ versionId: z.string(), name: z.string() }));

/**
 * Deletes at most 200 assets in nine statements, and returns the deleted ones. The assets' rows are deleted last and
 * all earlier statements select by them, so the call is idempotent. Triggers delete dependent rows and update counts.
 * The cleanup is scheduled in the same batch, so that every object stays tracked after a crash.
 */
export async function deleteAssets(db: Database, request: PurgeRequest): Promise<PurgedAsset[]> {
  const { ids, reason, atMs, cleanUpAt } = request;
  const assetsToDelete = sql`SELECT d.id FROM assets d WHERE ${inList(sql`d.id`, ids)}
    AND ${reasonHolds(reason, atMs)}`;
  const [, cleanups] = await db.orm.batch([
    recomputeAlbumsOnRemove(db, assetsToDelete, { unpin: true }, atMs),
    insertCleanups(db, assetsToDelete, cleanUpAt),
    ...deleteFaces(db, sql`SELECT f.id FROM faces f WHERE f.asset_id IN (${assetsToDelete})`, { atMs }),
    insertPurgeEvents(db, assetsToDelete, atMs),
    clearLeavingCovers(db, assetsToDelete, atMs),
    db.statement(sql`DELETE FROM assets WHERE id IN (${assetsToDelete})`),
  ]);
  return cleanups.map(({ id, versionIds, crops, pair }) => ({
    id,
    versionIds: versionIdsColumn.parse(JSON.parse(versionIds)),
    crops: cropsColumn.parse(JSON.parse(crops)),
    pair: pairColumn.parse(JSON.parse(pair ?? "null")),
  }));
}

export async function listDueAssetCleanups(db: Database, atMs: number, limit: number): Promise<string[]> {
  const rows = await db.orm
    .select({ assetId: assetCleanups.assetId })
    .from(assetCleanups)
    .where(lte(assetCleanups.dueAt, atMs))
    .orderBy(asc(assetCleanups.dueAt))
    .limit(limit);
  return rows.map((row) => row.assetId);
}

export async function completeAssetCleanups(db: Database, assetIds: string[]): Promise<void> {
  await db.orm.delete(assetCleanups).where(inList(assetCleanups.assetId, assetIds));
}

/** The assets among these whose objects will be deleted. */
export async function listPendingAssetCleanups(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm
    .select({ assetId: assetCleanups.assetId })
    .from(assetCleanups)
    .where(inList(assetCleanups.assetId, assetIds));
  return new Set(rows.map((row) => row.assetId));
}
