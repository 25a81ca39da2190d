import { MAX_NAMING_DISTANCE_KM } from "../../src/providers/places/offline/influenceRadius.ts";
import {
  OUTLINE_STEPS_PER_DEGREE,
  quadrant,
  RADIUS_STEPS_PER_KM,
  SETTLEMENT_STEPS_PER_DEGREE,
  world,
  type Cell,
  type Tile,
} from "../../src/providers/places/offline/tile.ts";
import type { Area } from "./borders.ts";
import { clipRing, encodeRing } from "./clipRing.ts";

export interface Place {
  name: string;
  latitude: number;
  longitude: number;
  /** `FR.11`. */
  division: string;
  radiusKm: number;
  /** The city of a section; null for a city. */
  city: Place | null;
  isOutlier: boolean;
}

export interface Atlas {
  places: Place[];
  countries: Area[];
  states: Area[];
  divisionNames: Map<string, string>;
}

const MAX_TILE_BYTES = 96 * 1024;
/** Keeps points on a cell's edge inside its clipped outlines. */
const OUTLINE_MARGIN_DEGREES = 0.01;
const KM_PER_DEGREE = 111;

/** Splits the map into tiles of at most MAX_TILE_BYTES: cell name → JSON. The cells cover the Earth once. */
export function buildTiles(atlas: Atlas): Map<string, string> {
  const tiles = new Map<string, string>();
  const split = (name: string, cell: Cell, parent: Atlas): void => {
    const part = clipAtlas(parent, cell);
    const text = JSON.stringify(encodeTile(part, atlas.divisionNames));
    if (new TextEncoder().encode(text).length <= MAX_TILE_BYTES) tiles.set(name, text);
    else for (const index of [0, 1, 2, 3]) split(name + String(index), quadrant(cell, index), part);
  };
  split("", world, atlas);
  return tiles;
}

function clipAtlas(atlas: Atlas, cell: Cell): Atlas {
  const box = {
    west: cell.west - OUTLINE_MARGIN_DEGREES,
    south: cell.south - OUTLINE_MARGIN_DEGREES,
    east: cell.east + OUTLINE_MARGIN_DEGREES,
    north: cell.north + OUTLINE_MARGIN_DEGREES,
  };
  const clipAreas = (areas: Area[]): Area[] =>
    areas
      .map(({ code, rings }) => ({
        code,
        rings: rings.map((ring) => clipRing(ring, box)).filter((ring) => ring.length > 2),
      }))
      .filter(({ rings }) => rings.length > 0);
  const relevant = new Set(atlas.places.filter((place) => isRelevantTo(place, cell)));
  const places = [...relevant];
  // A section needs its city, which has the name.
  const cities = new Set([...relevant].flatMap(({ city }) => city ?? []));
  for (const city of cities) if (!relevant.has(city)) places.push(city);
  return { ...atlas, places, countries: clipAreas(atlas.countries), states: clipAreas(atlas.states) };
}

/** Whether the place can name a point in the cell. A lookup then needs one tile only. */
function isRelevantTo({ latitude, longitude }: Place, { west, south, east, north }: Cell): boolean {
  const latitudeMargin = MAX_NAMING_DISTANCE_KM / KM_PER_DEGREE;
  if (latitude < south - latitudeMargin || latitude > north + latitudeMargin) return false;
  const maxLatitude = Math.min(89.9, Math.abs(latitude) + latitudeMargin);
  const longitudeMargin = latitudeMargin / Math.cos((maxLatitude * Math.PI) / 180);
  return [-360, 0, 360].some(
    (turn) => longitude + turn >= west - longitudeMargin && longitude + turn <= east + longitudeMargin,
  );
}

function encodeTile({ places, countries, states }: Atlas, divisionNames: Map<string, string>): Tile {
  const ordered = places.toSorted(byPosition);
  const cities = ordered.filter((place) => place.city === null);
  const sections = ordered.filter((place) => place.city !== null);
  const cityIndex = new Map(cities.map((place, index) => [place, index]));
  const divisions = [...new Set([...cities.map((place) => place.division), ...states.map(({ code }) => code)])].sort();
  const divisionIndex = new Map(divisions.map((division, index) => [division, index]));
  const encodeRings = ({ rings }: Area): number[][] => rings.map((ring) => encodeRing(ring, OUTLINE_STEPS_PER_DEGREE));
  return {
    divisions: divisions.map((division) => [division.slice(0, 2), divisionNames.get(division) ?? ""]),
    countries: countries.map((area) => [area.code, encodeRings(area)]),
    states: states.map((area) => [divisionIndex.get(area.code) ?? 0, encodeRings(area)]),
    names: cities.map((place) => place.name),
    cities: encodePlaces(cities, (place) => divisionIndex.get(place.division) ?? 0),
    sections: encodePlaces(sections, (place) => (place.city === null ? 0 : (cityIndex.get(place.city) ?? 0))),
    outliers: cities.flatMap((place, index) => (place.isOutlier ? [index] : [])),
  };
}

function byPosition(a: Place, b: Place): number {
  return a.latitude - b.latitude || a.longitude - b.longitude || (a.name < b.name ? -1 : 1);
}

function encodePlaces(places: Place[], referenceOf: (place: Place) => number): number[] {
  let row = 0;
  return places.flatMap((place) => {
    const previous = row;
    row = Math.round(place.latitude * SETTLEMENT_STEPS_PER_DEGREE);
    return [
      row - previous,
      Math.round(place.longitude * SETTLEMENT_STEPS_PER_DEGREE),
      referenceOf(place),
      Math.round(place.radiusKm * RADIUS_STEPS_PER_KM),
    ];
  });
}
