/**
 * A grid of square cells over the Earth, from 180° west and 90° south, so that a cell is the same whatever viewport it is
 * seen through, and the 180th meridian is always an edge. Which cell a place is in, as SQL and as the same number here.
 */
import { sql, type SQL } from "drizzle-orm";
import { number } from "../sql/sqlLiterals.ts";
import type { Box } from "./mapCells.ts";

export interface Grid {
  box: Box;
  cellDegrees: number;
}

/** Above the columns of the smallest cells, 0.0001°. */
const ROW = 10_000_000;

/** The poles' and the meridian's own edge belong to the last cells, or they would be a sliver of their own. */
function last(degrees: number, { cellDegrees }: Grid): number {
  return Math.max(Math.ceil(degrees / cellDegrees) - 1, 0);
}

/** Never falls as a place moves north or east: of a box whose two corners lie in one cell, all of it does. */
export function gridCell(grid: Grid, latitude: SQL, longitude: SQL): SQL {
  const size = number(grid.cellDegrees);
  return sql`(min(CAST((${latitude} + 90) / ${size} AS INTEGER), ${number(last(180, grid))}) * ${number(ROW)}
    + min(CAST((${longitude} + 180) / ${size} AS INTEGER), ${number(last(360, grid))}))`;
}

/** How many cells the box touches. */
export function gridCells(grid: Grid): number {
  const { south, north, west, east } = grid.box;
  const row = (latitude: number): number => Math.min(Math.trunc((latitude + 90) / grid.cellDegrees), last(180, grid));
  const column = (longitude: number): number =>
    Math.min(Math.trunc((longitude + 180) / grid.cellDegrees), last(360, grid));
  const columns = column(east) - column(west) + 1;
  return (row(north) - row(south) + 1) * (west <= east ? columns : columns + last(360, grid) + 1);
}

/** Edges included, as the list's own box has them. */
export function isInside({ south, north, west, east }: Box, latitude: SQL, longitude: SQL): SQL {
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`${latitude} BETWEEN ${number(south)} AND ${number(north)}
    AND (${longitude} >= ${number(west)} ${either} ${longitude} <= ${number(east)})`;
}
