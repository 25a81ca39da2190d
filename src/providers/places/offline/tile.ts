/**
 * A tile: all that a lookup needs to know of one cell of the map. Its form, what is inside its outlines, and which cell a
 * point is in; where tiles come from is tiles.ts, what is made of them offline.ts.
 *
 * Cells are quarters of quarters of the map, named by the way down to them: 0 is the north-west, 1 the north-east, 2 the
 * south-west, 3 the south-east.
 */
import { z } from "zod";

/** Settlements are kept to 0.001°, 111 m; outlines to 0.0001°. */
export const SETTLEMENT_STEPS = 1_000;
export const OUTLINE_STEPS = 10_000;
/** Reaches are kept in 100 m. */
export const REACH_STEPS = 10;

/** One check for a whole list: a schema for each of its thousands of items takes seven times as long as JSON.parse. */
const wholeNumbers = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((one) => Number.isSafeInteger(one)),
);
const texts = z.custom<string[]>((value) => Array.isArray(value) && value.every((one) => typeof one === "string"));

/** The first corner, then steps from corner to corner; longitude before latitude. */
const outline = wholeNumbers;

export const tileSchema = z.object({
  /** Country code and name of first-level divisions; the name is "" where there is no division. */
  divisions: z.array(z.tuple([z.string(), z.string()])),
  /** Outlines of countries, by code. */
  countries: z.array(z.tuple([z.string(), z.array(outline)])),
  /** Outlines of divisions, by their place in `divisions`; only of the US. */
  states: z.array(z.tuple([z.int(), z.array(outline)])),
  names: texts,
  /** For each name: step from the last latitude, longitude, division, reach. */
  cities: wholeNumbers,
  /** Parts of cities: step from the last latitude, longitude, city, reach. */
  sections: wholeNumbers,
  /** Cities that stand beyond their own border, because outlines are generalised. */
  strays: wholeNumbers,
});
export type Tile = z.infer<typeof tileSchema>;

export interface Cell {
  west: number;
  south: number;
  east: number;
  north: number;
}

export const world: Cell = { west: -180, south: -90, east: 180, north: 90 };

export function quarter({ west, south, east, north }: Cell, which: number): Cell {
  const middle = (west + east) / 2;
  const half = (south + north) / 2;
  return {
    west: which % 2 === 0 ? west : middle,
    east: which % 2 === 0 ? middle : east,
    south: which < 2 ? half : south,
    north: which < 2 ? north : half,
  };
}

/** The name of the cell that a point is in, of those that there are; null when there is none. */
export function cellAt(names: ReadonlySet<string>, latitude: number, longitude: number): string | null {
  let cell = world;
  let name = "";
  while (!names.has(name)) {
    if (name.length > 20) return null;
    const which =
      (latitude >= (cell.south + cell.north) / 2 ? 0 : 2) + (longitude >= (cell.west + cell.east) / 2 ? 1 : 0);
    cell = quarter(cell, which);
    name += which;
  }
  return name;
}

/** Inside an odd number of outlines is inside: holes and exclaves need no word of their own. */
export function isInside(outlines: number[][], latitude: number, longitude: number): boolean {
  const x = longitude * OUTLINE_STEPS;
  const y = latitude * OUTLINE_STEPS;
  let inside = false;
  for (const steps of outlines) if (crossesOddly(steps, x, y)) inside = !inside;
  return inside;
}

/** Whether a ray to the east meets the outline an odd number of times. */
function crossesOddly(steps: number[], x: number, y: number): boolean {
  const [startX = 0, startY = 0] = steps;
  let odd = false;
  let [fromX, fromY] = [startX, startY];
  for (let at = 2; at <= steps.length; at += 2) {
    const closing = at === steps.length;
    const toX = closing ? startX : fromX + (steps[at] ?? 0);
    const toY = closing ? startY : fromY + (steps[at + 1] ?? 0);
    if (fromY > y !== toY > y && x < ((toX - fromX) * (y - fromY)) / (toY - fromY) + fromX) odd = !odd;
    [fromX, fromY] = [toX, toY];
  }
  return odd;
}
