/** Single assets: insert once per library and checksum, find by id. Lists are in assetList.ts. */
import { and, eq, getTableColumns, sql, type SQL } from "drizzle-orm";
import type { Database } from "./database.ts";
import { insertEvents, type NewEvent } from "./events.ts";
import { withinReach, type Reach } from "./libraries.ts";
import { parseMetadata, type Metadata } from "./metadata.ts";
import { assets, libraries, users } from "./schema.ts";
import { insertTasks, type TaskType } from "./tasks.ts";

const { sortKey: _sortKey, trashKey: _trashKey, autoStackId: _autoStackId, ...columns } = getTableColumns(assets);

/** What a row is read as: all but the keys of its order, which only indexes hold. */
export const assetColumns = columns;
export type AssetRow = Omit<typeof assets.$inferSelect, "sortKey" | "trashKey" | "autoStackId">;

export interface Asset extends Omit<AssetRow, "fileMetadata" | "metrics"> {
  metadata: Metadata;
  metrics: Record<string, number | null>;
}

function parseMetrics(column: unknown): Record<string, number | null> {
  if (typeof column !== "object" || column === null) return {};
  const numbers = Object.entries(column).filter(([, value]) => value === null || typeof value === "number");
  return Object.fromEntries(numbers);
}

export function parseAssetRow(row: AssetRow): Asset {
  const { fileMetadata, metrics, ...rest } = row;
  return { ...rest, metadata: parseMetadata(fileMetadata), metrics: parseMetrics(metrics) };
}

export interface NewAsset {
  asset: Omit<typeof assets.$inferInsert, "fileMetadata" | "metrics"> & { metadata: Metadata };
  taskTypes: TaskType[];
  problem: string | null;
}

function createdEvents(assetId: string): NewEvent[] {
  return [
    { eventType: "asset_created", entityType: "asset", entityId: assetId, payload: null },
    { eventType: "metadata_updated", entityType: "metadata", entityId: assetId, payload: null },
  ];
}

/**
 * One batch: counters, events and tasks, each guarded by "not there yet", and the row last.
 * So a second run of the same batch changes nothing, and two uploads of the same bytes make one row.
 * `created` is false when the library already had these bytes; `asset` is then the earlier one.
 */
export async function insertAssetIfNew(db: Database, upload: NewAsset): Promise<{ asset: Asset; created: boolean }> {
  const { metadata, ...asset } = upload.asset;
  const atMs = asset.createdAt;
  const fresh = sql`NOT EXISTS (SELECT 1 FROM assets WHERE library_id = ${asset.libraryId} AND checksum = ${asset.checksum})`;
  const results = await db.orm.batch([
    addStorage(db, users, asset.userId, asset.fileSizeBytes, fresh),
    addStorage(db, libraries, asset.libraryId, asset.fileSizeBytes, fresh),
    insertEvents(db, asset.libraryId, atMs, createdEvents(asset.id), fresh),
    insertTasks(
      db,
      {
        assetId: asset.id,
        libraryId: asset.libraryId,
        userId: asset.userId,
        types: upload.taskTypes,
        atMs,
        problem: upload.problem,
      },
      fresh,
    ),
    db.orm
      .insert(assets)
      .values({ ...asset, fileMetadata: metadata })
      .onConflictDoNothing(),
    db.orm
      .select(assetColumns)
      .from(assets)
      .where(and(eq(assets.libraryId, asset.libraryId), eq(assets.checksum, asset.checksum))),
  ]);
  const row = results[5][0];
  if (row === undefined) throw new Error(`asset ${asset.id} was neither stored nor found`);
  return { asset: parseAssetRow(row), created: row.id === asset.id };
}

function addStorage(db: Database, table: typeof users | typeof libraries, id: string, bytes: number, condition: SQL) {
  const count = table === libraries ? sql`, asset_count = asset_count + 1` : sql``;
  return db.statement(
    sql`UPDATE ${table} SET storage_used_bytes = storage_used_bytes + ${bytes}${count} WHERE id = ${id} AND ${condition}`,
  );
}

/** The asset, trashed or not, if it is the owner's and the credential reaches its library. */
export async function findAsset(db: Database, reach: Reach, id: string): Promise<Asset | null> {
  const row = await db.orm
    .select(assetColumns)
    .from(assets)
    .where(and(eq(assets.id, id), eq(assets.userId, reach.userId), withinReach(reach, sql`${assets.libraryId}`)))
    .get();
  return row === undefined ? null : parseAssetRow(row);
}

/** For jobs, which act for no one: the asset wherever it lies. */
export async function findAssetForWork(db: Database, id: string): Promise<Asset | null> {
  const row = await db.orm.select(assetColumns).from(assets).where(eq(assets.id, id)).get();
  return row === undefined ? null : parseAssetRow(row);
}

/** Of these ids, the ones that have a row. For sweeps. */
export async function listKnownAssetIds(db: Database, ids: string[]): Promise<Set<string>> {
  const rows = await db.orm
    .select({ id: assets.id })
    .from(assets)
    .where(sql`${assets.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
  return new Set(rows.map((row) => row.id));
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
