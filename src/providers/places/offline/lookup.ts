import { distanceKm, MAX_NAMING_DISTANCE_KM, maxNamingDistanceKm } from "./influenceRadius.ts";
import { isInside, RADIUS_STEPS_PER_KM, SETTLEMENT_STEPS_PER_DEGREE, type Tile } from "./tile.ts";

export interface LookupResult {
  countryCode: string;
  state: string | null;
  city: string | null;
}

/** A city or a section of one, with its distance to the point. `city` and `division` are indices into the tile. */
interface Candidate {
  city: number;
  division: number;
  distanceKm: number;
  radiusKm: number;
}

/** Borders are accurate to some hundred metres. Within this distance an outlier overrides them. */
const OUTLIER_RADIUS_KM = 1;

/**
 * Looks up a point in its tile. Borders decide the country, and the state in the US. The city is the settlement with
 * the smallest ratio of distance to influence radius. Null outside of all countries.
 */
export function lookUp(tile: Tile, latitude: number, longitude: number): LookupResult | null {
  const candidates = candidatesAround(tile, latitude, longitude);
  const outlier = outlierAt(tile, candidates);
  const country = outlier === null ? countryAt(tile, latitude, longitude) : countryOf(tile, outlier.division);
  if (country === null) return null;
  const state = outlier === null ? stateAt(tile, latitude, longitude) : outlier.division;
  const domestic = candidates.filter((candidate) => countryOf(tile, candidate.division) === country);
  const eligible = state === null ? domestic : domestic.filter(({ division }) => division === state);
  const city = minBy(
    eligible.filter((candidate) => candidate.distanceKm <= maxNamingDistanceKm(candidate.radiusKm)),
    (candidate) => candidate.distanceKm / candidate.radiusKm,
  );
  const nearest = minBy(domestic, (candidate) => candidate.distanceKm);
  const division = state ?? city?.division ?? nearest?.division ?? null;
  return {
    countryCode: country,
    state: (division === null ? null : tile.divisions[division]?.[1]) || null,
    city: city === null ? null : (tile.names[city.city] ?? null),
  };
}

function outlierAt(tile: Tile, candidates: Candidate[]): Candidate | null {
  const nearest = minBy(candidates, (candidate) => candidate.distanceKm);
  if (nearest === null || nearest.distanceKm > OUTLIER_RADIUS_KM) return null;
  return tile.outliers.includes(nearest.city) ? nearest : null;
}

function minBy(candidates: Candidate[], costOf: (candidate: Candidate) => number): Candidate | null {
  let best: Candidate | null = null;
  for (const candidate of candidates) if (best === null || costOf(candidate) < costOf(best)) best = candidate;
  return best;
}

function countryOf(tile: Tile, division: number): string | null {
  return tile.divisions[division]?.[0] ?? null;
}

function countryAt(tile: Tile, latitude: number, longitude: number): string | null {
  return tile.countries.find(([, outlines]) => isInside(outlines, latitude, longitude))?.[0] ?? null;
}

function stateAt(tile: Tile, latitude: number, longitude: number): number | null {
  return tile.states.find(([, outlines]) => isInside(outlines, latitude, longitude))?.[0] ?? null;
}

/** Cities precede sections, so that a city wins over its own sections at equal cost. */
function candidatesAround(tile: Tile, latitude: number, longitude: number): Candidate[] {
  const cities = settlementsNear(tile.cities, latitude, longitude).map(
    ({ index, reference, ...distances }): Candidate => ({ ...distances, city: index, division: reference }),
  );
  const sections = settlementsNear(tile.sections, latitude, longitude).map(
    ({ reference, distanceKm: distance, radiusKm }): Candidate => {
      const division = tile.cities[reference * 4 + 2] ?? 0;
      return { city: reference, division, distanceKm: distance, radiusKm };
    },
  );
  return [...cities, ...sections];
}

interface NearSettlement {
  index: number;
  /** The division of a city, the city of a section. */
  reference: number;
  distanceKm: number;
  radiusKm: number;
}

/** Decodes rows of four numbers: latitude step, longitude, reference, radius. */
function settlementsNear(rows: number[], latitude: number, longitude: number): NearSettlement[] {
  const near: NearSettlement[] = [];
  let row = 0;
  for (let at = 0; at < rows.length; at += 4) {
    row += rows[at] ?? 0;
    const column = rows[at + 1] ?? 0;
    const distance = distanceKm(
      latitude,
      longitude,
      row / SETTLEMENT_STEPS_PER_DEGREE,
      column / SETTLEMENT_STEPS_PER_DEGREE,
    );
    if (distance > MAX_NAMING_DISTANCE_KM) continue;
    const radiusKm = (rows[at + 3] ?? 0) / RADIUS_STEPS_PER_KM;
    near.push({ index: at / 4, reference: rows[at + 2] ?? 0, distanceKm: distance, radiusKm });
  }
  return near;
}
