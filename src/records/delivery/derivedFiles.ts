/** Sizes of posters, display proxies and renditions. Triggers add them to the storage of the asset's owner. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";

export interface DerivedFile {
  assetId: string;
  versionId: string;
  /**
   * `poster`, `proxy`, the variant of a rendition (`thumbnail`), `scaled` for all variants of `SCALED_NAMES`, or the
   * variant of a face's crop, which begins with the face's id.
   */
  name: string;
  sizeBytes: number;
}

/** A condition: a row of the asset refers to the version. */
function isReferenced(assetId: string, versionId: string): SQL {
  return sql`(EXISTS (SELECT 1 FROM assets a WHERE a.id = ${assetId}
      AND ${versionId} IN (a.current_version_id, a.original_version_id, a.poster_version_id))
    OR EXISTS (SELECT 1 FROM asset_versions v WHERE v.id = ${versionId} AND v.asset_id = ${assetId}))`;
}

/** Inserts the file's row, or updates its size, if the version exists and the condition holds. */
export function insertDerivedFile(
  db: Database,
  { assetId, versionId, name, sizeBytes }: DerivedFile,
  condition: SQL = sql`TRUE`,
) {
  return db.statement(sql`INSERT INTO derived_files (asset_id, version_id, name, size_bytes)
    SELECT ${assetId}, ${versionId}, ${name}, ${sizeBytes} WHERE ${isReferenced(assetId, versionId)} AND ${condition}
    ON CONFLICT DO UPDATE SET size_bytes = excluded.size_bytes WHERE size_bytes <> excluded.size_bytes`);
}

/** The variants that are made together. One row named `scaled` counts all of them, which saves two thirds of the rows. */
export const SCALED_NAMES = ["thumbnail", "small", "preview"] as const;

/** A statement that deletes the rows of single variants, which the row `scaled` counts from now on. */
function deleteSingleVariants(db: Database, { assetId, versionId }: DerivedFile) {
  return db.statement(sql`DELETE FROM derived_files
    WHERE asset_id = ${assetId} AND version_id = ${versionId} AND name IN (${sql.join([...SCALED_NAMES], sql`, `)})`);
}

/** Counts files before their objects are stored, so that all stored bytes are counted after a crash. One batch. */
export async function recordDerivedFiles(db: Database, files: [DerivedFile, ...DerivedFile[]]): Promise<void> {
  const [first, ...rest] = files;
  const replaced = files.filter(({ name }) => name === "scaled").map((file) => deleteSingleVariants(db, file));
  await db.orm.batch([insertDerivedFile(db, first), ...rest.map((file) => insertDerivedFile(db, file)), ...replaced]);
}

/** Counts one file before its object is stored. */
export async function recordDerivedFile(db: Database, file: DerivedFile): Promise<void> {
  await recordDerivedFiles(db, [file]);
}
