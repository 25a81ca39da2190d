/**
 * Columns of asset lists: docs/decisions/0019. A list reads only the requested groups. A row with long texts leaves its
 * JSON columns out of the page's query; they are read afterwards for the rows that fit into the page's bytes.
 */
import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Database } from "../../database.ts";
import type { LibraryScope } from "../../libraries/libraryScope.ts";
import { sqlId } from "../../sql/sqlLiterals.ts";
import { rowReader, runQueries, type Query, type Row, type RowOf } from "../../sql/query.ts";
import type { Face } from "../../faces/faceJson.ts";
import type { Person } from "../../people/personJson.ts";
import { facesQuery, inlineFaceColumns, readRowFaces, type AssetFaces, type RowFaces } from "../assetFaces.ts";
import { assetColumns, assetInScope, parseMetrics, type Asset } from "../assets.ts";
import { effectiveMetadata, parseMetadataSources, type Metadata } from "../metadata/metadata.ts";

export type ColumnGroup = "metadata" | "metrics" | "fileData" | "faces" | "people";
export type ColumnGroups = ReadonlySet<ColumnGroup>;
export const everyColumnGroup: ColumnGroups = new Set(["metadata", "metrics", "fileData", "faces", "people"]);

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
  deviceId,
  deviceAssetId,
  fileCreatedAt,
  fileModifiedAt,
  // No list serializes these: D1 turns each value of each row into JSON and back.
  userId: _userId,
  libraryId: _libraryId,
  originalVersionId: _originalVersionId,
  versionBytes: _versionBytes,
  derivedBytes: _derivedBytes,
  unstackedAt: _unstackedAt,
  latitude: _latitude,
  longitude: _longitude,
  rating: _rating,
  albumCount: _albumCount,
  ...coreColumns
} = assetColumns;
const metadataColumns = { fileMetadata, userMetadata, derivedMetadata };
const fileDataColumns = {
  checksum,
  checksumSha1,
  deviceId,
  deviceAssetId,
  fileCreatedAt,
  fileModifiedAt,
};

type CoreRow = RowOf<typeof coreColumns>;
export type FileData = RowOf<typeof fileDataColumns>;

/** An asset of a list. Groups are null unless requested. */
export interface ListedAsset extends CoreRow {
  metadata: Metadata | null;
  metrics: Asset["metrics"] | null;
  fileData: FileData | null;
  faces: Face[] | null;
  people: Person[] | null;
}

/** Columns are named without their table, as a page's query has it: `SELECT a.*`. */
function columnNames(columns: Readonly<Record<string, SQLiteColumn>>): string[] {
  return Object.values(columns).map(({ name }) => `"${name}"`);
}

const coreNames = columnNames(coreColumns);
const fileDataNames = columnNames(fileDataColumns);

function jsonColumnsOf(groups: ColumnGroups): SQLiteColumn[] {
  return [
    ...(groups.has("metadata") ? Object.values(metadataColumns) : []),
    ...(groups.has("metrics") ? [metrics] : []),
  ];
}

/** SQL of the bytes of a row's texts. As text: drizzle takes longer to join many pieces than to build the rest. */
function textBytes(groups: ColumnGroups): string {
  const columns = [...jsonColumnsOf(groups), coreColumns.description];
  if (groups.has("fileData")) columns.push(deviceId, deviceAssetId);
  const lengths = columns.map(({ name }) => `coalesce(octet_length("${name}"), 0)`);
  return [...lengths, `${FILE_NAME_REPETITIONS} * octet_length(original_file_name)`].join(" + ");
}

const readCore = rowReader(coreColumns);
const readFileData = rowReader(fileDataColumns);
const readMetadataRow = rowReader(metadataColumns);
const readMetricsRow = rowReader({ metrics });

interface JsonValues {
  metadata: Metadata | null;
  metrics: Asset["metrics"] | null;
}

/** Reads the JSON columns of the requested groups. A column that the page left out reads as empty. */
function readJsonValues(row: Row, groups: ColumnGroups): JsonValues {
  return {
    metadata: groups.has("metadata") ? readEffectiveMetadata(readMetadataRow(row)) : null,
    metrics: groups.has("metrics") ? parseMetrics(readMetricsRow(row).metrics) : null,
  };
}

function readEffectiveMetadata(row: RowOf<typeof metadataColumns>): Metadata {
  const sources = { file: row.fileMetadata, user: row.userMetadata, derived: row.derivedMetadata };
  return effectiveMetadata(parseMetadataSources(sources));
}

function readAsset(row: Row, groups: ColumnGroups): ListedAsset & RowFaces {
  const { metadata, metrics: values } = readJsonValues(row, groups);
  const fileData = groups.has("fileData") ? readFileData(row) : null;
  return { ...readCore(row), metadata, metrics: values, fileData, ...readRowFaces(row, groups) };
}

/** Finds an asset in scope with the columns of the requested groups. */
export async function findListedAsset(
  db: Database,
  scope: LibraryScope,
  id: string,
  groups: ColumnGroups,
): Promise<ListedAsset | null> {
  const fileData = groups.has("fileData") ? fileDataNames : [];
  const json = jsonColumnsOf(groups).map(({ name }) => `"${name}"`);
  const names = sql.join(
    [sql.raw([...coreNames, ...fileData, ...json].join(", ")), ...inlineFaceColumns(groups)],
    sql`, `,
  );
  const query: Query<(ListedAsset & RowFaces) | null> = {
    sql: sql`SELECT ${names} FROM assets WHERE ${assetInScope(scope, id)}`,
    parse: ([row]) => (row === undefined ? null : readAsset(row, groups)),
  };
  const [asset] = await runQueries(db, [query]);
  if (asset === null || asset.deferred === 0) return asset;
  const [faces] = await runQueries(db, [facesQuery([id])]);
  return withFaces(asset, faces, groups);
}

export interface ListRow extends ListedAsset, RowFaces {
  textBytes: number;
}

/**
 * A query around a page's query, which is `SELECT a.*`: SQLite sets unused columns to NULL inside, and the column names
 * would be too long for a query that merges 60 inputs.
 */
export function selectListRows(page: SQL, groups: ColumnGroups): Query<ListRow[]> {
  const bytes = textBytes(groups);
  const isInline = `${bytes} <= ${MAX_INLINE_TEXT_BYTES}`;
  const json = jsonColumnsOf(groups).map(({ name }) => `CASE WHEN ${isInline} THEN ${name} END AS ${name}`);
  const fileData = groups.has("fileData") ? fileDataNames : [];
  const names = [...coreNames, ...fileData, ...json, `${bytes} AS text_bytes`].join(", ");
  return {
    sql: sql`SELECT ${sql.join([sql.raw(names), ...inlineFaceColumns(groups)], sql`, `)} FROM (${page}) assets`,
    parse: (rows) => rows.map((row) => ({ ...readAsset(row, groups), textBytes: Number(row["text_bytes"]) })),
  };
}

/** The number of rows that fit into a page, at least one. */
export function fittingRows(rows: Pick<ListRow, "textBytes" | "faceBytes">[]): number {
  let bytes = 0;
  const tooMany = rows.findIndex((row) => (bytes += row.textBytes + row.faceBytes) > MAX_PAGE_TEXT_BYTES);
  return tooMany < 0 ? rows.length : Math.max(tooMany, 1);
}

/** The complete faces and people of an asset, in the requested groups. */
function withFaces<T extends ListedAsset>(asset: T, all: Map<string, AssetFaces>, groups: ColumnGroups): T {
  const found = all.get(asset.id);
  if (found === undefined) return asset;
  const { faces, people } = found;
  return { ...asset, faces: groups.has("faces") ? faces : null, people: groups.has("people") ? people : null };
}

/** A row that was deleted since its page was read has no faces. */
function withoutFaces(asset: ListRow, groups: ColumnGroups): ListRow {
  const { faces, people } = asset;
  return {
    ...asset,
    faces: groups.has("faces") ? (faces ?? []) : null,
    people: groups.has("people") ? (people ?? []) : null,
  };
}

/**
 * Completes the rows of a page in one round trip, if any lack values. A row that was deleted since the page was read has
 * empty metadata.
 */
export async function completeRows(db: Database, rows: ListRow[], groups: ColumnGroups): Promise<ListedAsset[]> {
  const isDeferred = (row: ListRow): boolean => row.textBytes > MAX_INLINE_TEXT_BYTES;
  const deferredIds = jsonColumnsOf(groups).length === 0 ? [] : rows.filter(isDeferred).map(({ id }) => id);
  const crowdedIds = rows.filter(({ deferred }) => deferred > 0).map(({ id }) => id);
  if (deferredIds.length === 0 && crowdedIds.length === 0) return rows;
  const [json, faces] = await runQueries(db, [selectJson(deferredIds, groups), facesQuery(crowdedIds)]);
  return rows.map((row) => ({ ...withFaces(withoutFaces(row, groups), faces, groups), ...json.get(row.id) }));
}

/** One lookup per id, from a VALUES list in the SQL text: D1 bills the elements of a JSON list as rows. */
function selectJson(ids: string[], groups: ColumnGroups): Query<Map<string, JsonValues>> {
  if (ids.length === 0) return { sql: null, parse: () => new Map() };
  const values = sql.join(
    ids.map((id) => sql`(${sqlId(id)})`),
    sql`, `,
  );
  const names = jsonColumnsOf(groups).map(({ name }) => sql.raw(name));
  return {
    sql: sql`SELECT ${sql.join([sql`a.id`, ...names], sql`, `)} FROM (VALUES ${values}) v CROSS JOIN assets a ON a.id = v.column1`,
    parse: (rows) => new Map(rows.map((row) => [String(row["id"]), readJsonValues(row, groups)])),
  };
}
