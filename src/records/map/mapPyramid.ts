/**
 * The map's pyramid, read from the top: a cell whose assets all lie in one cell of the grid answers for them, one that
 * straddles an edge is opened into its cells below, and at the finest level into its assets. Nothing else is read.
 */
import { sql, type SQL } from "drizzle-orm";
import { id, number } from "../sql/sqlLiterals.ts";
import type { Box } from "./mapCells.ts";
import { gridCell, isInside, type Grid } from "./mapGrid.ts";

/** Edge of a cell by level; triggers know them too. Round numbers, for the edges of a grid in round numbers are theirs. */
const LEVEL_DEGREES = [90, 10, 2, 0.5, 0.1, 0.02, 0.005, 0.001, 0.0002] as const;
const FINEST = LEVEL_DEGREES.length - 1;

/** As the triggers add them up. */
export function inUnits(degrees: SQL): SQL {
  return sql`CAST(round(${degrees} * 10000000) AS INTEGER)`;
}

/** Of a cell `c`, whose box is around its assets: does any of them lie in the asked box, can it tell? */
function touches({ south, north, west, east }: Box): SQL {
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`(c.south <= ${number(north)} AND c.north >= ${number(south)}
    AND (c.west <= ${number(east)} ${either} c.east >= ${number(west)}))`;
}

/** Do all of them? */
function isWithin(box: Box): SQL {
  const { west, east } = box;
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`(c.south >= ${number(box.south)} AND c.north <= ${number(box.north)}
    AND (c.west >= ${number(west)} ${either} c.east <= ${number(east)}))`;
}

function top(libraryId: string): SQL {
  return sql`map_cells c WHERE c.library_id = ${id(libraryId)} AND c.level = 0 AND c.parent = 0`;
}

/** CROSS JOIN: the cells of each opened one are a range of the primary key, and no other order of reading is. */
function below(libraryId: string): SQL {
  return sql`walk w CROSS JOIN map_cells c ON c.library_id = ${id(libraryId)} AND c.level = w.level + 1 AND c.parent = w.cell`;
}

/** `walk`, to stand in a WITH RECURSIVE: cells that answer have a `grid_cell`, those that are opened have none. */
export function walk(libraryId: string, grid: Grid): SQL {
  const corner = gridCell(grid, sql`c.south`, sql`c.west`);
  const opposite = gridCell(grid, sql`c.north`, sql`c.east`);
  const cell = sql`SELECT c.level, c.cell, CASE WHEN ${isWithin(grid.box)} AND ${corner} = ${opposite} THEN ${corner} END,
    c.assets, c.latitude_sum, c.longitude_sum, c.newest_key`;
  const seen = touches(grid.box);
  return sql`walk (level, cell, grid_cell, assets, latitude_sum, longitude_sum, newest_key) AS (
    ${cell} FROM ${top(libraryId)} AND ${seen}
    UNION ALL
    ${cell} FROM ${below(libraryId)} WHERE w.grid_cell IS NULL AND w.level < ${number(FINEST)} AND ${seen})`;
}

/**
 * What the walk comes to, in pieces of cells of the grid. The assets of finest cells are joined to the walk rather than made
 * part of it: each of its rows is queued, and D1 bills the queue.
 */
export function walkedPieces(libraryId: string, grid: Grid): SQL {
  const [latitude, longitude] = [sql`p.latitude`, sql`p.longitude`];
  // Null for the others, so that nothing is sought: as a condition of its own it would be tried after each row is read.
  const opened = sql`CASE WHEN w.grid_cell IS NULL AND w.level = ${number(FINEST)} THEN w.cell END`;
  return sql`SELECT coalesce(w.grid_cell, ${gridCell(grid, latitude, longitude)}) AS grid_cell,
      iif(p.cell IS NULL, w.assets, 1) AS assets,
      iif(p.cell IS NULL, w.latitude_sum, ${inUnits(latitude)}) AS latitude_sum,
      iif(p.cell IS NULL, w.longitude_sum, ${inUnits(longitude)}) AS longitude_sum,
      iif(p.cell IS NULL, w.newest_key, p.sort_key) AS newest_key
    FROM walk w LEFT JOIN map_points p ON p.library_id = ${id(libraryId)} AND p.cell = ${opened}
      AND ${isInside(grid.box, latitude, longitude)}
    WHERE w.grid_cell IS NOT NULL OR p.cell IS NOT NULL`;
}

/**
 * A number of cells of the grid that cannot be fewer, as `cells`; read up to `enough` of them and no further. A cell of
 * the grid touches four cells of a level that is coarser than it, so a fourth of those that hold assets is sure.
 */
export function leastCells(libraryId: string, grid: Grid, enough: number): SQL | null {
  const level = LEVEL_DEGREES.findLastIndex((degrees) => degrees > grid.cellDegrees);
  if (level < 0) return null;
  const seen = touches(grid.box);
  // The deepest first: the queue stays short, and the limit is reached without reading the levels above to their ends.
  return sql`WITH RECURSIVE walk (level, cell, within) AS (
    SELECT c.level, c.cell, ${isWithin(grid.box)} FROM ${top(libraryId)} AND ${seen}
    UNION ALL
    SELECT c.level, c.cell, ${isWithin(grid.box)} FROM ${below(libraryId)} WHERE w.level < ${number(level)} AND ${seen}
    ORDER BY 1 DESC)
    SELECT (count(*) + 3) / 4 AS cells FROM (SELECT 1 FROM walk WHERE level = ${number(level)} AND within
      LIMIT ${number(enough * 4)})`;
}
