import { isInside, OUTLINE_STEPS_PER_DEGREE } from "../../src/providers/places/offline/tile.ts";
import type { Area } from "./borders.ts";
import { boundingBox, encodeRing, type Box } from "./clipRing.ts";
import type { Settlement } from "./gazetteer.ts";

/** Pairs of countries where the sources disagree or GeoNames is wrong (old parishes of Macau). Borders take precedence. */
const disputedPairs = new Set([
  "AE IR",
  "CN MO",
  "CY GB",
  "EH MA",
  "IL PS",
  "IN MM",
  "IN PK",
  "IL SY",
  "SD SS",
  "CN VN",
  "MN RU",
]);
/** Settlements farther from their own border are more likely wrong themselves. */
const MAX_DISTANCE_KM = 1.5;
const SEARCH_STEP_KM = 0.25;
const SEARCH_DIRECTIONS = 16;
const KM_PER_DEGREE = 111;

interface Shape {
  code: string;
  outlines: { steps: number[]; box: Box }[];
}

/** Tests for settlements that the generalized borders place in a neighbouring country or US state. */
export function outlierFinder(countries: Area[], states: Area[]): (settlement: Settlement) => boolean {
  const countryShapes = countries.map(toShape);
  const stateShapes = states.map(toShape);
  return (settlement) => {
    const { latitude, longitude, country, division } = settlement;
    const borderCountry = codeAt(countryShapes, latitude, longitude);
    if (borderCountry !== null && borderCountry !== country) {
      const isDisputed = disputedPairs.has([country, borderCountry].sort().join(" "));
      return !isDisputed && isNear(countryShapes, settlement, country);
    }
    if (country !== "US") return false;
    const state = codeAt(stateShapes, latitude, longitude);
    return state !== null && state !== `US.${division}` && isNear(stateShapes, settlement, `US.${division}`);
  };
}

function toShape({ code, rings }: Area): Shape {
  const outlines = rings.map((ring) => ({ steps: encodeRing(ring, OUTLINE_STEPS_PER_DEGREE), box: boundingBox(ring) }));
  return { code, outlines };
}

function codeAt(shapes: Shape[], latitude: number, longitude: number): string | null {
  const isInBox = ({ box }: Shape["outlines"][number]): boolean =>
    latitude >= box.south && latitude <= box.north && longitude >= box.west && longitude <= box.east;
  const shape = shapes.find(({ outlines }) => {
    const candidates = outlines.filter(isInBox).map(({ steps }) => steps);
    return candidates.length > 0 && isInside(candidates, latitude, longitude);
  });
  return shape?.code ?? null;
}

/** Whether the area of `code` is within MAX_DISTANCE_KM in one of sixteen directions. */
function isNear(shapes: Shape[], { latitude, longitude }: Settlement, code: string): boolean {
  const ownShapes = shapes.filter((shape) => shape.code === code);
  for (let km = SEARCH_STEP_KM; km <= MAX_DISTANCE_KM; km += SEARCH_STEP_KM) {
    for (let direction = 0; direction < SEARCH_DIRECTIONS; direction += 1) {
      const angle = (direction * 2 * Math.PI) / SEARCH_DIRECTIONS;
      const degrees = km / KM_PER_DEGREE;
      const north = degrees * Math.sin(angle) + latitude;
      const east = (degrees * Math.cos(angle)) / Math.cos((latitude * Math.PI) / 180) + longitude;
      if (codeAt(ownShapes, north, east) !== null) return true;
    }
  }
  return false;
}
