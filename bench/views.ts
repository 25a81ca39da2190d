/** What a map is asked for, from the Earth to a house: viewports around one home, and cells in round and in odd sizes. */
import type { Box } from "../src/records/map/mapCells.ts";
import { HOME } from "./places.ts";

export interface View {
  name: string;
  box: Box;
  cellDegrees: number;
}

function around(width: number): Box {
  const { latitude, longitude } = HOME;
  return {
    west: longitude - width / 2,
    east: longitude + width / 2,
    south: latitude - width / 3,
    north: latitude + width / 3,
  };
}

const earth = { west: -180, south: -90, east: 180, north: 90 };

function both(name: string, box: Box, round: number, odd: number): View[] {
  return [
    { name, box, cellDegrees: round },
    { name, box, cellDegrees: odd },
  ];
}

export const wideViews: View[] = [
  ...both("the Earth", earth, 10, 8.3),
  ...both("a continent", around(40), 2, 1.73),
  ...both("a country", around(10), 0.5, 0.43),
  { name: "the Earth, too fine", box: earth, cellDegrees: 0.01 },
];

export const closeViews: View[] = [
  ...both("a region", around(1), 0.05, 0.043),
  ...both("a city", around(0.3), 0.01, 0.0113),
  ...both("a district", around(0.05), 0.002, 0.0023),
  ...both("a street", around(0.006), 0.0005, 0.00047),
  ...both("a house", around(0.002), 0.0001, 0.00013),
];
