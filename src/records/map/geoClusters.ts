/**
 * Assets by the cells of a grid. All live ones are read from the map's pyramid; a filter's are read row by row, by the
 * plan of its list, and cost what they are.
 */
import { sql, type SQL } from "drizzle-orm";
import type { AssetFilter } from "../assets/assetFilters.ts";
import { matchingRows } from "../assets/listPlans.ts";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { number } from "../sql/sqlLiterals.ts";
import { coveringCells, type Box } from "./mapCells.ts";
import { gridCell, gridCells, isInside, type Grid } from "./mapGrid.ts";
import { inUnits, leastCells, walk, walkedPieces } from "./mapPyramid.ts";

export interface Cluster {
  latitude: number;
  longitude: number;
  assets: number;
  newestAssetId: string;
}

export interface ClusterRequest {
  /** Its box is the grid's. */
  filter: AssetFilter;
  grid: Grid;
  limit: number;
}

/** The pyramid knows all live assets of a library, and no others. */
function isNarrowed({ albumId, albumFilter, after, before }: AssetFilter): boolean {
  return albumId !== null || albumFilter !== "all" || after !== null || before !== null;
}

/** A box of whole continents holds more assets than any number of albums does, as a rule. */
function isWide(box: Box): boolean {
  return coveringCells(box).level <= 1;
}

function rowByRow(filter: AssetFilter, grid: Grid): SQL[] {
  const byAlbumness = filter.albumFilter === "in_album" && filter.state === "live" && isWide(grid.box);
  const found = matchingRows(
    byAlbumness ? { ...filter, box: null } : filter,
    sql`a.latitude AS latitude, a.longitude AS longitude, a.sort_key AS sort_key`,
  );
  const [latitude, longitude] = [sql`a.latitude`, sql`a.longitude`];
  return found.map(
    (rows) => sql`SELECT ${gridCell(grid, latitude, longitude)} AS grid_cell, 1 AS assets,
      ${inUnits(latitude)} AS latitude_sum, ${inUnits(longitude)} AS longitude_sum, a.sort_key AS newest_key
      FROM (${rows}) a WHERE ${isInside(grid.box, latitude, longitude)}`,
  );
}

/** Pieces of cells: of the walk, of single rows, or of both. */
function pieces(request: ClusterRequest): { walked: boolean; selects: SQL[] } {
  const { filter, grid } = request;
  if (filter.state === "trashed" || isNarrowed(filter)) return { walked: false, selects: rowByRow(filter, grid) };
  const inTrash = filter.state === "all" ? rowByRow({ ...filter, state: "trashed" }, grid) : [];
  return { walked: true, selects: [walkedPieces(filter.libraryId, grid), ...inTrash] };
}

interface ClusterRow {
  latitude: number;
  longitude: number;
  assets: number;
  newest_key: string;
}

const HEX_DIGITS_OF_TIME = 16;

/** To 1e-7 degrees, a centimetre: as fine as the sums are. */
function degrees(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}

/** Null when more than `limit` cells hold assets. */
export async function readClusters(db: Database, request: ClusterRequest): Promise<Cluster[] | null> {
  const { filter, grid, limit } = request;
  const { walked, selects } = pieces(request);
  if (selects.length === 0) return [];
  if (walked && gridCells(grid) > limit) {
    const least = leastCells(filter.libraryId, grid, limit + 1);
    const known = least === null ? null : (await db.orm.all<{ cells: number }>(least))[0];
    if (known != null && known.cells > limit) return null;
  }
  const withWalk = walked ? sql`WITH RECURSIVE ${walk(filter.libraryId, grid)}` : sql``;
  const rows = await db.orm.all<ClusterRow>(sql`${withWalk}
    SELECT sum(latitude_sum) / (sum(assets) * 1e7) AS latitude, sum(longitude_sum) / (sum(assets) * 1e7) AS longitude,
      sum(assets) AS assets, max(newest_key) AS newest_key
    FROM (${unionAll(selects)}) GROUP BY grid_cell ORDER BY grid_cell LIMIT ${number(limit + 1)}`);
  if (rows.length > limit) return null;
  return rows.map((row) => ({
    latitude: degrees(row.latitude),
    longitude: degrees(row.longitude),
    assets: row.assets,
    newestAssetId: row.newest_key.slice(HEX_DIGITS_OF_TIME),
  }));
}
