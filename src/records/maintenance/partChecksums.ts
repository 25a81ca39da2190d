/**
 * Checksums of the parts of large files, inserted in the batch that creates their asset or version; triggers delete
 * them.
 */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";

export interface PartChecksums {
  /** Size of every part but the last. */
  partBytes: number;
  /** The MD5 digests in order, 16 bytes each, base64. */
  md5s: string;
}

/**
 * Returns a statement for a batch, which inserts only if `condition` holds; an empty list for a file stored in one
 * piece.
 */
export function insertPartChecksums(
  db: Database,
  file: { assetId: string; versionId: string; parts: PartChecksums | null },
  condition: SQL,
) {
  const { assetId, versionId, parts } = file;
  if (parts === null) return [];
  return [
    db.statement(sql`INSERT INTO part_checksums (version_id, asset_id, part_bytes, md5s)
      SELECT ${versionId}, ${assetId}, ${parts.partBytes}, ${parts.md5s} WHERE ${condition}
      ON CONFLICT (version_id) DO NOTHING`),
  ];
}
