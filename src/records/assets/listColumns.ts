/**
 * Columns of asset lists: docs/decisions/0019. A list reads only the requested groups. A row with long texts leaves its
 * JSON columns out of the page's query; they are read afterwards for the rows that fit into the page's bytes.
 */
import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { z } from "zod";
import type { Database } from "../database.ts";
import { sqlId, sqlNumber } from "../sql/sqlLiterals.ts";
import { assetColumns, parseMetrics, type Asset } from "./assets.ts";
import { effectiveMetadata, parseMetadataSources, type Metadata } from "./metadata.ts";

export type ColumnGroup = "metadata" | "metrics" | "fileData";
export type ColumnGroups = ReadonlySet<ColumnGroup>;
export const everyColumnGroup: ColumnGroups = new Set(["metadata", "metrics", "fileData"]);

/** The texts of a page, as stored. A response repeats some of them: at most about 16 MB for 1,000 assets. */
export const MAX_PAGE_TEXT_BYTES = 4 * 1024 * 1024;
/** A row with more text is read without its JSON columns, so that 1,000 rows of any size stay below 15 MB. */
const MAX_INLINE_TEXT_BYTES = 4 * 1024;
/** A file name appears as itself, and percent-encoded (three times as long) in two URLs. */
const FILE_NAME_REPETITIONS = 7;

const {
  fileMetadata,
  userMetadata,
  derivedMetadata,
  metrics,
  checksum,
  checksumSha1,
  fileSizeBytes,
  deviceId,
  deviceAssetId,
  fileCreatedAt,
  fileModifiedAt,
  ...coreColumns
} = assetColumns;

const fileDataRow = z.object({
  checksum: z.string(),
  checksumSha1: z.string(),
  fileSizeBytes: z.int(),
  deviceId: z.string(),
  deviceAssetId: z.string(),
  fileCreatedAt: z.string(),
  fileModifiedAt: z.string(),
});

export type FileData = z.output<typeof fileDataRow>;

/** An asset of a list. Groups are null unless requested. */
export interface ListedAsset extends Pick<Asset, keyof typeof coreColumns> {
  metadata: Metadata | null;
  metrics: Asset["metrics"] | null;
  fileData: FileData | null;
}

function jsonColumnsOf(groups: ColumnGroups): SQLiteColumn[] {
  return [
    ...(groups.has("metadata") ? [fileMetadata, userMetadata, derivedMetadata] : []),
    ...(groups.has("metrics") ? [metrics] : []),
  ];
}

function textColumnsOf(groups: ColumnGroups): SQLiteColumn[] {
  return [
    ...jsonColumnsOf(groups),
    coreColumns.description,
    ...(groups.has("fileData") ? [deviceId, deviceAssetId] : []),
  ];
}

function textBytes(groups: ColumnGroups): SQL {
  const lengths = textColumnsOf(groups).map((column) => sql`coalesce(octet_length(${sql.identifier(column.name)}), 0)`);
  const fileName = sql`${sqlNumber(FILE_NAME_REPETITIONS)} * octet_length(original_file_name)`;
  return sql.join([...lengths, fileName], sql` + `);
}

/** The column if its group was requested and `condition` holds, else NULL. */
function optional(column: SQLiteColumn, isRequested: boolean, condition: SQL | null = null): SQL.Aliased {
  const value = sql<unknown>`${sql.identifier(column.name)}`;
  const chosen = condition === null ? value : sql<unknown>`CASE WHEN ${condition} THEN ${value} END`;
  return (isRequested ? chosen.mapWith(column) : sql<unknown>`NULL`).as(column.name);
}

function jsonFields(groups: ColumnGroups, condition: SQL | null) {
  return {
    fileMetadata: optional(fileMetadata, groups.has("metadata"), condition),
    userMetadata: optional(userMetadata, groups.has("metadata"), condition),
    derivedMetadata: optional(derivedMetadata, groups.has("metadata"), condition),
    metrics: optional(metrics, groups.has("metrics"), condition),
  };
}

/**
 * The fields of drizzle's select around a page's query, which is `SELECT a.*`: SQLite sets unused columns to NULL
 * inside, and the column names would be too long for a query that merges 60 inputs.
 */
export function listFields(groups: ColumnGroups) {
  const hasFileData = groups.has("fileData");
  const bytes = textBytes(groups);
  return {
    ...coreColumns,
    fileData: {
      checksum: optional(checksum, hasFileData),
      checksumSha1: optional(checksumSha1, hasFileData),
      fileSizeBytes: optional(fileSizeBytes, hasFileData),
      deviceId: optional(deviceId, hasFileData),
      deviceAssetId: optional(deviceAssetId, hasFileData),
      fileCreatedAt: optional(fileCreatedAt, hasFileData),
      fileModifiedAt: optional(fileModifiedAt, hasFileData),
    },
    json: jsonFields(groups, sql`${bytes} <= ${sqlNumber(MAX_INLINE_TEXT_BYTES)}`),
    textBytes: sql<number>`${bytes}`.as("text_bytes"),
  };
}

interface JsonRow {
  fileMetadata: unknown;
  userMetadata: unknown;
  derivedMetadata: unknown;
  metrics: unknown;
}

export interface ListRow extends Pick<Asset, keyof typeof coreColumns> {
  fileData: unknown;
  json: JsonRow;
  textBytes: number;
}

function toListedAsset({ fileData, json, textBytes: _bytes, ...core }: ListRow, groups: ColumnGroups): ListedAsset {
  const sources = { file: json.fileMetadata, user: json.userMetadata, derived: json.derivedMetadata };
  return {
    ...core,
    metadata: groups.has("metadata") ? effectiveMetadata(parseMetadataSources(sources)) : null,
    metrics: groups.has("metrics") ? parseMetrics(json.metrics) : null,
    fileData: groups.has("fileData") ? fileDataRow.parse(fileData) : null,
  };
}

/** The number of rows that fit into a page, at least one. */
export function fittingRows(rows: Pick<ListRow, "textBytes">[]): number {
  let bytes = 0;
  const tooMany = rows.findIndex((row) => (bytes += row.textBytes) > MAX_PAGE_TEXT_BYTES);
  return tooMany < 0 ? rows.length : Math.max(tooMany, 1);
}

/** Completes the rows of a page. A row that was deleted since the page was read has empty metadata. */
export async function completeRows(db: Database, rows: ListRow[], groups: ColumnGroups): Promise<ListedAsset[]> {
  const isDeferred = (row: ListRow): boolean => row.textBytes > MAX_INLINE_TEXT_BYTES;
  const deferredIds = jsonColumnsOf(groups).length === 0 ? [] : rows.filter(isDeferred).map(({ id }) => id);
  const json = await readJson(db, deferredIds, groups);
  return rows.map((row) => toListedAsset({ ...row, json: json.get(row.id) ?? row.json }, groups));
}

/** One lookup per id, from a VALUES list in the SQL text: D1 bills the elements of a JSON list as rows. */
async function readJson(db: Database, ids: string[], groups: ColumnGroups): Promise<Map<string, JsonRow>> {
  if (ids.length === 0) return new Map();
  const values = sql.join(
    ids.map((id) => sql`(${sqlId(id)})`),
    sql`, `,
  );
  const rows = await db.orm
    .select({ id: sql<string>`a.id`.as("id"), ...jsonFields(groups, null) })
    .from(sql`(VALUES ${values}) v CROSS JOIN assets a ON a.id = v.column1`);
  return new Map(rows.map(({ id, ...json }) => [id, json]));
}
