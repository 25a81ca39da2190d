/**
 * Clusters assets by the cells of a grid. All live assets of a library are read from the map's pyramid; filtered assets
 * are read row by row with the plan of their list.
 */
import { sql, type SQL } from "drizzle-orm";
import type { AssetFilter } from "../assets/assetFilters.ts";
import { scannedRows } from "../assets/lists/listPlans.ts";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { runQueries, type Query, type Row } from "../sql/query.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { coveringCells, WIDE_BOX_LEVEL, type Box } from "./mapCells.ts";
import { gridCell, countGridCells, isInside, type Grid } from "./mapGrid.ts";
import { degreesE7, minClusterCount, pyramidWalk, pyramidRows } from "./mapPyramid.ts";

export interface Cluster {
  latitude: number;
  longitude: number;
  assets: number;
  newestAssetId: string;
}

export interface ClusterRequest {
  /** `filter.box` equals the grid's box. */
  filter: AssetFilter;
  grid: Grid;
  limit: number;
  /** Rows that filters may read, `MAX_MAP_ROWS` by default. */
  maxRows?: number;
}

/** The pyramid only has totals of a library's live assets, by media type. */
function isFiltered({ albumId, albumFilter, personIds, ratings, after, before }: AssetFilter): boolean {
  return (
    albumId !== null ||
    personIds !== null ||
    albumFilter !== "all" ||
    ratings !== null ||
    after !== null ||
    before !== null
  );
}

/** A box of continents usually contains more assets than all albums together. */
function isWide(box: Box): boolean {
  return coveringCells(box).level <= WIDE_BOX_LEVEL;
}

/** Rows that a filtered map reads, about a second. */
export const MAX_MAP_ROWS = 100_000;

/** Reads one row more than `maxRows` at most. Rows that do not match have no grid cell. */
function selectRows(filter: AssetFilter, grid: Grid, maxRows: number): SQL[] {
  const useAlbumIndex = filter.albumFilter === "in_album" && filter.state === "live" && isWide(grid.box);
  const rows = scannedRows(
    useAlbumIndex ? { ...filter, box: null } : filter,
    sql`a.latitude AS latitude, a.longitude AS longitude, a.sort_key AS sort_key`,
    maxRows + 1,
  );
  if (rows === null) return [];
  const [latitude, longitude] = [sql`a.latitude`, sql`a.longitude`];
  const isMatch = sql`a.matches AND ${isInside(grid.box, latitude, longitude)}`;
  return [
    sql`SELECT CASE WHEN ${isMatch} THEN ${gridCell(grid, latitude, longitude)} END AS grid_cell, 1 AS assets,
      ${degreesE7(latitude)} AS latitude_sum, ${degreesE7(longitude)} AS longitude_sum, a.sort_key AS newest_key, 1 AS scanned
      FROM (${rows}) a`,
  ];
}

/** Partial totals of grid cells, from the pyramid, from single rows, or from both. */
function partialTotals(request: ClusterRequest): { usesPyramid: boolean; selects: SQL[] } {
  const { filter, grid, maxRows = MAX_MAP_ROWS } = request;
  if (filter.state === "trashed" || isFiltered(filter))
    return { usesPyramid: false, selects: selectRows(filter, grid, maxRows) };
  const inTrash = filter.state === "all" ? selectRows({ ...filter, state: "trashed" }, grid, maxRows) : [];
  const pyramid = sql`SELECT *, 0 AS scanned FROM (${pyramidRows(filter.libraryId, grid, filter.mediaType)})`;
  return { usesPyramid: true, selects: [pyramid, ...inTrash] };
}

interface ClusterRow {
  grid_cell: number | null;
  scanned: number;
  latitude: number;
  longitude: number;
  assets: number;
  newest_key: string;
}

/** A sort key is 16 hex digits of time, then the asset's id. */
const SORT_KEY_TIME_DIGITS = 16;

/** Rounds to 1e-7 degrees (about 1 cm), the resolution of the sums. */
function roundDegrees(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}

/** The clusters; or the limit that the request exceeds. */
export type ClusterResult = Cluster[] | "too_many_cells" | "too_many_rows";

/** Whether the grid may have more non-empty cells than a response, which is found out before they are read. */
export function needsCellCount(request: ClusterRequest): boolean {
  return partialTotals(request).usesPyramid && countGridCells(request.grid) > request.limit;
}

/** Reads the clusters, in two round trips if `needsCellCount`. */
export async function readClusters(db: Database, request: ClusterRequest): Promise<ClusterResult> {
  const { filter, grid, limit } = request;
  if (needsCellCount(request)) {
    const lowerBound = minClusterCount(filter.libraryId, grid, filter.mediaType, limit + 1);
    const counted = lowerBound === null ? null : (await db.orm.all<{ cells: number }>(lowerBound))[0];
    if (counted != null && counted.cells > limit) return "too_many_cells";
  }
  const [clusters] = await runQueries(db, [clustersQuery(request)]);
  return clusters;
}

export function clustersQuery(request: ClusterRequest): Query<ClusterResult> {
  const { filter, grid, limit, maxRows = MAX_MAP_ROWS } = request;
  const { usesPyramid, selects } = partialTotals(request);
  if (selects.length === 0) return { sql: null, parse: () => [] };
  const withWalk = usesPyramid ? sql`WITH RECURSIVE ${pyramidWalk(filter.libraryId, grid, filter.mediaType)}` : sql``;
  return {
    sql: sql`${withWalk}
    SELECT sum(latitude_sum) / (sum(assets) * 1e7) AS latitude, sum(longitude_sum) / (sum(assets) * 1e7) AS longitude,
      sum(assets) AS assets, max(newest_key) AS newest_key, grid_cell, sum(scanned) AS scanned
    FROM (${unionAll(selects)}) GROUP BY grid_cell ORDER BY grid_cell LIMIT ${sqlNumber(limit + 2)}`,
    parse: (rows) => toClusters(rows.map(readClusterRow), limit, maxRows),
  };
}

function readClusterRow(row: Row): ClusterRow {
  return {
    latitude: Number(row["latitude"]),
    longitude: Number(row["longitude"]),
    assets: Number(row["assets"]),
    newest_key: String(row["newest_key"]),
    grid_cell: row["grid_cell"] === null ? null : Number(row["grid_cell"]),
    scanned: Number(row["scanned"]),
  };
}

function toClusters(rows: ClusterRow[], limit: number, maxRows: number): ClusterResult {
  const cells = rows.filter((row) => row.grid_cell !== null);
  // Without all groups, the number of scanned rows is unknown.
  if (cells.length > limit) return "too_many_cells";
  if (rows.reduce((sum, row) => sum + row.scanned, 0) > maxRows) return "too_many_rows";
  return cells.map((row) => ({
    latitude: roundDegrees(row.latitude),
    longitude: roundDegrees(row.longitude),
    assets: row.assets,
    newestAssetId: row.newest_key.slice(SORT_KEY_TIME_DIGITS),
  }));
}
