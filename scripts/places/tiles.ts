/** Cuts the map into cells that are small enough and writes down what each has to know. Writes no file. */
import { FARTHEST_KM } from "../../src/providers/places/offline/influenceRadius.ts";
import {
  OUTLINE_STEPS,
  quarter,
  REACH_STEPS,
  SETTLEMENT_STEPS,
  world,
  type Cell,
  type Tile,
} from "../../src/providers/places/offline/tile.ts";
import type { Area } from "./borders.ts";
import { clippedRing, steps } from "./clip.ts";

/** A settlement that tiles know of. */
export interface Place {
  name: string;
  latitude: number;
  longitude: number;
  /** `FR.11`. */
  division: string;
  reachKm: number;
  /** Of a section: whose. */
  city: Place | null;
  isStray: boolean;
}

export interface Atlas {
  places: Place[];
  countries: Area[];
  states: Area[];
  divisionNames: Map<string, string>;
}

const MAX_TILE_BYTES = 96 * 1024;
/** So that a point on a cell's edge is well inside its outlines. */
const OUTLINE_MARGIN_DEGREES = 0.01;
const KM_PER_DEGREE = 111;

/** Cell name → the tile's text. Every point of the Earth is in exactly one of them. */
export function tilesOf(atlas: Atlas): Map<string, string> {
  const tiles = new Map<string, string>();
  const divide = (name: string, cell: Cell, parent: Atlas): void => {
    const within = cut(parent, cell);
    const text = JSON.stringify(written(within, atlas.divisionNames));
    if (new TextEncoder().encode(text).length <= MAX_TILE_BYTES) tiles.set(name, text);
    else for (const which of [0, 1, 2, 3]) divide(name + String(which), quarter(cell, which), within);
  };
  divide("", world, atlas);
  return tiles;
}

function cut(atlas: Atlas, cell: Cell): Atlas {
  const box = {
    west: cell.west - OUTLINE_MARGIN_DEGREES,
    south: cell.south - OUTLINE_MARGIN_DEGREES,
    east: cell.east + OUTLINE_MARGIN_DEGREES,
    north: cell.north + OUTLINE_MARGIN_DEGREES,
  };
  const areas = (list: Area[]): Area[] =>
    list
      .map(({ code, rings }) => ({
        code,
        rings: rings.map((ring) => clippedRing(ring, box)).filter((ring) => ring.length > 2),
      }))
      .filter(({ rings }) => rings.length > 0);
  const heard = new Set(atlas.places.filter((place) => isHeardIn(place, cell)));
  // A section brings its city along: it is the city that has the name.
  const places = atlas.places.filter((place) => heard.has(place));
  const cities = new Set([...heard].flatMap((place) => (place.city === null ? [] : [place.city])));
  for (const city of cities) if (!heard.has(city)) places.push(city);
  return { places, countries: areas(atlas.countries), states: areas(atlas.states), divisionNames: atlas.divisionNames };
}

/** So that one tile is enough for any point in its cell. */
function isHeardIn({ latitude, longitude }: Place, { west, south, east, north }: Cell): boolean {
  const tall = FARTHEST_KM / KM_PER_DEGREE;
  if (latitude < south - tall || latitude > north + tall) return false;
  const farthestNorth = Math.min(89.9, Math.abs(latitude) + tall);
  const wide = tall / Math.cos((farthestNorth * Math.PI) / 180);
  return [-360, 0, 360].some((turn) => longitude + turn >= west - wide && longitude + turn <= east + wide);
}

function written({ places, countries, states }: Atlas, divisionNames: Map<string, string>): Tile {
  const ordered = places.toSorted(byPosition);
  const cities = ordered.filter((place) => place.city === null);
  const sections = ordered.filter((place) => place.city !== null);
  const cityIndex = new Map(cities.map((place, index) => [place, index]));
  const divisions = [...new Set([...cities.map((place) => place.division), ...states.map(({ code }) => code)])].sort();
  const divisionIndex = new Map(divisions.map((division, index) => [division, index]));
  return {
    divisions: divisions.map((division) => [division.slice(0, 2), divisionNames.get(division) ?? ""]),
    countries: countries.map(({ code, rings }) => [code, rings.map((ring) => steps(ring, OUTLINE_STEPS))]),
    states: states.map(({ code, rings }) => [
      divisionIndex.get(code) ?? 0,
      rings.map((ring) => steps(ring, OUTLINE_STEPS)),
    ]),
    names: cities.map((place) => place.name),
    cities: flat(cities, (place) => divisionIndex.get(place.division) ?? 0),
    sections: flat(sections, (place) => (place.city === null ? 0 : (cityIndex.get(place.city) ?? 0))),
    strays: cities.flatMap((place, index) => (place.isStray ? [index] : [])),
  };
}

function byPosition(a: Place, b: Place): number {
  return a.latitude - b.latitude || a.longitude - b.longitude || (a.name < b.name ? -1 : 1);
}

function flat(places: Place[], whose: (place: Place) => number): number[] {
  let row = 0;
  return places.flatMap((place) => {
    const from = row;
    row = Math.round(place.latitude * SETTLEMENT_STEPS);
    return [
      row - from,
      Math.round(place.longitude * SETTLEMENT_STEPS),
      whose(place),
      Math.round(place.reachKm * REACH_STEPS),
    ];
  });
}
