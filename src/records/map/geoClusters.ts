/**
 * Clusters assets by the cells of a grid. All live assets of a library are read from the map's pyramid; filtered assets
 * are read row by row with the plan of their list.
 */
import { sql, type SQL } from "drizzle-orm";
import type { AssetFilter } from "../assets/assetFilters.ts";
import { matchingRows } from "../assets/listPlans.ts";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import { coveringCells, type Box } from "./mapCells.ts";
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
}

/** The pyramid only has totals of all live assets of a library. */
function isFiltered({ albumId, albumFilter, after, before }: AssetFilter): boolean {
  return albumId !== null || albumFilter !== "all" || after !== null || before !== null;
}

/** A box of continents usually contains more assets than all albums together. */
function isWide(box: Box): boolean {
  return coveringCells(box).level <= 1;
}

function selectRows(filter: AssetFilter, grid: Grid): SQL[] {
  const useAlbumIndex = filter.albumFilter === "in_album" && filter.state === "live" && isWide(grid.box);
  const matches = matchingRows(
    useAlbumIndex ? { ...filter, box: null } : filter,
    sql`a.latitude AS latitude, a.longitude AS longitude, a.sort_key AS sort_key`,
  );
  const [latitude, longitude] = [sql`a.latitude`, sql`a.longitude`];
  return matches.map(
    (rows) => sql`SELECT ${gridCell(grid, latitude, longitude)} AS grid_cell, 1 AS assets,
      ${degreesE7(latitude)} AS latitude_sum, ${degreesE7(longitude)} AS longitude_sum, a.sort_key AS newest_key
      FROM (${rows}) a WHERE ${isInside(grid.box, latitude, longitude)}`,
  );
}

/** Partial totals of grid cells, from the pyramid, from single rows, or from both. */
function partialTotals(request: ClusterRequest): { usesPyramid: boolean; selects: SQL[] } {
  const { filter, grid } = request;
  if (filter.state === "trashed" || isFiltered(filter))
    return { usesPyramid: false, selects: selectRows(filter, grid) };
  const inTrash = filter.state === "all" ? selectRows({ ...filter, state: "trashed" }, grid) : [];
  return { usesPyramid: true, selects: [pyramidRows(filter.libraryId, grid), ...inTrash] };
}

interface ClusterRow {
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

/** Returns null if more than `limit` cells contain assets. */
export async function readClusters(db: Database, request: ClusterRequest): Promise<Cluster[] | null> {
  const { filter, grid, limit } = request;
  const { usesPyramid, selects } = partialTotals(request);
  if (selects.length === 0) return [];
  if (usesPyramid && countGridCells(grid) > limit) {
    const lowerBound = minClusterCount(filter.libraryId, grid, limit + 1);
    const counted = lowerBound === null ? null : (await db.orm.all<{ cells: number }>(lowerBound))[0];
    if (counted != null && counted.cells > limit) return null;
  }
  const withWalk = usesPyramid ? sql`WITH RECURSIVE ${pyramidWalk(filter.libraryId, grid)}` : sql``;
  const rows = await db.orm.all<ClusterRow>(sql`${withWalk}
    SELECT sum(latitude_sum) / (sum(assets) * 1e7) AS latitude, sum(longitude_sum) / (sum(assets) * 1e7) AS longitude,
      sum(assets) AS assets, max(newest_key) AS newest_key
    FROM (${unionAll(selects)}) GROUP BY grid_cell ORDER BY grid_cell LIMIT ${sqlNumber(limit + 1)}`);
  if (rows.length > limit) return null;
  return rows.map((row) => ({
    latitude: roundDegrees(row.latitude),
    longitude: roundDegrees(row.longitude),
    assets: row.assets,
    newestAssetId: row.newest_key.slice(SORT_KEY_TIME_DIGITS),
  }));
}
