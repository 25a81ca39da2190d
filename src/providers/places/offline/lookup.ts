/** What a tile says of a point: its country by outline, and of the settlements around it the one whose name reaches farthest. */
import { distanceKm, FARTHEST_KM, limitKm } from "./influenceRadius.ts";
import { isInside, REACH_STEPS, SETTLEMENT_STEPS, type Tile } from "./tile.ts";

export interface Found {
  countryCode: string;
  state: string | null;
  city: string | null;
}

/** A settlement, or a section of one, as seen from the point. */
interface Seen {
  city: number;
  division: number;
  awayKm: number;
  reachKm: number;
}

/** Outlines of borders are right to some hundred metres; a settlement that we know to be misplaced rules this far around. */
const STRAY_KM = 1;

export function lookUp(tile: Tile, latitude: number, longitude: number): Found | null {
  const seen = seenFrom(tile, latitude, longitude);
  const nearest = best(seen, (one) => one.awayKm);
  const stray = nearest !== null && nearest.awayKm <= STRAY_KM && tile.strays.includes(nearest.city) ? nearest : null;
  const country = stray === null ? countryAt(tile, latitude, longitude) : countryOf(tile, stray.division);
  if (country === null) return null;
  const own = seen.filter((one) => countryOf(tile, one.division) === country);
  const state = stray === null ? stateAt(tile, latitude, longitude) : stray.division;
  const candidates = state === null ? own : own.filter((one) => one.division === state);
  const city = best(
    candidates.filter((one) => one.awayKm <= limitKm(one.reachKm)),
    (one) => one.awayKm / one.reachKm,
  );
  const division = state ?? city?.division ?? best(own, (one) => one.awayKm)?.division ?? null;
  return {
    countryCode: country,
    state: (division === null ? null : tile.divisions[division]?.[1]) || null,
    city: city === null ? null : (tile.names[city.city] ?? null),
  };
}

function best(list: Seen[], costOf: (one: Seen) => number): Seen | null {
  let cheapest: Seen | null = null;
  for (const one of list) if (cheapest === null || costOf(one) < costOf(cheapest)) cheapest = one;
  return cheapest;
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

/** Cities first, so that a city wins over its own sections where it does not matter which. */
function seenFrom(tile: Tile, latitude: number, longitude: number): Seen[] {
  const seen: Seen[] = [];
  let row = 0;
  for (const [index, values] of rows(tile.cities)) {
    row += values[0];
    const awayKm = distanceKm(latitude, longitude, row / SETTLEMENT_STEPS, values[1] / SETTLEMENT_STEPS);
    if (awayKm <= FARTHEST_KM)
      seen.push({ city: index, division: values[2], awayKm, reachKm: values[3] / REACH_STEPS });
  }
  row = 0;
  for (const [, values] of rows(tile.sections)) {
    row += values[0];
    const awayKm = distanceKm(latitude, longitude, row / SETTLEMENT_STEPS, values[1] / SETTLEMENT_STEPS);
    const division = tile.cities[values[2] * 4 + 2] ?? 0;
    if (awayKm <= FARTHEST_KM) seen.push({ city: values[2], division, awayKm, reachKm: values[3] / REACH_STEPS });
  }
  return seen;
}

function* rows(flat: number[]): Generator<[number, [number, number, number, number]]> {
  for (let at = 0; at < flat.length; at += 4) {
    yield [at / 4, [flat[at] ?? 0, flat[at + 1] ?? 0, flat[at + 2] ?? 0, flat[at + 3] ?? 0]];
  }
}
