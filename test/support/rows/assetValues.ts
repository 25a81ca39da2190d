/** Computes the values that assets store about their metadata, metrics and versions, and reports those that differ. */
import { qualityScore } from "../../../src/media/transcode/quality/qualityScore.ts";
import { parseMetrics } from "../../../src/records/assets/assets.ts";
import { parseMetadataSources, ratingOf } from "../../../src/records/assets/metadata/metadata.ts";
import { sqlAll } from "../clients/account.ts";

const parse = (column: unknown): unknown => (typeof column === "string" ? JSON.parse(column) : null);

/** The id of each asset with a wrong value, with the stored and the expected one. */
export async function findAssetValueMismatches(): Promise<string[]> {
  const rows = await sqlAll(`SELECT a.*, v.file_size_bytes AS version_size_bytes FROM assets a
    LEFT JOIN asset_versions v ON v.id = a.current_version_id AND a.original_version_id IS NOT NULL`);
  return rows.flatMap((row) => {
    const file = parse(row["file_metadata"]);
    const rating = ratingOf(parseMetadataSources({ file, user: parse(row["user_metadata"]), derived: {} }));
    const score = row["quality_score"] === null ? null : qualityScore(parseMetrics(parse(row["metrics"])));
    const expected = { rating, quality_score: score, current_size_bytes: row["version_size_bytes"] };
    return Object.entries(expected)
      .filter(([column, value]) => row[column] !== value)
      .map(([column, value]) => `${String(row["id"])} ${column}: ${String(row[column])}, not ${String(value)}`);
  });
}
