/** The versions of a photo, as they are read. The upload's is position 0. Changes none: versionChanges.ts does. */
import { and, asc, eq, sql } from "drizzle-orm";
import { parseAssetRow, selectAsset, type Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import type { Reach } from "../libraries/libraries.ts";
import { assets, assetVersions, libraries, users, versionDeletions } from "../schema/schema.ts";

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
