/**
 * Moves assets to another library: reads their state, and moves them in one batch, only while that state is current.
 * operations/assets/moveAssets.ts decides which ones move. Object keys contain no library, so files stay in place.
 */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { recomputeAlbumsOnRemove } from "../albums/albumRollups.ts";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { moveFaces } from "../faces/assignments.ts";
import { inScope, isVisible, type LibraryScope } from "../libraries/libraryScope.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import { isNullRejected } from "../sql/nullRejected.ts";
import { clearLeavingCovers, selectLeaveEvents } from "./leaveLibrary.ts";

export interface MoveRequest {
  sourceLibraryId: string;
  destinationLibraryId: string;
  assetIds: string[];
}

const moveCandidate = z.object({
  id: z.string(),
  libraryId: z.string(),
  isTrashed: z.literal([0, 1]).transform((bit) => bit === 1),
  stackId: z.string().nullable(),
  /** The identifier that the pair of a live photo shares. */
  livePhotoCid: z.string().nullable(),
  /** An asset of the destination with the same original bytes. A hidden one is in a cleared trash, not yet purged. */
  duplicate: z.enum(["visible", "hidden"]).nullable(),
});
export type MoveCandidate = z.output<typeof moveCandidate>;

const snapshot = z.object({
  /** The libraries of the request that are live and in scope for reads, and those in scope for the move. */
  visibleLibraryIds: z.array(z.string()),
  libraryIds: z.array(z.string()),
  assets: z.array(moveCandidate),
});

const sizes = z.record(z.string(), z.int());
const destination = z.object({ usedBytes: z.int(), limitBytes: z.int().nullable() }).nullable();

export interface MoveSnapshot extends z.output<typeof snapshot> {
  /** Stored bytes of each asset, with its versions and derived files. */
  sizeBytes: z.output<typeof sizes>;
  /** Stored bytes of the destination, and its limit. */
  destination: z.output<typeof destination>;
  /** A condition: the libraries and the assets are still in this state. */
  unchanged: SQL;
}

/** The state as one JSON text. An asset is in scope for reads, whichever library has it. */
function snapshotJson(scope: LibraryScope, { sourceLibraryId, destinationLibraryId, assetIds }: MoveRequest): SQL {
  const readScope: LibraryScope = { ...scope, action: "read" };
  const librariesIn = (allowed: LibraryScope): SQL =>
    sql`json((SELECT json_group_array(w.value) FROM ${jsonEach([sourceLibraryId, destinationLibraryId])} w
      WHERE ${inScope(allowed, sql`w.value`)}))`;
  const isHidden = sql`NOT ${isVisible(sql`d.trashed_at`, sql`(SELECT k.trash_cleared_at FROM libraries k WHERE k.id = d.library_id)`)}`;
  return sql`json_object(
    'visibleLibraryIds', ${librariesIn(readScope)}, 'libraryIds', ${librariesIn(scope)},
    'assets', json((SELECT json_group_array(json(asset)) FROM (
      SELECT json_object('id', a.id, 'libraryId', a.library_id, 'isTrashed', a.trashed_at IS NOT NULL,
        'stackId', a.stack_id, 'livePhotoCid', a.live_photo_cid,
        'duplicate', (SELECT iif(${isHidden}, 'hidden', 'visible') FROM assets d INDEXED BY assets_by_checksum
          WHERE d.library_id = ${destinationLibraryId} AND d.checksum = a.checksum AND d.id <> a.id)) AS asset
      FROM ${jsonEach(assetIds)} w CROSS JOIN assets a ON a.id = w.value
      WHERE ${inScope(readScope, sql`a.library_id`, sql`a.trashed_at`)} ORDER BY w.key))))`;
}

export async function readMoveSnapshot(db: Database, scope: LibraryScope, request: MoveRequest): Promise<MoveSnapshot> {
  const json = snapshotJson(scope, request);
  const [row] = await db.orm.all<{ snapshot: string; sizes: string; destination: string | null }>(sql`SELECT
    ${json} AS snapshot,
    (SELECT json_group_object(a.id, a.file_size_bytes + a.version_bytes + a.derived_bytes) FROM assets a
      WHERE ${inList(sql`a.id`, request.assetIds)}) AS sizes,
    (SELECT json_object('usedBytes', storage_used_bytes, 'limitBytes', storage_limit_bytes) FROM libraries
      WHERE id = ${request.destinationLibraryId}) AS destination`);
  if (row === undefined) throw new Error("a SELECT without FROM returned no row");
  return {
    ...snapshot.parse(JSON.parse(row.snapshot)),
    sizeBytes: sizes.parse(JSON.parse(row.sizes)),
    destination: destination.parse(JSON.parse(row.destination ?? "null")),
    unchanged: sql`${json} = ${row.snapshot}`,
  };
}

/** Whether `moveAssets` failed because the state has changed since it was read. */
export function isMoveOutdated(error: unknown): boolean {
  return isNullRejected(error, "libraries.asset_count");
}

/** Fails the batch if the state has changed. Writes the row of the library that the moves write anyway. */
function requireUnchanged(db: Database, { destinationLibraryId }: MoveRequest, unchanged: SQL) {
  return db.statement(sql`UPDATE libraries SET asset_count = iif(${unchanged}, asset_count, NULL)
    WHERE id = ${destinationLibraryId}`);
}

/** D1 allows five terms in a compound SELECT, so one term has the events of both libraries. */
function insertMoveEvents(db: Database, movingIds: SQL, destinationLibraryId: string, atMs: number) {
  return insertSelectedEvents(
    db,
    sql`${selectLeaveEvents(movingIds, atMs)}
    UNION ALL
    SELECT * FROM (SELECT iif(k.column1, ${destinationLibraryId}, a.library_id), k.column2, 'asset', a.id, NULL, ${eventTime(atMs)}
      FROM assets a CROSS JOIN (VALUES (0, 'asset_moved_out'), (1, 'asset_moved_in')) k
      WHERE a.id IN (${movingIds}) ORDER BY k.column1, a.id)`,
  );
}

/**
 * Moves the assets of the source with their versions, tasks and faces, in a fixed number of statements. Triggers update
 * counts, map, storage and cache purges. Faces leave their people. `stackIds` are the stacks that they leave.
 *
 * @throws an error that `isMoveOutdated` recognizes, without any change, unless `unchanged` holds.
 */
export async function moveAssets(
  db: Database,
  request: MoveRequest,
  stackIds: string[],
  unchanged: SQL,
  atMs: number,
): Promise<void> {
  const { sourceLibraryId, destinationLibraryId, assetIds } = request;
  const movingIds = sql`SELECT value FROM ${jsonEach(assetIds)}`;
  await db.orm.batch([
    requireUnchanged(db, request, unchanged),
    recomputeAlbumsOnRemove(db, sql`SELECT w.value AS id FROM ${jsonEach(assetIds)} w`, { unpin: true }, atMs),
    ...moveFaces(db, movingIds, destinationLibraryId, atMs),
    insertMoveEvents(db, movingIds, destinationLibraryId, atMs),
    clearLeavingCovers(db, movingIds, atMs),
    db.statement(sql`DELETE FROM album_assets WHERE asset_id IN (${movingIds})`),
    db.statement(sql`UPDATE assets SET library_id = ${destinationLibraryId},
        user_id = (SELECT user_id FROM libraries WHERE id = ${destinationLibraryId}),
        stack_id = NULL, unstacked_at = NULL, album_count = 0, updated_at = ${atMs} WHERE id IN (${movingIds})`),
    // The last member of a stack leaves it. The trigger of the stack counts makes it empty.
    db.statement(sql`UPDATE assets SET stack_id = NULL, updated_at = ${atMs}
      WHERE library_id = ${sourceLibraryId} AND ${inList(sql`stack_id`, stackIds)}
        AND (SELECT member_count FROM stacks WHERE id = stack_id) < 2`),
    db.statement(sql`DELETE FROM stacks WHERE ${inList(sql`id`, stackIds)} AND member_count < 1`),
  ]);
}
