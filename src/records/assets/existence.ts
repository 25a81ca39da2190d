/** Which files a library has already, by content or by the name their device gave them. The trash counts. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { emptiedAtOf } from "../libraries/libraries.ts";
import type { assets } from "../schema/schema.ts";

export type KnownAsset = Pick<
  typeof assets.$inferSelect,
  "id" | "checksum" | "checksumSha1" | "deviceId" | "deviceAssetId"
>;

export type FileNames =
  | { kind: "checksum"; checksums: string[] }
  | { kind: "sha1"; checksums: string[] }
  | { kind: "device"; deviceId: string; deviceAssetIds: string[] };

/** The names, and the index that has them. */
function lookup(names: FileNames): { values: string[]; index: string; on: SQL } {
  if (names.kind === "checksum") {
    return { values: names.checksums, index: "assets_by_checksum", on: sql`a.checksum = v.value` };
  }
  if (names.kind === "sha1") {
    return { values: names.checksums, index: "assets_by_sha1", on: sql`a.checksum_sha1 = v.value` };
  }
  const on = sql`a.device_id = ${names.deviceId} AND a.device_asset_id = v.value`;
  return { values: names.deviceAssetIds, index: "assets_by_device", on };
}

/** One seek for each name, however large the library; at most `limit` assets. */
export async function findKnownAssets(
  db: Database,
  libraryId: string,
  names: FileNames,
  limit: number,
): Promise<KnownAsset[]> {
  const { values, index, on } = lookup(names);
  return await db.orm.all<KnownAsset>(sql`
    SELECT a.id AS "id", a.checksum AS "checksum", a.checksum_sha1 AS "checksumSha1", a.device_id AS "deviceId",
      a.device_asset_id AS "deviceAssetId"
    FROM json_each(${JSON.stringify([...new Set(values)])}) v
      CROSS JOIN assets a INDEXED BY ${sql.raw(index)} ON a.library_id = ${libraryId} AND ${on}
    WHERE a.trashed_at IS NULL OR a.trashed_at > ${emptiedAtOf(libraryId)} LIMIT ${limit}`);
}
