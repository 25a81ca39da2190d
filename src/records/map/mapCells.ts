/**
 * Covers a box with map cells of the finest level that needs few of them, so that few rows outside the box are read.
 */
import { CELL_DEGREES, CELLS_PER_ROW, cellAt } from "../assets/sortKeys.ts";

/** Degrees; `west > east` crosses the 180th meridian eastward. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** More cells cover a box more tightly, but each is one more sorted input to merge. */
const MAX_CELLS = 25;

/** The finest level at which a box spans a continent or more: cells of 15°. */
export const WIDE_BOX_LEVEL = 1;

function splitAtMeridian(box: Box): Box[] {
  if (box.west <= box.east) return [box];
  return [
    { ...box, east: 180 },
    { ...box, west: -180 },
  ];
}

function cellsOf(level: number, box: Box): number[] {
  const first = cellAt(level, box.south, box.west);
  const columns = cellAt(level, box.south, box.east) - first;
  const rows = (cellAt(level, box.north, box.west) - first) / CELLS_PER_ROW;
  if ((columns + 1) * (rows + 1) > MAX_CELLS) return [];
  const cells: number[] = [];
  for (let row = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++) cells.push(first + row * CELLS_PER_ROW + column);
  }
  return cells;
}

export function coveringCells(box: Box): { level: number; cells: number[] } {
  for (let level = CELL_DEGREES.length - 1; level >= 0; level--) {
    const parts = splitAtMeridian(box).map((part) => cellsOf(level, part));
    const cells = [...new Set(parts.flat())];
    if (parts.every((part) => part.length > 0) && cells.length <= MAX_CELLS) return { level, cells };
  }
  // 3 × 5 cells of 90° cover the Earth.
  throw new Error("no level covers the box");
}

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS_PER_DEGREE = Math.PI / 180;

/** The smallest box around a circle; all longitudes if the circle contains a pole. */
export function boxAround(latitude: number, longitude: number, radiusM: number): Box {
  const angle = radiusM / EARTH_RADIUS_M;
  const south = latitude - angle / RADIANS_PER_DEGREE;
  const north = latitude + angle / RADIANS_PER_DEGREE;
  if (south <= -90 || north >= 90)
    return { west: -180, east: 180, south: Math.max(south, -90), north: Math.min(north, 90) };
  const width = Math.asin(Math.sin(angle) / Math.cos(latitude * RADIANS_PER_DEGREE)) / RADIANS_PER_DEGREE;
  const wrap = (value: number): number => (value > 180 ? value - 360 : value < -180 ? value + 360 : value);
  return { west: wrap(longitude - width), east: wrap(longitude + width), south, north };
}
