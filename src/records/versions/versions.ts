/** Reads the versions of a photo. The upload has position 0. versionChanges.ts changes them. */
import { and, asc, eq, sql } from "drizzle-orm";
import { storageUsedBy } from "../accounts/users.ts";
import { parseFacedRow, selectAsset, type FacedAsset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import type { StorageUsage } from "../libraries/libraries.ts";
import type { LibraryScope } from "../libraries/libraryScope.ts";
import { assets, assetVersions, libraries, users, versionCleanups } from "../schema/schema.ts";

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

/** Without rows, the upload is the only version. */
function versionsOf(asset: FacedAsset, rows: VersionRow[]): Version[] {
  if (rows.length > 0) return rows.map(parseVersionRow);
  const { currentVersionId: id, mimeType, width, height, fileSizeBytes, checksum } = asset;
  const upload = { kind: "original", position: 0, sentChecksum: null, params: null };
  return [{ id, mimeType, width, height, fileSizeBytes, checksum, ...upload }];
}

function selectVersions(db: Database, assetId: string) {
  return db.orm
    .select()
    .from(assetVersions)
    .where(eq(assetVersions.assetId, assetId))
    .orderBy(asc(assetVersions.position));
}

export interface VersionedAsset {
  asset: FacedAsset;
  /** In order; the last is the current one. */
  versions: Version[];
}

export async function findVersions(db: Database, scope: LibraryScope, assetId: string): Promise<VersionedAsset | null> {
  const [[row], rows] = await db.orm.batch([selectAsset(db, scope, assetId), selectVersions(db, assetId)]);
  if (row === undefined) return null;
  const asset = parseFacedRow(row);
  return { asset, versions: versionsOf(asset, rows) };
}

export interface VersionContext extends VersionedAsset {
  storage: { user: StorageUsage | null; library: StorageUsage | null };
  /** The version to replace was replaced recently, so the request may be a repetition. */
  alreadyReplaced: boolean;
}

/** Reads the inputs of the checks before another version is stored. `replacedId` is the version it replaces. */
export async function findVersionContext(
  db: Database,
  scope: LibraryScope,
  assetId: string,
  replacedId: string,
): Promise<VersionContext | null> {
  const [[row], rows, [storage], cleanups] = await db.orm.batch([
    selectAsset(db, scope, assetId),
    selectVersions(db, assetId),
    db.orm
      // D1 returns the rows of a batch as objects, in which columns of the same name collide.
      .select({
        userUsed: storageUsedBy(sql`users.id`).as("user_used"),
        userLimit: sql<number>`${users.storageLimitBytes}`.as("user_limit"),
        libraryUsed: sql<number>`${libraries.storageUsedBytes}`.as("library_used"),
        libraryLimit: sql<number | null>`${libraries.storageLimitBytes}`.as("library_limit"),
      })
      .from(assets)
      .innerJoin(users, eq(users.id, assets.userId))
      .innerJoin(libraries, eq(libraries.id, assets.libraryId))
      .where(eq(assets.id, assetId)),
    db.orm
      .select({ id: versionCleanups.versionId })
      .from(versionCleanups)
      .where(and(eq(versionCleanups.versionId, replacedId), eq(versionCleanups.assetId, assetId))),
  ]);
  if (row === undefined) return null;
  const asset = parseFacedRow(row);
  return {
    asset,
    versions: versionsOf(asset, rows),
    storage: {
      user: storage === undefined ? null : { usedBytes: storage.userUsed, limitBytes: storage.userLimit },
      library: storage === undefined ? null : { usedBytes: storage.libraryUsed, limitBytes: storage.libraryLimit },
    },
    alreadyReplaced: cleanups.length > 0,
  };
}
