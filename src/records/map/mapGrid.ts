/**
 * A grid of square cells over the Earth with its origin at 180° west and 90° south, so that cells are the same in every
 * viewport and the 180th meridian is always an edge.
 */
import { sql, type SQL } from "drizzle-orm";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import type { Box } from "./mapCells.ts";

export interface Grid {
  box: Box;
  cellDegrees: number;
}

/** Factor of the row in a cell's number, above the column count of the smallest cells, 0.0001°. */
const CELLS_PER_ROW = 10_000_000;

/** The last row or column, which includes the pole or the meridian itself. */
function lastIndex(degrees: number, { cellDegrees }: Grid): number {
  return Math.max(Math.ceil(degrees / cellDegrees) - 1, 0);
}

/** The cell of a position in SQL. It is monotonic, so a box lies in one cell if its opposite corners do. */
export function gridCell(grid: Grid, latitude: SQL, longitude: SQL): SQL {
  const size = sqlNumber(grid.cellDegrees);
  return sql`(min(CAST((${latitude} + 90) / ${size} AS INTEGER), ${sqlNumber(lastIndex(180, grid))}) * ${sqlNumber(CELLS_PER_ROW)}
    + min(CAST((${longitude} + 180) / ${size} AS INTEGER), ${sqlNumber(lastIndex(360, grid))}))`;
}

/** The number of cells that intersect the box. */
export function countGridCells(grid: Grid): number {
  const { south, north, west, east } = grid.box;
  const row = (latitude: number): number =>
    Math.min(Math.trunc((latitude + 90) / grid.cellDegrees), lastIndex(180, grid));
  const column = (longitude: number): number =>
    Math.min(Math.trunc((longitude + 180) / grid.cellDegrees), lastIndex(360, grid));
  const columns = column(east) - column(west) + 1;
  return (row(north) - row(south) + 1) * (west <= east ? columns : columns + lastIndex(360, grid) + 1);
}

/** A condition: inside the box or on its edge, as in the asset list. */
export function isInside({ south, north, west, east }: Box, latitude: SQL, longitude: SQL): SQL {
  const either = sql.raw(west <= east ? "AND" : "OR");
  return sql`${latitude} BETWEEN ${sqlNumber(south)} AND ${sqlNumber(north)}
    AND (${longitude} >= ${sqlNumber(west)} ${either} ${longitude} <= ${sqlNumber(east)})`;
}
