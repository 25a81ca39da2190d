/** Single assets: insert once per library and checksum, find by id. Lists are in assetList.ts. */
import { and, eq, getTableColumns, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { insertEvents, type NewEvent } from "../events/events.ts";
import { emptiedAtOf, hasRoom, withinReach, type Reach } from "../libraries/libraries.ts";
import { effectiveMetadata, parseLayers, type FileLayer, type Metadata, type MetadataLayers } from "./metadata.ts";
import { assets } from "../schema/schema.ts";
import { insertTasks, type TaskType } from "../tasks/tasks.ts";

const { sortKey: _sortKey, trashKey: _trashKey, autoStackId: _autoStackId, ...columns } = getTableColumns(assets);

/** What a row is read as: all but the keys of its order, which only indexes hold. */
export const assetColumns = columns;
export type AssetRow = Omit<typeof assets.$inferSelect, "sortKey" | "trashKey" | "autoStackId">;

export interface Asset extends Omit<AssetRow, "fileMetadata" | "userMetadata" | "derivedMetadata" | "metrics"> {
  /** What shows of the layers. */
  metadata: Metadata;
  layers: MetadataLayers;
  metrics: Record<string, number | null>;
}

function parseMetrics(column: unknown): Record<string, number | null> {
  if (typeof column !== "object" || column === null) return {};
  const numbers = Object.entries(column).filter(([, value]) => value === null || typeof value === "number");
  return Object.fromEntries(numbers);
}

export function parseAssetRow(row: AssetRow): Asset {
  const { fileMetadata, userMetadata, derivedMetadata, metrics, ...rest } = row;
  const layers = parseLayers({ file: fileMetadata, user: userMetadata, derived: derivedMetadata });
  return { ...rest, metadata: effectiveMetadata(layers), layers, metrics: parseMetrics(metrics) };
}

export interface NewAsset {
  /** `metadata` is the file's. */
  asset: Omit<typeof assets.$inferInsert, "fileMetadata" | "metrics"> & { metadata: FileLayer };
  taskTypes: TaskType[];
  problem: string | null;
}

function createdEvents(assetId: string): NewEvent[] {
  return [
    { eventType: "asset_created", entityType: "asset", entityId: assetId, payload: null },
    { eventType: "metadata_updated", entityType: "metadata", entityId: assetId, payload: null },
  ];
}

export interface Insertion {
  asset: Asset;
  /** False when the library already had these bytes; `asset` is then the earlier one. */
  created: boolean;
  /** The earlier one is what the trash was emptied of: it hides these bytes until its row is gone. */
  emptied: boolean;
}

/**
 * The library went to the trash, or was filled up by others, while the file was on its way: the row's id of it is then
 * null, which no row may have.
 */
const NO_OPEN_LIBRARY = "NOT NULL constraint failed: assets.library_id";

function isOfNoOpenLibrary(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some((each) => each instanceof Error && each.message.includes(NO_OPEN_LIBRARY));
}

/**
 * One batch: events and tasks, each guarded by "not there yet", and the row last; triggers count it and its bytes.
 * So a second run of the same batch changes nothing, and two uploads of the same bytes make one row. Null, and nothing
 * is written, when the library is not live, or it or its owner has no room: of uploads at once that each fitted alone,
 * those go in that would have one after the other.
 */
export async function insertAssetIfNew(db: Database, upload: NewAsset): Promise<Insertion | null> {
  try {
    return await insertIntoOpenLibrary(db, upload);
  } catch (error) {
    if (isOfNoOpenLibrary(error)) return null;
    throw error;
  }
}

async function insertIntoOpenLibrary(db: Database, upload: NewAsset): Promise<Insertion> {
  const { metadata, ...asset } = upload.asset;
  const { id: assetId, libraryId, userId, checksum, createdAt: atMs } = asset;
  const work = { assetId, libraryId, userId, types: upload.taskTypes, atMs, problem: upload.problem };
  const fresh = sql`NOT EXISTS (SELECT 1 FROM assets WHERE library_id = ${libraryId} AND checksum = ${checksum})`;
  const openLibraryId = sql`(SELECT id FROM libraries WHERE id = ${libraryId} AND trashed_at IS NULL
    AND (${hasRoom(libraryId)} OR NOT ${fresh}))`;
  const emptied = sql<number>`coalesce(trashed_at <= ${emptiedAtOf(libraryId)}, 0)`;
  const results = await db.orm.batch([
    insertEvents(db, libraryId, atMs, createdEvents(assetId), fresh),
    insertTasks(db, work, fresh),
    db.orm
      .insert(assets)
      .values({ ...asset, libraryId: openLibraryId, fileMetadata: metadata })
      .onConflictDoNothing(),
    db.orm
      .select({ ...assetColumns, emptied: emptied.as("emptied") })
      .from(assets)
      .where(and(eq(assets.libraryId, libraryId), eq(assets.checksum, checksum))),
  ]);
  const found = results[3][0];
  if (found === undefined) throw new Error(`asset ${assetId} was neither stored nor found`);
  const { emptied: isEmptied, ...row } = found;
  return { asset: parseAssetRow(row), created: row.id === assetId, emptied: isEmptied === 1 };
}

/** A query for the asset, trashed or not, if it is the owner's and the credential reaches its library. */
export function selectAsset(db: Database, reach: Reach, id: string) {
  const reachable = withinReach(reach, sql`${assets.libraryId}`, sql`${assets.trashedAt}`);
  return db.orm
    .select(assetColumns)
    .from(assets)
    .where(and(eq(assets.id, id), eq(assets.userId, reach.userId), reachable));
}

export async function findAsset(db: Database, reach: Reach, id: string): Promise<Asset | null> {
  const row = await selectAsset(db, reach, id).get();
  return row === undefined ? null : parseAssetRow(row);
}

/** For jobs, which act for no one: the asset wherever it lies. */
export async function findAssetForWork(db: Database, id: string): Promise<Asset | null> {
  const row = await db.orm.select(assetColumns).from(assets).where(eq(assets.id, id)).get();
  return row === undefined ? null : parseAssetRow(row);
}

/**
 * Sets what was worked out of one version, and tells the feed: nothing happens where the asset has another version by
 * now, whose own task will see to it, nor where it is `so` already.
 */
async function setWorkedOut(db: Database, asset: Asset, change: Record<string, string | SQL>, so: SQL, atMs: number) {
  const due = sql`EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND current_version_id = ${asset.currentVersionId} AND NOT (${so}))`;
  const event: NewEvent = {
    eventType: "asset_updated",
    entityType: "asset",
    entityId: asset.id,
    payload: { stack_id: asset.stackId },
  };
  await db.orm.batch([
    insertEvents(db, asset.libraryId, atMs, [event], due),
    db.orm
      .update(assets)
      .set({ ...change, updatedAt: atMs })
      .where(and(eq(assets.id, asset.id), due)),
  ]);
}

export async function setThumbhash(db: Database, asset: Asset, thumbhash: string, atMs: number): Promise<void> {
  await setWorkedOut(db, asset, { thumbhash }, sql`thumbhash IS ${thumbhash}`, atMs);
}

/** Empty: the model declined. */
export async function setDescription(db: Database, asset: Asset, description: string, atMs: number): Promise<void> {
  await setWorkedOut(db, asset, { description }, sql`description IS ${description}`, atMs);
}

/** Each key replaces its like; what others measured stays. In order of keys, so that equal figures are equal texts. */
export async function setMetrics(db: Database, asset: Asset, metrics: Asset["metrics"], atMs: number): Promise<void> {
  const fresh = JSON.stringify(metrics);
  const merged = sql`(SELECT json_group_object(key, value) FROM (
    SELECT key, value FROM json_each(coalesce(metrics, '{}')) WHERE key NOT IN (SELECT key FROM json_each(${fresh}))
    UNION ALL SELECT key, value FROM json_each(${fresh}) ORDER BY key))`;
  await setWorkedOut(db, asset, { metrics: merged }, sql`metrics IS ${merged}`, atMs);
}
