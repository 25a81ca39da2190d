/** Viewports from the Earth to a building around one home, with cells of round and odd sizes. */
import type { Box } from "../src/records/map/mapCells.ts";
import { HOME } from "./typicalLibrary.ts";

export interface Viewport {
  name: string;
  box: Box;
  cellDegrees: number;
}

function boxAroundHome(widthDegrees: number): Box {
  const { latitude, longitude } = HOME;
  return {
    west: longitude - widthDegrees / 2,
    east: longitude + widthDegrees / 2,
    south: latitude - widthDegrees / 3,
    north: latitude + widthDegrees / 3,
  };
}

const earth = { west: -180, south: -90, east: 180, north: 90 };

function withCellSizes(name: string, box: Box, roundDegrees: number, oddDegrees: number): Viewport[] {
  return [
    { name, box, cellDegrees: roundDegrees },
    { name, box, cellDegrees: oddDegrees },
  ];
}

export const wideViewports: Viewport[] = [
  ...withCellSizes("the Earth", earth, 10, 8.3),
  ...withCellSizes("a continent", boxAroundHome(40), 2, 1.73),
  ...withCellSizes("a country", boxAroundHome(10), 0.5, 0.43),
  { name: "the Earth, too fine", box: earth, cellDegrees: 0.01 },
];

export const closeViewports: Viewport[] = [
  ...withCellSizes("a region", boxAroundHome(1), 0.05, 0.043),
  ...withCellSizes("a city", boxAroundHome(0.3), 0.01, 0.0113),
  ...withCellSizes("a district", boxAroundHome(0.05), 0.002, 0.0023),
  ...withCellSizes("a street", boxAroundHome(0.006), 0.0005, 0.00047),
  ...withCellSizes("a building", boxAroundHome(0.002), 0.0001, 0.00013),
];
