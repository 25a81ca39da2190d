/** Writes changes of assets' metadata, and all that follows from them, in one batch. Decides nothing: operations/editPlan does. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { WallTime } from "../../kernel/time.ts";
import { albumEnds, albumEndsMoved } from "../albums/albumAssets.ts";
import { selectAlbumUpdated } from "../albums/albums.ts";
import { assetColumns, parseAssetRow, type Asset } from "./assets.ts";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { withinReach, type Reach } from "../libraries/libraries.ts";
import type { DerivedLayer, UserLayer } from "./metadata.ts";
import { assets } from "../schema/schema.ts";

export interface AssetEdit {
  /** As it was read. What follows from it holds for that state alone. */
  asset: Asset;
  /** The fields that change; null takes the user's value away. */
  user: Partial<UserLayer>;
  /** What the file says of when it was taken, where the row did not keep it yet. */
  captureTime?: WallTime | null;
  /** Where it is now, whose names are to be found. Null: where it was. */
  position: { latitude: number | null; longitude: number | null } | null;
  /** What the coordinates tell by themselves. Null: what they told. */
  derived: Partial<DerivedLayer> | null;
  /** Null: the local time stays. */
  local: WallTime | null;
}

/** Of these ids, the assets that are the owner's and within reach, trashed or not. */
export async function listAssetsToEdit(db: Database, reach: Reach, ids: string[]): Promise<Asset[]> {
  const rows = await db.orm
    .select(assetColumns)
    .from(assets)
    .where(
      and(
        sql`${assets.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
        eq(assets.userId, reach.userId),
        withinReach(reach, sql`${assets.libraryId}`),
      ),
    );
  return rows.map(parseAssetRow);
}

/** Each edit in short, for the statements that write beside the asset: `w` in their SQL. */
function summaryOf(edits: AssetEdit[], atMs: number): string {
  return JSON.stringify(
    edits.map(({ asset, position, local }) => ({
      id: asset.id,
      seenAt: asset.metadataUpdatedAt,
      isRetimed: local !== null,
      ...(position !== null && position.latitude !== null
        ? { taskId: newId("task", atMs), deliveryId: crypto.randomUUID() }
        : {}),
    })),
  );
}

/** Every asset is as it was read: `metadata_updated_at` grows with each change of metadata, by a millisecond at least. */
function isAsRead(summary: string): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM json_each(${summary}) r
    LEFT JOIN assets b ON b.id = r.value ->> 'id' AND b.metadata_updated_at = r.value ->> 'seenAt' WHERE b.id IS NULL)`;
}

function insertEditEvents(db: Database, summary: string, atMs: number) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT a.library_id, k.column1, k.column2, a.id,
      CASE k.column2 WHEN 'asset' THEN json_object('stack_id', a.stack_id) END, ${eventTime(atMs)}
    FROM json_each(${summary}) w CROSS JOIN assets a ON a.id = w.value ->> 'id'
      CROSS JOIN (VALUES ('metadata_updated', 'metadata'), ('asset_updated', 'asset')) k
    WHERE (k.column2 = 'metadata' OR w.value ->> 'isRetimed') AND ${isAsRead(summary)}`);
}

/** One that is running loses its claim with this, and can no longer say that the place is found. */
function reopenGeocoding(db: Database, summary: string, atMs: number) {
  return db.statement(sql`INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, due_at, created_at)
    SELECT w.value ->> 'taskId', a.library_id, a.user_id, a.id, 'reverse_geocoding', w.value ->> 'deliveryId', 'pending', ${atMs}, ${atMs}
    FROM json_each(${summary}) w CROSS JOIN assets a ON a.id = w.value ->> 'id'
    WHERE w.value ->> 'taskId' IS NOT NULL AND ${isAsRead(summary)}
    ON CONFLICT (asset_id, task_type) DO UPDATE
      SET status = 'pending', due_at = excluded.due_at, retry_count = 0, result = NULL, completed_at = NULL`);
}

const moved = {
  latitude: sql`CASE WHEN w.value ->> 'position' IS NULL THEN latitude ELSE w.value ->> '$.position.latitude' END`,
  longitude: sql`CASE WHEN w.value ->> 'position' IS NULL THEN longitude ELSE w.value ->> '$.position.longitude' END`,
};

const derived = {
  derivedMetadata: sql`CASE WHEN w.value ->> 'derived' IS NULL THEN derived_metadata ELSE w.value -> 'derived' END`,
};

const retimed = {
  localUs: sql`CASE WHEN w.value ->> 'local' IS NULL THEN local_us ELSE w.value ->> '$.local.wallUs' END`,
  localOffsetMinutes: sql`CASE WHEN w.value ->> 'local' IS NULL THEN local_offset_minutes ELSE w.value ->> '$.local.offsetMinutes' END`,
};

const captured = {
  fileMetadata: sql`CASE WHEN w.value -> 'captureTime' IS NULL THEN file_metadata
    ELSE json_set(file_metadata, '$.captureTime', json(w.value -> 'captureTime')) END`,
};

/**
 * Sets only the columns that some edit changes, since SQLite writes every index of a column that is set, changed or not.
 * The user's fields are merged by SQL: whole layers of 200 assets could exceed the 2 MB of a parameter.
 */
function updateAssets(db: Database, edits: AssetEdit[], summary: string, atMs: number) {
  const rows = edits.map(({ asset, ...rest }) => ({ id: asset.id, ...rest }));
  return db.orm
    .update(assets)
    .set({
      userMetadata: sql`json_patch(user_metadata, w.value -> 'user')`,
      ...(edits.some((edit) => edit.captureTime !== undefined) ? captured : {}),
      ...(edits.some((edit) => edit.position !== null) ? moved : {}),
      ...(edits.some((edit) => edit.derived !== null) ? derived : {}),
      ...(edits.some((edit) => edit.local !== null) ? retimed : {}),
      metadataUpdatedAt: sql`max(${atMs}, metadata_updated_at + 1)`,
      updatedAt: atMs,
    })
    .from(sql`json_each(${JSON.stringify(rows)}) w`)
    .where(sql`assets.id = w.value ->> 'id' AND ${isAsRead(summary)}`)
    .returning(assetColumns);
}

/** Albums that hold an asset whose local time moves. */
function holders(edits: AssetEdit[]): SQL {
  const ids = edits.filter((edit) => edit.local !== null).map((edit) => edit.asset.id);
  return sql`SELECT l.album_id FROM json_each(${JSON.stringify(ids)}) w CROSS JOIN album_assets l ON l.asset_id = w.value`;
}

/** Behind the assets' own change: it looks at what is true now, so it needs no condition to be harmless. */
function updateAlbums(db: Database, edits: AssetEdit[], atMs: number) {
  return db.statement(sql`UPDATE albums SET ${albumEnds()}, updated_at = ${atMs}
    WHERE id IN (${holders(edits)}) AND ${albumEndsMoved()}`);
}

function insertAlbumEvents(db: Database, edits: AssetEdit[], atMs: number) {
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    ${selectAlbumUpdated(atMs)} WHERE albums.id IN (${holders(edits)}) AND albums.updated_at = ${atMs}`);
}

/**
 * All of them, or none where one is not as it was read: null then. Each asset at most once. What asks for that stands in
 * front of the assets' own change, what looks at the result behind it.
 */
export async function writeEdits(db: Database, edits: AssetEdit[], atMs: number): Promise<Asset[] | null> {
  const summary = summaryOf(edits, atMs);
  const events = insertEditEvents(db, summary, atMs);
  const update = updateAssets(db, edits, summary, atMs);
  const inWordsOnly = edits.every((edit) => edit.position === null && edit.local === null);
  const rows = inWordsOnly
    ? (await db.orm.batch([events, update]))[1]
    : (
        await db.orm.batch([
          events,
          reopenGeocoding(db, summary, atMs),
          update,
          updateAlbums(db, edits, atMs),
          insertAlbumEvents(db, edits, atMs),
        ])
      )[2];
  return rows.length === edits.length ? rows.map(parseAssetRow) : null;
}
