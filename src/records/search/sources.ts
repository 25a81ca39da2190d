/** Reads what the text index is made of from the main database. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { effectiveMetadata, parseMetadataSources, type Metadata } from "../assets/metadata/metadata.ts";
import type { Database } from "../database.ts";
import { assets } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { rowReader, type Row } from "../sql/query.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";

/** An event, and what it concerns. */
export interface IndexedChange {
  seq: number;
  libraryId: string;
  /** The asset to index; null if the event concerns an album or person, or nothing that the index has. */
  assetId: string | null;
  /** The renamed or deleted album or person. */
  entityId: string | null;
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The asset of an event. The payload has it where the row may be deleted. */
const assetOfEvent: SQL = sql`CASE
  WHEN e.entity_type IN ('asset', 'metadata') THEN e.entity_id
  WHEN e.entity_type = 'album_asset' THEN
    coalesce(e.payload ->> 'asset_id', (SELECT l.asset_id FROM album_assets l WHERE l.id = e.entity_id))
  WHEN e.entity_type = 'face' THEN
    coalesce(e.payload ->> 'asset_id', (SELECT f.asset_id FROM faces f WHERE f.id = e.entity_id)) END`;

export interface ChangePage {
  changes: IndexedChange[];
  /** The last event of the feed, which AUTOINCREMENT keeps after its row is deleted. */
  lastSeq: number;
}

/** Events of all libraries after `afterSeq`, in order. */
export async function listIndexedChanges(db: Database, afterSeq: number, limit: number): Promise<ChangePage> {
  const [last, rows] = await db.select([
    sql`SELECT seq FROM sqlite_sequence WHERE name = 'events'`,
    sql`SELECT e.seq, e.library_id, ${assetOfEvent} AS asset_id,
      CASE WHEN e.event_type IN ('album_updated', 'album_deleted', 'person_updated', 'person_deleted')
        THEN e.entity_id END AS named_id
      FROM events e NOT INDEXED WHERE e.seq > ${sqlNumber(afterSeq)} ORDER BY e.seq LIMIT ${limit}`,
  ]);
  const changes = (rows ?? []).map((row) => ({
    seq: Number(row["seq"]),
    libraryId: String(row["library_id"]),
    assetId: textOrNull(row["asset_id"]),
    entityId: textOrNull(row["named_id"]),
  }));
  return { changes, lastSeq: Math.max(Number(last?.[0]?.["seq"] ?? 0), changes.at(-1)?.seq ?? 0) };
}

export interface Named {
  id: string;
  /** Null for a person without a name. */
  name: string | null;
}

/** An asset with everything that its document contains. */
export interface IndexedAsset {
  id: string;
  libraryId: string;
  mediaType: "image" | "video";
  fileName: string;
  /** By a describer. */
  description: string | null;
  localUs: number;
  metadata: Metadata;
  albums: Named[];
  people: Named[];
}

/** Albums, and people, of an asset that its document names; further ones are left out. */
export const MAX_NAMES_PER_DOCUMENT = 100;

const columns = {
  id: assets.id,
  libraryId: assets.libraryId,
  mediaType: assets.mediaType,
  originalFileName: assets.originalFileName,
  description: assets.description,
  localUs: assets.localUs,
  fileMetadata: assets.fileMetadata,
  userMetadata: assets.userMetadata,
  derivedMetadata: assets.derivedMetadata,
};
const readColumns = rowReader(columns);

const nameList = z.array(z.object({ id: z.string(), name: z.string().nullable() }));

function parseNames(column: unknown): Named[] {
  return nameList.parse(JSON.parse(textOrNull(column) ?? "[]"));
}

function parseIndexedAsset(row: Row): IndexedAsset {
  const { originalFileName: fileName, fileMetadata, userMetadata, derivedMetadata, ...asset } = readColumns(row);
  const sources = parseMetadataSources({ file: fileMetadata, user: userMetadata, derived: derivedMetadata });
  return {
    ...asset,
    fileName,
    metadata: effectiveMetadata(sources),
    albums: parseNames(row["albums"]),
    people: parseNames(row["people"]),
  };
}

/** A JSON list of the ids and names of a SELECT, in order of the ids. */
function selectNames(from: SQL): SQL {
  return sql`(SELECT json_group_array(json_object('id', n.id, 'name', n.name)) FROM
    (SELECT DISTINCT o.id, o.name FROM ${from} ORDER BY o.id LIMIT ${sqlNumber(MAX_NAMES_PER_DOCUMENT)}) n)`;
}

const albumsOfAsset = selectNames(sql`album_assets l INDEXED BY album_assets_by_asset
  CROSS JOIN albums o ON o.id = l.album_id WHERE l.asset_id = assets.id AND o.deleted_at IS NULL`);
const peopleOfAsset = selectNames(sql`faces f INDEXED BY faces_by_asset
  CROSS JOIN people o ON o.id = f.person_id WHERE f.asset_id = assets.id`);

/** The live ones among the assets. */
export async function listIndexedAssets(db: Database, assetIds: readonly string[]): Promise<IndexedAsset[]> {
  const [rows] = await db.select([
    sql`SELECT assets.id, assets.library_id, assets.media_type, assets.original_file_name, assets.description,
      assets.local_us, assets.file_metadata, assets.user_metadata, assets.derived_metadata,
      ${albumsOfAsset} AS albums, ${peopleOfAsset} AS people
      FROM ${jsonEach(assetIds)} j CROSS JOIN assets ON assets.id = j.value WHERE assets.trashed_at IS NULL`,
  ]);
  return (rows ?? []).map(parseIndexedAsset);
}

/** The ids of assets after `afterId`, live or trashed, in order. */
export async function listAssetIds(db: Database, afterId: string, limit: number): Promise<string[]> {
  const [rows] = await db.select([sql`SELECT id FROM assets WHERE id > ${afterId} ORDER BY id LIMIT ${limit}`]);
  return (rows ?? []).map((row) => String(row["id"]));
}

/** The current names of albums and people. Without an entry, it is deleted or has no name. */
export async function listNames(db: Database, ids: string[]): Promise<Map<string, string>> {
  const list = jsonEach(ids);
  const results = await db.select([
    sql`SELECT a.id, a.name FROM ${list} j CROSS JOIN albums a ON a.id = j.value WHERE a.deleted_at IS NULL`,
    sql`SELECT p.id, p.name FROM ${list} j CROSS JOIN people p ON p.id = j.value WHERE p.name IS NOT NULL`,
  ]);
  return new Map(results.flat().map((row) => [String(row["id"]), String(row["name"])]));
}
