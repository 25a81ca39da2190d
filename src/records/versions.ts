/** The versions of a photo: which there are, and a batch for each way to change them. The upload's is position 0. */
import { and, asc, eq, sql, type SQL } from "drizzle-orm";
import { parseAssetRow, selectAsset, type Asset } from "./assets.ts";
import type { Database } from "./database.ts";
import { insertEvents } from "./events.ts";
import type { Reach } from "./libraries.ts";
import { assets, assetVersions, libraries, users, versionDeletions } from "./schema.ts";
import { reopenTasks, type TaskType } from "./tasks.ts";

type VersionRow = typeof assetVersions.$inferSelect;

export interface Version extends Omit<VersionRow, "params" | "libraryId" | "assetId" | "createdAt"> {
  params: Record<string, unknown> | null;
}

function parseParams(column: unknown): Version["params"] {
  return typeof column === "object" && column !== null && !Array.isArray(column) ? { ...column } : null;
}

function parseVersionRow({
  params,
  libraryId: _library,
  assetId: _asset,
  createdAt: _at,
  ...row
}: VersionRow): Version {
  return { ...row, params: parseParams(params) };
}

/** Without rows the upload is all there is. */
function versionsOf(asset: Asset, rows: VersionRow[]): Version[] {
  if (rows.length > 0) return rows.map(parseVersionRow);
  const { currentVersionId: id, mimeType, width, height, fileSizeBytes, checksum } = asset;
  const plain = { kind: "original", position: 0, sentChecksum: null, params: null };
  return [{ id, mimeType, width, height, fileSizeBytes, checksum, ...plain }];
}

function selectVersions(db: Database, assetId: string) {
  return db.orm
    .select()
    .from(assetVersions)
    .where(eq(assetVersions.assetId, assetId))
    .orderBy(asc(assetVersions.position));
}

export interface VersionedAsset {
  asset: Asset;
  /** In order; the last is the current one. */
  versions: Version[];
}

export async function findVersions(db: Database, reach: Reach, assetId: string): Promise<VersionedAsset | null> {
  const [[row], rows] = await db.orm.batch([selectAsset(db, reach, assetId), selectVersions(db, assetId)]);
  if (row === undefined) return null;
  const asset = parseAssetRow(row);
  return { asset, versions: versionsOf(asset, rows) };
}

export interface VersionTarget extends VersionedAsset {
  storage: { userUsed: number; userLimit: number; libraryUsed: number; libraryLimit: number | null } | null;
  /** Whether the named version was one of the asset's until lately. */
  wasNamed: boolean;
}

/** What must be known before the first byte of another version: `namedId` is the one it is to replace. */
export async function findVersionTarget(
  db: Database,
  reach: Reach,
  assetId: string,
  namedId: string,
): Promise<VersionTarget | null> {
  const [[row], rows, [storage], leaving] = await db.orm.batch([
    selectAsset(db, reach, assetId),
    selectVersions(db, assetId),
    db.orm
      // D1 answers a batch with objects: two columns of one name would be one.
      .select({
        userUsed: sql<number>`${users.storageUsedBytes}`.as("user_used"),
        userLimit: sql<number>`${users.storageLimitBytes}`.as("user_limit"),
        libraryUsed: sql<number>`${libraries.storageUsedBytes}`.as("library_used"),
        libraryLimit: sql<number | null>`${libraries.storageLimitBytes}`.as("library_limit"),
      })
      .from(assets)
      .innerJoin(users, eq(users.id, assets.userId))
      .innerJoin(libraries, eq(libraries.id, assets.libraryId))
      .where(eq(assets.id, assetId)),
    db.orm
      .select({ id: versionDeletions.versionId })
      .from(versionDeletions)
      .where(and(eq(versionDeletions.versionId, namedId), eq(versionDeletions.assetId, assetId))),
  ]);
  if (row === undefined) return null;
  const asset = parseAssetRow(row);
  return { asset, versions: versionsOf(asset, rows), storage: storage ?? null, wasNamed: leaving.length > 0 };
}

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
  const due = sql`${unchanged(change)} AND ${intended(version, change)}`;
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
  const due = sql`${unchanged(change)} AND ${intended(version, change)}`;
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
