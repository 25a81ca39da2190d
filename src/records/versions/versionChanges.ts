/** Changes a photo's versions, one batch per operation: append, replace, revert. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { insertAssetUpdated } from "../events/events.ts";
import { hasFreeStorage } from "../libraries/libraries.ts";
import { assets, assetVersions } from "../schema/schema.ts";
import { reopenTasks, type TaskType } from "../tasks/tasks.ts";
import { insertPartChecksums, type PartChecksums } from "../maintenance/partChecksums.ts";
import type { Version } from "./versions.ts";

export type NewVersion = Omit<Version, "position" | "sentChecksum" | "params"> & {
  sentChecksum: string;
  params: Record<string, unknown>;
  /** Checksums of a file stored in parts; null for a file stored in one piece. */
  parts: PartChecksums | null;
};

export interface VersionChange {
  /** The asset as it was read. The change applies only while this is its current version. */
  asset: Asset;
  /** Tasks that read the image, to be reopened. */
  taskTypes: TaskType[];
  atMs: number;
  /** When the objects of removed versions are deleted. */
  cleanUpAt: number;
}

/** A condition: the asset has the version and the library that were read. */
function isUnchanged({ asset }: VersionChange): SQL {
  return sql`EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND library_id = ${asset.libraryId}
    AND current_version_id = ${asset.currentVersionId})`;
}

/** A condition: the version's cleanup record still exists and is due after this change, so its objects still exist. */
function objectsExist(version: NewVersion, { cleanUpAt }: VersionChange): SQL {
  return sql`EXISTS (SELECT 1 FROM version_cleanups WHERE version_id = ${version.id} AND due_at > ${cleanUpAt})`;
}

function canStore(change: VersionChange, version: NewVersion): SQL {
  return sql`${isUnchanged(change)} AND ${objectsExist(version, change)} AND ${hasFreeStorage(change.asset.libraryId)}`;
}

/** The event of a changed image, and the tasks that must read it again. */
function insertEventAndTasks(db: Database, { asset, taskTypes, atMs }: VersionChange, condition: SQL) {
  const { id: assetId, libraryId, userId } = asset;
  return [
    insertAssetUpdated(db, asset, atMs, condition),
    reopenTasks(db, { assetId, libraryId, userId, types: taskTypes, atMs }, condition),
  ] as const;
}

/** Total size of the edited versions, up to `maxPosition` if given. Triggers add it to the storage totals. */
function versionBytes(assetId: string, maxPosition: SQL | null): SQL {
  const range = maxPosition === null ? sql`v.position > 0` : sql`v.position BETWEEN 1 AND ${maxPosition}`;
  return sql`(SELECT coalesce(sum(v.file_size_bytes), 0) FROM asset_versions v WHERE v.asset_id = ${assetId} AND ${range})`;
}

function setCurrentVersion(db: Database, change: VersionChange, version: NewVersion, condition: SQL) {
  const { id, kind, mimeType, width, height, fileSizeBytes } = version;
  return db.orm
    .update(assets)
    .set({
      kind,
      mimeType,
      width,
      height,
      currentVersionId: id,
      originalVersionId: sql`coalesce(original_version_id, current_version_id)`,
      versionBytes: versionBytes(change.asset.id, null),
      currentSizeBytes: fileSizeBytes,
      thumbhash: null,
      qualityScore: null,
      updatedAt: change.atMs,
    })
    .where(and(eq(assets.id, change.asset.id), condition))
    .returning({ id: assets.id });
}

/** A condition: the version is current, set by this batch or by an identical earlier one. */
function isCurrent(assetId: string, versionId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM assets WHERE id = ${assetId} AND current_version_id = ${versionId})`;
}

function insertVersionChecksums(db: Database, assetId: string, { id: versionId, parts }: NewVersion) {
  return insertPartChecksums(db, { assetId, versionId, parts }, isCurrent(assetId, versionId));
}

/** Appends a version. Returns false, without any change, if a concurrent request was faster. */
export async function appendVersion(db: Database, change: VersionChange, version: NewVersion): Promise<boolean> {
  const { asset, atMs } = change;
  const condition = canStore(change, version);
  const { id, kind, mimeType, width, height, fileSizeBytes, checksum, sentChecksum, params } = version;
  const [, , , rows] = await db.orm.batch([
    ...insertEventAndTasks(db, change, condition),
    db.statement(sql`INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height,
        file_size_bytes, checksum, sent_checksum, params, created_at)
      SELECT current_version_id, library_id, id, 0, kind, mime_type, width, height, file_size_bytes, checksum, NULL, NULL,
        created_at FROM assets WHERE id = ${asset.id} AND original_version_id IS NULL AND ${condition}
      UNION ALL
      SELECT ${id}, library_id, id, 1 + (SELECT coalesce(max(v.position), 0) FROM asset_versions v WHERE v.asset_id = assets.id),
        ${kind}, ${mimeType}, ${width}, ${height}, ${fileSizeBytes}, ${checksum}, ${sentChecksum},
        ${JSON.stringify(params)}, ${atMs} FROM assets WHERE id = ${asset.id} AND ${condition}`),
    setCurrentVersion(db, change, version, condition),
    db.statement(sql`DELETE FROM version_cleanups WHERE version_id = ${id} AND ${isCurrent(asset.id, id)}`),
    ...insertVersionChecksums(db, asset.id, version),
  ]);
  return rows.length > 0;
}

/** Replaces the current version. The new version's cleanup record becomes the record of the replaced one. */
export async function replaceVersion(db: Database, change: VersionChange, version: NewVersion): Promise<boolean> {
  const { asset, atMs, cleanUpAt } = change;
  const condition = canStore(change, version);
  const { fileSizeBytes, sentChecksum, params, parts: _parts, ...rest } = version;
  const [, , , rows] = await db.orm.batch([
    ...insertEventAndTasks(db, change, condition),
    db.orm
      .update(assetVersions)
      .set({ ...rest, fileSizeBytes, sentChecksum, params, createdAt: atMs })
      .where(and(eq(assetVersions.id, asset.currentVersionId), eq(assetVersions.assetId, asset.id), condition)),
    setCurrentVersion(db, change, version, condition),
    db.statement(sql`UPDATE version_cleanups SET version_id = ${asset.currentVersionId}, due_at = ${cleanUpAt}
      WHERE version_id = ${version.id} AND ${isCurrent(asset.id, version.id)}`),
    ...insertVersionChecksums(db, asset.id, version),
  ]);
  return rows.length > 0;
}

/**
 * Reverts to `target` and deletes all later versions. If `target` is the upload, all rows of versions are deleted.
 * Returns false, without any change, if the asset has changed since it was read or `target` was deleted.
 */
export async function truncateVersions(db: Database, change: VersionChange, target: Version): Promise<boolean> {
  const { asset, atMs, cleanUpAt } = change;
  const condition = sql`${isUnchanged(change)} AND EXISTS (SELECT 1 FROM asset_versions WHERE id = ${target.id} AND asset_id = ${asset.id})`;
  const ofTarget = (column: string) => sql`(SELECT ${sql.raw(column)} FROM asset_versions WHERE id = ${target.id})`;
  const isAfterCurrent = sql`asset_id = ${asset.id} AND position > (SELECT t.position FROM asset_versions t
    JOIN assets a ON a.current_version_id = t.id WHERE a.id = ${asset.id})`;
  const [, , , rows] = await db.orm.batch([
    ...insertEventAndTasks(db, change, condition),
    db.statement(sql`INSERT INTO version_cleanups (version_id, asset_id, due_at)
      SELECT id, asset_id, ${cleanUpAt} FROM asset_versions
      WHERE asset_id = ${asset.id} AND position > ${ofTarget("position")} AND ${condition}
      ON CONFLICT (version_id) DO UPDATE SET due_at = excluded.due_at`),
    db.orm
      .update(assets)
      .set({
        kind: ofTarget("kind"),
        mimeType: ofTarget("mime_type"),
        width: ofTarget("width"),
        height: ofTarget("height"),
        currentVersionId: target.id,
        originalVersionId: sql`nullif(original_version_id, ${target.id})`,
        versionBytes: versionBytes(asset.id, ofTarget("position")),
        currentSizeBytes: sql`iif(original_version_id = ${target.id}, NULL, ${ofTarget("file_size_bytes")})`,
        thumbhash: null,
        qualityScore: null,
        updatedAt: atMs,
      })
      .where(and(eq(assets.id, asset.id), condition))
      .returning({ id: assets.id }),
    // Unconditional: rows after the current version are invalid in any state.
    db.statement(sql`DELETE FROM asset_versions WHERE ${isAfterCurrent}
      OR (asset_id = ${asset.id} AND EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND original_version_id IS NULL))`),
  ]);
  return rows.length > 0;
}
