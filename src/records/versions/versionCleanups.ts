/** Versions whose objects are to be deleted: recorded before an upload stores bytes, or with the deletion of their row. */
import { asc, lte, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { versionCleanups } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";

export interface VersionAddress {
  assetId: string;
  versionId: string;
}

/** Before an upload stores its first byte: unless the version becomes current, its objects are deleted at `dueAt`. */
export async function scheduleVersionCleanup(db: Database, version: VersionAddress, dueAt: number): Promise<void> {
  await db.orm.insert(versionCleanups).values({ ...version, dueAt });
}

export async function listDueVersionCleanups(db: Database, atMs: number, limit: number): Promise<VersionAddress[]> {
  return await db.orm
    .select({ assetId: versionCleanups.assetId, versionId: versionCleanups.versionId })
    .from(versionCleanups)
    .where(lte(versionCleanups.dueAt, atMs))
    .orderBy(asc(versionCleanups.dueAt))
    .limit(limit);
}

export async function completeVersionCleanups(db: Database, versionIds: string[]): Promise<void> {
  await db.orm.delete(versionCleanups).where(inList(versionCleanups.versionId, versionIds));
}

/** The versions among these that have a cleanup record: to be deleted, or being uploaded. */
export async function listPendingVersionCleanups(db: Database, versionIds: string[]): Promise<Set<string>> {
  const rows = await db.orm
    .select({ versionId: versionCleanups.versionId })
    .from(versionCleanups)
    .where(inList(versionCleanups.versionId, versionIds));
  return new Set(rows.map((row) => row.versionId));
}

/** Every version of these assets that a row refers to, as `asset/version`, the middle of an object's key. */
export async function listReferencedVersions(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm.all<{ address: string }>(sql`
    WITH requested AS (SELECT value AS id FROM ${jsonEach(assetIds)})
    SELECT a.id || '/' || a.current_version_id AS address FROM assets a WHERE a.id IN (SELECT id FROM requested)
    UNION ALL SELECT a.id || '/' || a.original_version_id FROM assets a
      WHERE a.id IN (SELECT id FROM requested) AND a.original_version_id IS NOT NULL
    UNION ALL SELECT a.id || '/' || a.poster_version_id FROM assets a
      WHERE a.id IN (SELECT id FROM requested) AND a.poster_version_id IS NOT NULL
    UNION ALL SELECT v.asset_id || '/' || v.id FROM asset_versions v WHERE v.asset_id IN (SELECT id FROM requested)`);
  return new Set(rows.map((row) => row.address));
}
