/** Finds files that a library already has, live or trashed, by checksum or by device asset id. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { trashClearedAtOf } from "../libraries/libraries.ts";
import { isVisible } from "../libraries/libraryScope.ts";
import type { assets } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";

export type ExistingAsset = Pick<
  typeof assets.$inferSelect,
  "id" | "checksum" | "checksumSha1" | "deviceId" | "deviceAssetId"
>;

export type FileIdentifiers =
  | { kind: "checksum"; checksums: string[] }
  | { kind: "sha1"; checksums: string[] }
  | { kind: "device"; deviceId: string; deviceAssetIds: string[] };

/** The values to look up, and their index. */
function lookup(identifiers: FileIdentifiers): { values: string[]; index: string; on: SQL } {
  if (identifiers.kind === "checksum") {
    return { values: identifiers.checksums, index: "assets_by_checksum", on: sql`a.checksum = v.value` };
  }
  if (identifiers.kind === "sha1") {
    return { values: identifiers.checksums, index: "assets_by_sha1", on: sql`a.checksum_sha1 = v.value` };
  }
  const on = sql`a.device_id = ${identifiers.deviceId} AND a.device_asset_id = v.value`;
  return { values: identifiers.deviceAssetIds, index: "assets_by_device", on };
}

const deviceColumns = sql`a.device_id AS "deviceId", a.device_asset_id AS "deviceAssetId"`;

interface MatchRow extends Pick<ExistingAsset, "id" | "checksum" | "checksumSha1"> {
  deviceId: string;
  deviceAssetId: string;
  /** Index of the identifier. */
  key: number;
}

/**
 * Finds at most `limit` assets, with one index seek per identifier. A lookup by device takes the texts from the request
 * instead of the rows.
 */
export async function findExistingAssets(
  db: Database,
  libraryId: string,
  identifiers: FileIdentifiers,
  limit: number,
): Promise<ExistingAsset[]> {
  const { values, index, on } = lookup(identifiers);
  const distinct = [...new Set(values)];
  const isByDevice = identifiers.kind === "device";
  const texts = isByDevice ? sql`'' AS "deviceId", '' AS "deviceAssetId"` : deviceColumns;
  const rows = await db.orm.all<MatchRow>(sql`
    SELECT a.id AS "id", a.checksum AS "checksum", a.checksum_sha1 AS "checksumSha1", ${texts}, v.key AS "key"
    FROM ${jsonEach(distinct)} v
      CROSS JOIN assets a INDEXED BY ${sql.raw(index)} ON a.library_id = ${libraryId} AND ${on}
    WHERE ${isVisible(sql`a.trashed_at`, trashClearedAtOf(libraryId))} LIMIT ${limit}`);
  return rows.map(({ key, ...row }) =>
    isByDevice ? { ...row, deviceId: identifiers.deviceId, deviceAssetId: distinct[key] ?? "" } : row,
  );
}
