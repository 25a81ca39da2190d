/** Finds the settlements that borders, being generalised, put into a neighbour's land. Settles no dispute. */
import { isInside, OUTLINE_STEPS } from "../../src/providers/places/offline/tile.ts";
import type { Area } from "./borders.ts";
import { boxOf, steps, type Box } from "./clip.ts";
import type { Settlement } from "./gazetteer.ts";

/** Where the two sources disagree on whose land it is, or GeoNames has the wrong country (old parishes of Macau): borders rule. */
const disputed = new Set([
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
/** Those farther in are more likely wrong themselves. */
const MAX_DEPTH_KM = 1.5;

interface Shape {
  code: string;
  outlines: { steps: number[]; box: Box }[];
}

export function strayFinder(countries: Area[], states: Area[]): (settlement: Settlement) => boolean {
  const countryShapes = countries.map(shaped);
  const stateShapes = states.map(shaped);
  return (settlement) => {
    const { latitude, longitude, country, division } = settlement;
    const found = codeAt(countryShapes, latitude, longitude);
    if (found !== null && found !== country) {
      return !disputed.has([country, found].sort().join(" ")) && isNear(countryShapes, settlement, country);
    }
    if (country !== "US") return false;
    const state = codeAt(stateShapes, latitude, longitude);
    return state !== null && state !== `US.${division}` && isNear(stateShapes, settlement, `US.${division}`);
  };
}

function shaped({ code, rings }: Area): Shape {
  return { code, outlines: rings.map((ring) => ({ steps: steps(ring, OUTLINE_STEPS), box: boxOf(ring) })) };
}

function codeAt(shapes: Shape[], latitude: number, longitude: number): string | null {
  const isThere = ({ box }: Shape["outlines"][number]): boolean =>
    latitude >= box.south && latitude <= box.north && longitude >= box.west && longitude <= box.east;
  const holding = shapes.find(({ outlines }) => {
    const near = outlines.filter(isThere).map((outline) => outline.steps);
    return near.length > 0 && isInside(near, latitude, longitude);
  });
  return holding?.code ?? null;
}

/** Whether land of that code is within reach, in any of sixteen directions. */
function isNear(shapes: Shape[], { latitude, longitude }: Settlement, code: string): boolean {
  const own = shapes.filter((shape) => shape.code === code);
  for (let km = 0.25; km <= MAX_DEPTH_KM; km += 0.25) {
    for (let turn = 0; turn < 16; turn += 1) {
      const angle = (turn * Math.PI) / 8;
      const north = (km / 111) * Math.sin(angle) + latitude;
      const east = ((km / 111) * Math.cos(angle)) / Math.cos((latitude * Math.PI) / 180) + longitude;
      if (codeAt(own, north, east) !== null) return true;
    }
  }
  return false;
}
