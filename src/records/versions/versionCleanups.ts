/**
 * Versions whose objects are to be deleted: recorded before an upload stores bytes, or with the deletion of their row.
 */
import { asc, lte, sql } from "drizzle-orm";
import { z } from "zod";
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

const idsColumn = z.array(z.string());

/**
 * Every version of these assets that a row refers to, as `asset/version`, the middle of an object's key. Reads each
 * asset once; only an asset with edited versions has further rows.
 */
export async function listReferencedVersions(db: Database, assetIds: string[]): Promise<Set<string>> {
  const rows = await db.orm.all<{ id: string; versions: string }>(sql`
    SELECT a.id AS id, json_array(a.current_version_id, a.original_version_id, a.poster_version_id,
      CASE WHEN a.original_version_id IS NOT NULL
        THEN (SELECT json_group_array(v.id) FROM asset_versions v WHERE v.asset_id = a.id) END) AS versions
    FROM ${jsonEach(assetIds)} r CROSS JOIN assets a ON a.id = r.value`);
  return new Set(rows.flatMap(({ id, versions }) => versionIdsOf(versions).map((versionId) => `${id}/${versionId}`)));
}

const referencesColumn = z.tuple([z.string(), z.string().nullable(), z.string().nullable(), idsColumn.nullable()]);

function versionIdsOf(text: string): string[] {
  const [current, original, poster, edited] = referencesColumn.parse(JSON.parse(text));
  return [current, original, poster, ...(edited ?? [])].filter((id) => id !== null);
}
