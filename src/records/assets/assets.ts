/** Single assets: insert unless the library has a duplicate, find by id. assetList.ts has the lists. */
import { and, eq, getTableColumns, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { insertEvents, type NewEvent } from "../events/events.ts";
import { hasFreeStorage, trashClearedAtOf } from "../libraries/libraries.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import {
  effectiveMetadata,
  parseMetadataSources,
  type FileMetadata,
  type Metadata,
  type MetadataSources,
} from "./metadata/metadata.ts";
import { faceColumns, splitFaces, type AssetFaces } from "./assetFaces.ts";
import { assets } from "../schema/schema.ts";
import { isNullRejected } from "../sql/nullRejected.ts";
import { NO_QUERY, rowReader, runQueries, type Query } from "../sql/query.ts";
import { insertPartChecksums, type PartChecksums } from "../maintenance/partChecksums.ts";
import { insertTasks, type TaskType } from "../tasks/tasks.ts";

const {
  sortKey: _sortKey,
  trashKey: _trashKey,
  autoStackId: _autoStackId,
  livePhotoCid: _livePhotoCid,
  ...columns
} = getTableColumns(assets);

/** Every column except the virtual ones, which only indexes use. */
export const assetColumns = columns;
export type AssetRow = Omit<typeof assets.$inferSelect, "sortKey" | "trashKey" | "autoStackId" | "livePhotoCid">;

export interface Asset extends Omit<AssetRow, "fileMetadata" | "userMetadata" | "derivedMetadata" | "metrics"> {
  /** The effective values of all sources. */
  metadata: Metadata;
  sources: MetadataSources;
  metrics: Record<string, number | null>;
}

export function parseMetrics(column: unknown): Record<string, number | null> {
  if (typeof column !== "object" || column === null) return {};
  const numbers = Object.entries(column).filter(([, value]) => value === null || typeof value === "number");
  return Object.fromEntries(numbers);
}

export function parseAssetRow(row: AssetRow): Asset {
  const { fileMetadata, userMetadata, derivedMetadata, metrics, ...rest } = row;
  const sources = parseMetadataSources({ file: fileMetadata, user: userMetadata, derived: derivedMetadata });
  return { ...rest, metadata: effectiveMetadata(sources), sources, metrics: parseMetrics(metrics) };
}

/** An asset with its faces and people, as responses have it. */
export interface FacedAsset extends Asset, AssetFaces {}

/** Columns that `parseFacedRow` reads. */
export const facedColumns = { ...assetColumns, ...faceColumns };

export function parseFacedRow(row: AssetRow & { faces: string; people: string }): FacedAsset {
  const { row: assetRow, faces } = splitFaces(row);
  return { ...parseAssetRow(assetRow), ...faces };
}

export interface NewAsset {
  /** `metadata` is the file's. */
  asset: Omit<typeof assets.$inferInsert, "fileMetadata" | "metrics"> & { metadata: FileMetadata };
  /** Checksums of a file stored in parts; null for a file stored in one piece. */
  parts: PartChecksums | null;
  taskTypes: TaskType[];
  /** Why reading the file's content failed; null if it succeeded. */
  errorMessage: string | null;
}

function createdEvents(assetId: string): NewEvent[] {
  return [
    { eventType: "asset_created", entityType: "asset", entityId: assetId },
    { eventType: "metadata_updated", entityType: "metadata", entityId: assetId },
  ];
}

export interface InsertResult {
  asset: FacedAsset;
  /** False if the library already has these bytes; `asset` is then the existing one. */
  created: boolean;
  /** The existing asset is in a cleared trash: it blocks these bytes until its row is deleted. */
  trashCleared: boolean;
}

/**
 * Inserts an asset with its events and tasks in one batch, unless the library has a duplicate with the same SHA-256.
 * The batch is idempotent, and concurrent uploads of the same bytes create one row. Returns null, without any change,
 * if the library is trashed, or if it or its owner has reached a storage limit, which concurrent uploads may have
 * filled.
 */
export async function insertAssetIfNew(db: Database, upload: NewAsset): Promise<InsertResult | null> {
  try {
    return await insertIntoLiveLibrary(db, upload);
  } catch (error) {
    // The INSERT sets it to NULL if the library was trashed or its storage filled during the upload.
    if (isNullRejected(error, "assets.library_id")) return null;
    throw error;
  }
}

async function insertIntoLiveLibrary(db: Database, upload: NewAsset): Promise<InsertResult> {
  const { metadata, ...asset } = upload.asset;
  const { id: assetId, libraryId, userId, checksum, createdAt: atMs } = asset;
  const newTasks = { assetId, libraryId, userId, types: upload.taskTypes, atMs, errorMessage: upload.errorMessage };
  const isNew = sql`NOT EXISTS (SELECT 1 FROM assets WHERE library_id = ${libraryId} AND checksum = ${checksum})`;
  const availableLibraryId = sql`(SELECT id FROM libraries WHERE id = ${libraryId} AND trashed_at IS NULL
    AND (${hasFreeStorage(libraryId)} OR NOT ${isNew}))`;
  const trashCleared = sql<number>`coalesce(trashed_at <= ${trashClearedAtOf(libraryId)}, 0)`;
  const results = await db.orm.batch([
    insertEvents(db, libraryId, atMs, createdEvents(assetId), isNew),
    insertTasks(db, newTasks, isNew),
    // Last, because the conditions above require that the row is absent.
    db.orm
      .insert(assets)
      .values({ ...asset, libraryId: availableLibraryId, fileMetadata: metadata })
      .onConflictDoNothing(),
    db.orm
      .select({ ...facedColumns, trashCleared: trashCleared.as("trash_cleared") })
      .from(assets)
      .where(and(eq(assets.libraryId, libraryId), eq(assets.checksum, checksum))),
    ...insertPartChecksums(
      db,
      { assetId, versionId: asset.currentVersionId, parts: upload.parts },
      sql`EXISTS (SELECT 1 FROM assets WHERE id = ${assetId})`,
    ),
  ]);
  const stored = results[3][0];
  if (stored === undefined) throw new Error(`asset ${assetId} was neither inserted nor found`);
  const { trashCleared: isTrashCleared, ...row } = stored;
  return { asset: parseFacedRow(row), created: row.id === assetId, trashCleared: isTrashCleared === 1 };
}

/** A condition on `assets`: this asset, if it is in scope, live or trashed. */
export function assetInScope(scope: LibraryScope, id: string): SQL | undefined {
  return and(eq(assets.id, id), inScope(scope, assets.libraryId, assets.trashedAt));
}

/** A query for an asset in scope, live or trashed. */
export function selectAsset(db: Database, scope: LibraryScope, id: string) {
  return db.orm.select(facedColumns).from(assets).where(assetInScope(scope, id));
}

/** The columns of an asset's place in lists. */
export interface AssetPosition {
  id: string;
  libraryId: string;
  localUs: number;
  trashedAt: number | null;
}

const readPosition = rowReader({
  id: assets.id,
  libraryId: assets.libraryId,
  localUs: assets.localUs,
  trashedAt: assets.trashedAt,
});

/** An asset in scope without its metadata, for checks and cursors; null without an id or an asset. */
export function assetPositionQuery(scope: LibraryScope, id: string | null): Query<AssetPosition | null> {
  if (id === null) return NO_QUERY;
  return {
    sql: sql`SELECT id, library_id, local_us, trashed_at FROM assets WHERE ${assetInScope(scope, id)}`,
    parse: ([row]) => (row === undefined ? null : readPosition(row)),
  };
}

export async function findAssetPosition(db: Database, scope: LibraryScope, id: string): Promise<AssetPosition | null> {
  const [position] = await runQueries(db, [assetPositionQuery(scope, id)]);
  return position;
}

export async function findAsset(db: Database, scope: LibraryScope, id: string): Promise<FacedAsset | null> {
  const row = await selectAsset(db, scope, id).get();
  return row === undefined ? null : parseFacedRow(row);
}

/** Finds an asset for a task, which runs without a principal: of any user, live or trashed. */
export async function findAssetForTask(db: Database, id: string): Promise<Asset | null> {
  const row = await db.orm.select(assetColumns).from(assets).where(eq(assets.id, id)).get();
  return row === undefined ? null : parseAssetRow(row);
}
