/**
 * Format and geometry of map tiles. Cells are quadrants of quadrants of the map, named by their path: 0 is north-west,
 * 1 north-east, 2 south-west, 3 south-east.
 */
import { z } from "zod";

/** Settlements have a resolution of 0.001° (111 m), outlines of 0.0001°. */
export const SETTLEMENT_STEPS_PER_DEGREE = 1_000;
export const OUTLINE_STEPS_PER_DEGREE = 10_000;
/** Influence radii have a resolution of 100 m. */
export const RADIUS_STEPS_PER_KM = 10;

const MAX_CELL_DEPTH = 20;

/** One check per list: a schema per item, with thousands of items, takes seven times as long as JSON.parse. */
const integers = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((item) => Number.isSafeInteger(item)),
);
const strings = z.custom<string[]>((value) => Array.isArray(value) && value.every((item) => typeof item === "string"));

/** The first corner, then the differences between corners; longitude before latitude. */
const outline = integers;

export const tileSchema = z.object({
  /** Country code and name of first-level divisions; the name is "" in countries without divisions. */
  divisions: z.array(z.tuple([z.string(), z.string()])),
  /** Outlines of countries by code. */
  countries: z.array(z.tuple([z.string(), z.array(outline)])),
  /** Outlines of US states by index into `divisions`. */
  states: z.array(z.tuple([z.int(), z.array(outline)])),
  names: strings,
  /** Four numbers per name: difference to the previous latitude, longitude, division, radius. */
  cities: integers,
  /** Parts of cities, four numbers each: difference to the previous latitude, longitude, city, radius. */
  sections: integers,
  /** Cities outside the generalized outline of their own country or state. */
  outliers: integers,
});
export type Tile = z.infer<typeof tileSchema>;

export interface Cell {
  west: number;
  south: number;
  east: number;
  north: number;
}

export const world: Cell = { west: -180, south: -90, east: 180, north: 90 };

/** The quadrant 0 to 3 of a cell. */
export function quadrant({ west, south, east, north }: Cell, index: number): Cell {
  const middleLongitude = (west + east) / 2;
  const middleLatitude = (south + north) / 2;
  return {
    west: index % 2 === 0 ? west : middleLongitude,
    east: index % 2 === 0 ? middleLongitude : east,
    south: index < 2 ? middleLatitude : south,
    north: index < 2 ? north : middleLatitude,
  };
}

/** Returns the name in `cellNames` whose cell contains the point, or null. */
export function cellAt(cellNames: ReadonlySet<string>, latitude: number, longitude: number): string | null {
  let cell = world;
  let name = "";
  while (!cellNames.has(name)) {
    if (name.length > MAX_CELL_DEPTH) return null;
    const isSouth = latitude < (cell.south + cell.north) / 2;
    const isEast = longitude >= (cell.west + cell.east) / 2;
    const index = (isSouth ? 2 : 0) + (isEast ? 1 : 0);
    cell = quadrant(cell, index);
    name += index;
  }
  return name;
}

/** Even-odd rule: a point inside an odd number of outlines is inside, which covers holes and exclaves. */
export function isInside(outlines: number[][], latitude: number, longitude: number): boolean {
  const x = longitude * OUTLINE_STEPS_PER_DEGREE;
  const y = latitude * OUTLINE_STEPS_PER_DEGREE;
  let inside = false;
  for (const outlineSteps of outlines) if (hasOddCrossings(outlineSteps, x, y)) inside = !inside;
  return inside;
}

/** Whether a ray to the east crosses the outline an odd number of times. */
function hasOddCrossings(outlineSteps: number[], x: number, y: number): boolean {
  const [startX = 0, startY = 0] = outlineSteps;
  let odd = false;
  let [fromX, fromY] = [startX, startY];
  for (let at = 2; at <= outlineSteps.length; at += 2) {
    const closing = at === outlineSteps.length;
    const toX = closing ? startX : fromX + (outlineSteps[at] ?? 0);
    const toY = closing ? startY : fromY + (outlineSteps[at + 1] ?? 0);
    if (fromY > y !== toY > y && x < ((toX - fromX) * (y - fromY)) / (toY - fromY) + fromX) odd = !odd;
    [fromX, fromY] = [toX, toY];
  }
  return odd;
}
