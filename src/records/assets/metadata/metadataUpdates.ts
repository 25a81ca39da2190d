/** Writes metadata updates of assets, and their effects, in one batch. operations/assets/updatePlan.ts plans them. */
import { and, sql, type SQL } from "drizzle-orm";
import type { WallTime } from "../../../kernel/time.ts";
import { albumDateRange, albumDateRangeChanged } from "../../albums/albumAssets.ts";
import { selectAlbumUpdatedEvents } from "../../albums/albums.ts";
import { facedColumns, parseFacedRow, type Asset, type FacedAsset } from "../assets.ts";
import type { Database } from "../../database.ts";
import { eventTime, insertSelectedEvents } from "../../events/events.ts";
import { inScope, type LibraryScope } from "../../libraries/libraryScope.ts";
import { fileTextFields, type DerivedMetadata, type UserMetadata } from "./metadata.ts";
import { assets } from "../../schema/schema.ts";
import { inList, jsonEach } from "../../sql/jsonList.ts";
import { reopenSelectedTasks } from "../../tasks/tasks.ts";

export interface MetadataUpdate {
  /** The asset as it was read. The update is valid for that state only. */
  asset: Asset;
  /** The fields that change; null removes the user's value. */
  user: Partial<UserMetadata>;
  /** The effective rating after the update. */
  rating: number | null;
  /** The file's capture time, if the row still lacks one. */
  captureTime?: WallTime | null;
  /** The new position, to be geocoded; null if unchanged. */
  position: { latitude: number | null; longitude: number | null } | null;
  /** New values derived from coordinates; null if unchanged. */
  derived: Partial<DerivedMetadata> | null;
  /** The new local time; null if unchanged. */
  local: WallTime | null;
}

/**
 * Columns of an update of many assets, without the file's texts and faces, which no response shows: 200 whole assets
 * could have 13 MB.
 */
const bulkColumns = {
  ...facedColumns,
  faces: sql<string>`'[0,[]]'`.as("asset_faces"),
  people: sql<string>`'[0,[]]'`.as("asset_people"),
  description: sql<string | null>`NULL`.as("description"),
  fileMetadata: sql`json_remove(file_metadata, ${sql.raw(fileTextFields.map((field) => `'$.${field}'`).join(", "))})`
    .mapWith(assets.fileMetadata)
    .as("file_metadata"),
};

/** The assets in scope among these ids, live or trashed. Several are read without the texts of their files and their faces. */
export async function listAssetsForUpdate(db: Database, scope: LibraryScope, ids: string[]): Promise<FacedAsset[]> {
  const where = and(inList(assets.id, ids), inScope(scope, assets.libraryId));
  const rows =
    ids.length === 1
      ? await db.orm.select(facedColumns).from(assets).where(where)
      : await db.orm.select(bulkColumns).from(assets).where(where);
  return rows.map(parseFacedRow);
}

/** One object per update, `w` in SQL, for the statements that work without the metadata itself. */
function summarize(updates: MetadataUpdate[]): SQL {
  return jsonEach(
    updates.map(({ asset, position, local }) => ({
      id: asset.id,
      readAt: asset.metadataUpdatedAt,
      isTimeChanged: local !== null,
      isMoved: position !== null && position.latitude !== null,
    })),
  );
}

/** Every asset is unchanged since it was read: each metadata update increases `metadata_updated_at`. */
function isUnchanged(summary: SQL): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${summary} r
    LEFT JOIN assets b ON b.id = r.value ->> 'id' AND b.metadata_updated_at = r.value ->> 'readAt' WHERE b.id IS NULL)`;
}

function insertAssetEvents(db: Database, summary: SQL, atMs: number) {
  return insertSelectedEvents(
    db,
    sql`SELECT a.library_id, k.column1, k.column2, a.id,
      CASE k.column2 WHEN 'asset' THEN json_object('stack_id', a.stack_id) END, ${eventTime(atMs)}
    FROM ${summary} w CROSS JOIN assets a ON a.id = w.value ->> 'id'
      CROSS JOIN (VALUES ('metadata_updated', 'metadata'), ('asset_updated', 'asset')) k
    WHERE (k.column2 = 'metadata' OR w.value ->> 'isTimeChanged') AND ${isUnchanged(summary)}`,
  );
}

/** A consumer that runs the geocoding of the old position cannot store its place any more. */
function reopenGeocoding(db: Database, summary: SQL, atMs: number) {
  const moved = sql`SELECT a.id, a.library_id, a.user_id FROM ${summary} w CROSS JOIN assets a ON a.id = w.value ->> 'id'
    WHERE w.value ->> 'isMoved' AND ${isUnchanged(summary)}`;
  return reopenSelectedTasks(db, ["reverse_geocoding"], moved, atMs);
}

/** Makes the embedding of assets pending whose caption changes. Repeating it is harmless. */
function reopenEmbeddings(db: Database, updates: MetadataUpdate[], atMs: number) {
  const ids = updates.flatMap(({ asset, user }) => (user.description === undefined ? [] : [asset.id]));
  const captioned = sql`SELECT a.id, a.library_id, a.user_id FROM ${jsonEach(ids)} w CROSS JOIN assets a ON a.id = w.value`;
  return reopenSelectedTasks(db, ["embedding"], sql`${captioned} WHERE TRUE`, atMs);
}

const positionColumns = {
  latitude: sql`CASE WHEN w.value ->> 'position' IS NULL THEN latitude ELSE w.value ->> '$.position.latitude' END`,
  longitude: sql`CASE WHEN w.value ->> 'position' IS NULL THEN longitude ELSE w.value ->> '$.position.longitude' END`,
};

const derivedColumns = {
  derivedMetadata: sql`CASE WHEN w.value ->> 'derived' IS NULL THEN derived_metadata ELSE w.value -> 'derived' END`,
};

const timeColumns = {
  localUs: sql`CASE WHEN w.value ->> 'local' IS NULL THEN local_us ELSE w.value ->> '$.local.wallUs' END`,
  localOffsetMinutes: sql`CASE WHEN w.value ->> 'local' IS NULL THEN local_offset_minutes ELSE w.value ->> '$.local.offsetMinutes' END`,
};

/** Every update has the effective rating of its asset, so that those that keep it write the same value. */
const ratingColumns = { rating: sql`w.value ->> 'rating'` };

const fileColumns = {
  fileMetadata: sql`CASE WHEN w.value -> 'captureTime' IS NULL THEN file_metadata
    ELSE json_set(file_metadata, '$.captureTime', json(w.value -> 'captureTime')) END`,
};

/**
 * Sets only the columns that some update changes, because SQLite rewrites every index of a column that is set. SQL
 * merges the user's fields: the complete metadata of 200 assets could exceed the 2 MB limit of a parameter.
 */
function updateAssets(db: Database, updates: MetadataUpdate[], summary: SQL, atMs: number) {
  const rows = updates.map(({ asset, ...rest }) => ({ id: asset.id, ...rest }));
  const statement = db.orm
    .update(assets)
    .set({
      userMetadata: sql`json_patch(user_metadata, w.value -> 'user')`,
      ...(updates.some((update) => update.user.rating !== undefined) ? ratingColumns : {}),
      ...(updates.some((update) => update.captureTime !== undefined) ? fileColumns : {}),
      ...(updates.some((update) => update.position !== null) ? positionColumns : {}),
      ...(updates.some((update) => update.derived !== null) ? derivedColumns : {}),
      ...(updates.some((update) => update.local !== null) ? timeColumns : {}),
      metadataUpdatedAt: sql`max(${atMs}, metadata_updated_at + 1)`,
      updatedAt: atMs,
    })
    .from(sql`${jsonEach(rows)} w`)
    .where(sql`assets.id = w.value ->> 'id' AND ${isUnchanged(summary)}`);
  return updates.length === 1 ? statement.returning(facedColumns) : statement.returning(bulkColumns);
}

/** Ids of albums with an asset whose local time changes. */
function selectAffectedAlbums(updates: MetadataUpdate[]): SQL {
  const ids = updates.filter((update) => update.local !== null).map((update) => update.asset.id);
  return sql`SELECT l.album_id FROM ${jsonEach(ids)} w CROSS JOIN album_assets l ON l.asset_id = w.value`;
}

/** Runs after the assets' own update. Idempotent, because it compares with the stored dates. */
export function updateAlbums(db: Database, updates: MetadataUpdate[], atMs: number) {
  return db.statement(sql`UPDATE albums SET ${albumDateRange()}, updated_at = ${atMs}
    WHERE id IN (${selectAffectedAlbums(updates)}) AND ${albumDateRangeChanged()}`);
}

export function insertAlbumEvents(db: Database, updates: MetadataUpdate[], atMs: number) {
  return insertSelectedEvents(
    db,
    sql`${selectAlbumUpdatedEvents(atMs)} WHERE albums.id IN (${selectAffectedAlbums(updates)}) AND albums.updated_at = ${atMs}`,
  );
}

/**
 * Writes all updates, at most one per asset. Returns the assets, several without the texts of their files and their faces, or null,
 * without any change, if an asset has changed since it was read.
 * `embedsCaptions` makes the embedding of changed captions pending. Statements that check the read state precede the update of the assets; statements on its result follow it.
 */
export async function writeMetadataUpdates(
  db: Database,
  updates: MetadataUpdate[],
  atMs: number,
  embedsCaptions = false,
): Promise<FacedAsset[] | null> {
  const summary = summarize(updates);
  const events = insertAssetEvents(db, summary, atMs);
  const update = updateAssets(db, updates, summary, atMs);
  const isTextOnly = updates.every(({ position, local }) => position === null && local === null);
  const isEmbedded = embedsCaptions && updates.some(({ user }) => user.description !== undefined);
  const embeddings = isEmbedded ? [reopenEmbeddings(db, updates, atMs)] : [];
  const rows = isTextOnly
    ? (await db.orm.batch([events, update, ...embeddings]))[1]
    : (
        await db.orm.batch([
          events,
          reopenGeocoding(db, summary, atMs),
          update,
          updateAlbums(db, updates, atMs),
          insertAlbumEvents(db, updates, atMs),
          ...embeddings,
        ])
      )[2];
  return rows.length === updates.length ? rows.map(parseFacedRow) : null;
}
