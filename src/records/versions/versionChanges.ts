/** A batch for each way to change a photo's versions: another behind the last, another in its place, back to one of them. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { insertEvents } from "../events/events.ts";
import { hasRoom } from "../libraries/libraries.ts";
import { assets, assetVersions } from "../schema/schema.ts";
import { reopenTasks, type TaskType } from "../tasks/tasks.ts";
import type { Version } from "./versions.ts";

export type NewVersion = Omit<Version, "position" | "sentChecksum" | "params"> & {
  sentChecksum: string;
  params: Record<string, unknown>;
};

export interface VersionChange {
  /** As it was read: nothing happens where it has another current version by now. */
  asset: Asset;
  /** Work that looks at the picture. */
  work: TaskType[];
  atMs: number;
  /** When the objects of what goes are looked for once more. */
  cleanUpAt: number;
}

function unchanged({ asset }: VersionChange): SQL {
  return sql`EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND current_version_id = ${asset.currentVersionId})`;
}

/** The intent written before its bytes were stored is still there, and not about to be dealt with. */
function intended(version: NewVersion, { cleanUpAt }: VersionChange): SQL {
  return sql`EXISTS (SELECT 1 FROM version_deletions WHERE version_id = ${version.id} AND due_at > ${cleanUpAt})`;
}

/** What a changed picture brings with it: the feed hears of it, and what was worked out from the old one is to be again. */
function consequences(db: Database, { asset, work, atMs }: VersionChange, due: SQL) {
  const { id: assetId, libraryId, userId } = asset;
  const payload = { stack_id: asset.stackId };
  return [
    insertEvents(
      db,
      libraryId,
      atMs,
      [{ eventType: "asset_updated", entityType: "asset", entityId: assetId, payload }],
      due,
    ),
    reopenTasks(db, { assetId, libraryId, userId, types: work, atMs }, due),
  ] as const;
}

/** Triggers count `version_bytes` into the storage of library and user. */
function setCurrent(db: Database, change: VersionChange, version: NewVersion, due: SQL) {
  const { id, kind, mimeType, width, height } = version;
  const bytes = sql`(SELECT coalesce(sum(v.file_size_bytes), 0) FROM asset_versions v WHERE v.asset_id = ${change.asset.id} AND v.position > 0)`;
  const original = sql`coalesce(original_version_id, current_version_id)`;
  return db.orm
    .update(assets)
    .set({
      kind,
      mimeType,
      width,
      height,
      currentVersionId: id,
      originalVersionId: original,
      versionBytes: bytes,
      thumbhash: null,
      updatedAt: change.atMs,
    })
    .where(and(eq(assets.id, change.asset.id), due))
    .returning({ id: assets.id });
}

/** True once the version is current, in this batch or an equal one before it. */
function isCurrent(assetId: string, versionId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM assets WHERE id = ${assetId} AND current_version_id = ${versionId})`;
}

/** Puts a version behind the last one. False, and nothing changed, where another was faster. */
export async function appendVersion(db: Database, change: VersionChange, version: NewVersion): Promise<boolean> {
  const { asset, atMs } = change;
  const due = sql`${unchanged(change)} AND ${intended(version, change)} AND ${hasRoom(asset.libraryId)}`;
  const { id, kind, mimeType, width, height, fileSizeBytes, checksum, sentChecksum, params } = version;
  const [, , , rows] = await db.orm.batch([
    ...consequences(db, change, due),
    db.statement(sql`INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height,
        file_size_bytes, checksum, sent_checksum, params, created_at)
      SELECT current_version_id, library_id, id, 0, kind, mime_type, width, height, file_size_bytes, checksum, NULL, NULL,
        created_at FROM assets WHERE id = ${asset.id} AND original_version_id IS NULL AND ${due}
      UNION ALL
      SELECT ${id}, library_id, id, 1 + (SELECT coalesce(max(v.position), 0) FROM asset_versions v WHERE v.asset_id = assets.id),
        ${kind}, ${mimeType}, ${width}, ${height}, ${fileSizeBytes}, ${checksum}, ${sentChecksum},
        ${JSON.stringify(params)}, ${atMs} FROM assets WHERE id = ${asset.id} AND ${due}`),
    setCurrent(db, change, version, due),
    db.statement(sql`DELETE FROM version_deletions WHERE version_id = ${id} AND ${isCurrent(asset.id, id)}`),
  ]);
  return rows.length > 0;
}

/** Puts a version in the place of the current one, whose objects are to go: the intent becomes the note of that. */
export async function replaceVersion(db: Database, change: VersionChange, version: NewVersion): Promise<boolean> {
  const { asset, atMs, cleanUpAt } = change;
  const due = sql`${unchanged(change)} AND ${intended(version, change)} AND ${hasRoom(asset.libraryId)}`;
  const { fileSizeBytes, sentChecksum, params, ...rest } = version;
  const [, , , rows] = await db.orm.batch([
    ...consequences(db, change, due),
    db.orm
      .update(assetVersions)
      .set({ ...rest, fileSizeBytes, sentChecksum, params, createdAt: atMs })
      .where(and(eq(assetVersions.id, asset.currentVersionId), eq(assetVersions.assetId, asset.id), due)),
    setCurrent(db, change, version, due),
    db.statement(sql`UPDATE version_deletions SET version_id = ${asset.currentVersionId}, due_at = ${cleanUpAt}
      WHERE version_id = ${version.id} AND ${isCurrent(asset.id, version.id)}`),
  ]);
  return rows.length > 0;
}

/**
 * Makes `target` current and takes away all that came behind it. With the upload current again nothing is left of the
 * chain. False, and nothing changed, where the asset has changed since it was read, or the target is gone.
 */
export async function truncateVersions(db: Database, change: VersionChange, target: Version): Promise<boolean> {
  const { asset, atMs, cleanUpAt } = change;
  const due = sql`${unchanged(change)} AND EXISTS (SELECT 1 FROM asset_versions WHERE id = ${target.id} AND asset_id = ${asset.id})`;
  const ofTarget = (column: string) => sql`(SELECT ${sql.raw(column)} FROM asset_versions WHERE id = ${target.id})`;
  const behind = sql`asset_id = ${asset.id} AND position > (SELECT t.position FROM asset_versions t
    JOIN assets a ON a.current_version_id = t.id WHERE a.id = ${asset.id})`;
  const [, , , rows] = await db.orm.batch([
    ...consequences(db, change, due),
    db.statement(sql`INSERT INTO version_deletions (version_id, asset_id, due_at)
      SELECT id, asset_id, ${cleanUpAt} FROM asset_versions
      WHERE asset_id = ${asset.id} AND position > ${ofTarget("position")} AND ${due}
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
        versionBytes: sql`(SELECT coalesce(sum(v.file_size_bytes), 0) FROM asset_versions v
          WHERE v.asset_id = ${asset.id} AND v.position BETWEEN 1 AND ${ofTarget("position")})`,
        thumbhash: null,
        updatedAt: atMs,
      })
      .where(and(eq(assets.id, asset.id), due))
      .returning({ id: assets.id }),
    // Whoever runs this, what lies behind the current version is nobody's.
    db.statement(sql`DELETE FROM asset_versions WHERE ${behind}
      OR (asset_id = ${asset.id} AND EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND original_version_id IS NULL))`),
  ]);
  return rows.length > 0;
}
