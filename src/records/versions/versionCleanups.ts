/** Versions whose objects may have to go: written before the bytes come, or with the change that took a row away. */
import { asc, inArray, lte, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { versionDeletions } from "../schema/schema.ts";

export interface VersionAddress {
  assetId: string;
  versionId: string;
}

/** Before the first byte is stored: if no row follows, the objects of this version are deleted at `dueAt`. */
export async function intendVersion(db: Database, version: VersionAddress, dueAt: number): Promise<void> {
  await db.orm.insert(versionDeletions).values({ ...version, dueAt });
}

export async function listDueVersionDeletions(db: Database, atMs: number, limit: number): Promise<VersionAddress[]> {
  return await db.orm
    .select({ assetId: versionDeletions.assetId, versionId: versionDeletions.versionId })
    .from(versionDeletions)
    .where(lte(versionDeletions.dueAt, atMs))
    .orderBy(asc(versionDeletions.dueAt))
    .limit(limit);
}

export async function forgetVersionDeletions(db: Database, versionIds: string[]): Promise<void> {
  await db.orm
    .delete(versionDeletions)
    .where(inArray(versionDeletions.versionId, sql`(SELECT value FROM json_each(${JSON.stringify(versionIds)}))`));
}

/** Of these, the ones whose objects are about to go, or about to get a row. */
export async function listPendingVersionDeletions(db: Database, versionIds: string[]): Promise<Set<string>> {
  const rows = await db.orm
    .select({ versionId: versionDeletions.versionId })
    .from(versionDeletions)
    .where(inArray(versionDeletions.versionId, sql`(SELECT value FROM json_each(${JSON.stringify(versionIds)}))`));
  return new Set(rows.map((row) => row.versionId));
}

/** Every version that a row of these assets speaks of, as `asset/version`: the middle of an object's key. */
export async function listKnownVersions(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm.all<{ address: string }>(sql`
    WITH asked AS (SELECT value AS id FROM json_each(${JSON.stringify(assetIds)}))
    SELECT a.id || '/' || a.current_version_id AS address FROM assets a WHERE a.id IN (SELECT id FROM asked)
    UNION ALL SELECT a.id || '/' || a.original_version_id FROM assets a
      WHERE a.id IN (SELECT id FROM asked) AND a.original_version_id IS NOT NULL
    UNION ALL SELECT a.id || '/' || a.still_version_id FROM assets a
      WHERE a.id IN (SELECT id FROM asked) AND a.still_version_id IS NOT NULL
    UNION ALL SELECT v.asset_id || '/' || v.id FROM asset_versions v WHERE v.asset_id IN (SELECT id FROM asked)`);
  return new Set(rows.map((row) => row.address));
}
