/**
 * Reads the map's pyramid from the top. The totals of a cell are used if all its assets are in one cell of the grid.
 * Otherwise its child cells are read, and at the finest level its assets.
 */
import { sql, type SQL } from "drizzle-orm";
import { sqlId, sqlNumber } from "../sql/sqlLiterals.ts";
import type { AssetFilter } from "../assets/assetFilters.ts";
import { CELL_DEGREES } from "../assets/sortKeys.ts";
import { coveringCells, type Box } from "./mapCells.ts";
import { gridCell, isInside, type Grid } from "./mapGrid.ts";

/** Edge of a cell by level, as in the triggers. Round numbers, so that the edges of a round grid are edges of cells. */
const LEVEL_DEGREES = [90, 10, 2, 0.5, 0.1, 0.02, 0.005, 0.001, 0.0002] as const;
const FINEST_LEVEL = LEVEL_DEGREES.length - 1;

/** Degrees as an integer of 1e-7 degrees, the unit of the triggers' sums. */
export function degreesE7(degrees: SQL): SQL {
  return sql`CAST(round(${degrees} * 10000000) AS INTEGER)`;
}

/** A condition: the bounding box of cell `c` intersects the box. */
function intersects({ south, north, west, east }: Box): SQL {
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`(c.south <= ${sqlNumber(north)} AND c.north >= ${sqlNumber(south)}
    AND (c.west <= ${sqlNumber(east)} ${either} c.east >= ${sqlNumber(west)}))`;
}

/** A condition: the bounding box of cell `c` is inside the box. */
function isWithin(box: Box): SQL {
  const { west, east } = box;
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`(c.south >= ${sqlNumber(box.south)} AND c.north <= ${sqlNumber(box.north)}
    AND (c.west >= ${sqlNumber(west)} ${either} c.east <= ${sqlNumber(east)}))`;
}

function topCells(libraryId: string): SQL {
  return sql`map_cells c WHERE c.library_id = ${sqlId(libraryId)} AND c.level = 0 AND c.parent = 0`;
}

export type MediaType = AssetFilter["mediaType"];

/** The totals of cell `c` for a media type. Only a cell with videos has a key of its newest photo. */
function totalsOf(mediaType: MediaType): { assets: SQL; latitudeSum: SQL; longitudeSum: SQL; newestKey: SQL } {
  if (mediaType === "video") {
    return {
      assets: sql`c.videos`,
      latitudeSum: sql`c.video_latitude_sum`,
      longitudeSum: sql`c.video_longitude_sum`,
      newestKey: sql`c.newest_video_key`,
    };
  }
  if (mediaType === "image") {
    return {
      assets: sql`(c.assets - c.videos)`,
      latitudeSum: sql`c.latitude_sum - c.video_latitude_sum`,
      longitudeSum: sql`c.longitude_sum - c.video_longitude_sum`,
      newestKey: sql`iif(c.videos = 0, c.newest_key, c.newest_image_key)`,
    };
  }
  return {
    assets: sql`c.assets`,
    latitudeSum: sql`c.latitude_sum`,
    longitudeSum: sql`c.longitude_sum`,
    newestKey: sql`c.newest_key`,
  };
}

/** A condition: cell `c` has assets of the media type, and its bounding box intersects the box. */
function isInView(grid: Grid, mediaType: MediaType): SQL {
  const inView = intersects(grid.box);
  return mediaType === null ? inView : sql`${inView} AND ${totalsOf(mediaType).assets} > 0`;
}

/** CROSS JOIN forces the join order in which child cells are a range of the primary key. */
function childCells(libraryId: string): SQL {
  return sql`walk w CROSS JOIN map_cells c ON c.library_id = ${sqlId(libraryId)} AND c.level = w.level + 1 AND c.parent = w.cell`;
}

/** The recursive CTE `walk`. `grid_cell` is null for a cell whose children or assets are read instead. */
export function pyramidWalk(libraryId: string, grid: Grid, mediaType: MediaType): SQL {
  const corner = gridCell(grid, sql`c.south`, sql`c.west`);
  const opposite = gridCell(grid, sql`c.north`, sql`c.east`);
  const { assets, latitudeSum, longitudeSum, newestKey } = totalsOf(mediaType);
  const select = sql`SELECT c.level, c.cell, CASE WHEN ${isWithin(grid.box)} AND ${corner} = ${opposite} THEN ${corner} END,
    ${assets}, ${latitudeSum}, ${longitudeSum}, ${newestKey}`;
  const inView = isInView(grid, mediaType);
  return sql`walk (level, cell, grid_cell, assets, latitude_sum, longitude_sum, newest_key) AS (
    ${select} FROM ${topCells(libraryId)} AND ${inView}
    UNION ALL
    ${select} FROM ${childCells(libraryId)} WHERE w.grid_cell IS NULL AND w.level < ${sqlNumber(FINEST_LEVEL)} AND ${inView})`;
}

/**
 * The walk's results as partial totals of grid cells. The assets of finest cells are joined to the walk instead of
 * being part of it, because D1 bills the rows of the recursion's queue.
 */
export function pyramidRows(libraryId: string, grid: Grid, mediaType: MediaType): SQL {
  const ofType = mediaType === null ? sql`` : sql`AND p.media_type = ${mediaType}`;
  const [latitude, longitude] = [sql`p.latitude`, sql`p.longitude`];
  // SQLite skips the seek for other cells, whose value is null; a separate condition would be checked row by row.
  const openedCell = sql`CASE WHEN w.grid_cell IS NULL AND w.level = ${sqlNumber(FINEST_LEVEL)} THEN w.cell END`;
  return sql`SELECT coalesce(w.grid_cell, ${gridCell(grid, latitude, longitude)}) AS grid_cell,
      iif(p.cell IS NULL, w.assets, 1) AS assets,
      iif(p.cell IS NULL, w.latitude_sum, ${degreesE7(latitude)}) AS latitude_sum,
      iif(p.cell IS NULL, w.longitude_sum, ${degreesE7(longitude)}) AS longitude_sum,
      iif(p.cell IS NULL, w.newest_key, p.sort_key) AS newest_key
    FROM walk w LEFT JOIN map_points p ON p.library_id = ${sqlId(libraryId)} AND p.cell = ${openedCell}
      AND ${isInside(grid.box, latitude, longitude)} ${ofType}
    WHERE w.grid_cell IS NOT NULL OR p.cell IS NOT NULL`;
}

/**
 * A SELECT of `cells`, a lower bound of the number of grid cells with assets, which reads at most `enough` of them. A
 * grid cell intersects at most four cells of a coarser level, so a fourth of the coarser cells with assets is a lower
 * bound.
 */
export function minClusterCount(libraryId: string, grid: Grid, mediaType: MediaType, enough: number): SQL | null {
  const level = LEVEL_DEGREES.findLastIndex((degrees) => degrees > grid.cellDegrees);
  if (level < 0) return null;
  const inView = isInView(grid, mediaType);
  // Depth first: the queue stays short, and the limit is reached before the coarser levels are read completely.
  return sql`WITH RECURSIVE walk (level, cell, within) AS (
    SELECT c.level, c.cell, ${isWithin(grid.box)} FROM ${topCells(libraryId)} AND ${inView}
    UNION ALL
    SELECT c.level, c.cell, ${isWithin(grid.box)} FROM ${childCells(libraryId)} WHERE w.level < ${sqlNumber(level)} AND ${inView}
    ORDER BY 1 DESC)
    SELECT (count(*) + 3) / 4 AS cells FROM (SELECT 1 FROM walk WHERE level = ${sqlNumber(level)} AND within
      LIMIT ${sqlNumber(enough * 4)})`;
}

/**
 * A SELECT of an upper bound of the live assets in a box: those of the cells that intersect it, at the level that
 * covers it with few cells.
 */
export function assetsAround(libraryId: string, box: Box): SQL {
  const cellDegrees = CELL_DEGREES[coveringCells(box).level] ?? 90;
  const level = LEVEL_DEGREES.findIndex((degrees) => degrees <= cellDegrees);
  const inView = intersects(box);
  return sql`WITH RECURSIVE walk (level, cell, assets) AS (
    SELECT c.level, c.cell, c.assets FROM ${topCells(libraryId)} AND ${inView}
    UNION ALL
    SELECT c.level, c.cell, c.assets FROM ${childCells(libraryId)} WHERE w.level < ${sqlNumber(level)} AND ${inView})
    SELECT coalesce(sum(assets), 0) FROM walk WHERE level = ${sqlNumber(level)}`;
}
