/**
 * Says which settlements are sections of a city, so that a photo in Montmartre is one of Paris. GeoNames knows sections
 * (PPLX) but not whose; and of the newest entries we have no kind at all. What is decided here is only ever a city of the
 * same division.
 */
import { distanceKm, reachKm } from "../../src/providers/places/offline/influenceRadius.ts";
import { groupedBy, type Settlement } from "./gazetteer.ts";
import type { Grid } from "./grid.ts";

/** Countries that are one city. */
const cityStates = new Set(["GI", "HK", "MC", "MO", "SG", "VA"]);

/** Divisions that are one city though their parts are as large as cities. */
const cityOfUnit: Record<string, string> = {
  "US.NY.005": "New York City",
  "US.NY.047": "New York City",
  "US.NY.061": "New York City",
  "US.NY.081": "New York City",
  "US.NY.085": "New York City",
  "MX.09": "Mexico City",
  "BR.27.3550308": "São Paulo",
  "CA.08.3520": "Toronto",
  "PT.14.1106": "Lisbon",
};

const MIN_UNIT_CITY = 200_000;
/** PPLX of this size are cities in all but GeoNames' eyes, such as Navi Mumbai. */
const MIN_NO_SECTION = 500_000;

function populationOf(settlement: Settlement): number {
  return settlement.population ?? 0;
}

function largest(list: Settlement[]): Settlement | null {
  return list.reduce<Settlement | null>(
    (best, one) => (best === null || populationOf(one) > populationOf(best) ? one : best),
    null,
  );
}

function between(a: Settlement, b: Settlement): number {
  return distanceKm(a.latitude, a.longitude, b.latitude, b.longitude);
}

function isSection(settlement: Settlement): boolean {
  return settlement.kind === "PPLX" && populationOf(settlement) < MIN_NO_SECTION;
}

/** A division that is one city, as Greater London or the Land Berlin: one place outweighs all others, and all are near. */
function cityOfDivision(members: Settlement[]): Settlement | null {
  const city = largest(members);
  if (city === null || populationOf(city) < MIN_UNIT_CITY || members.length < 3) return null;
  const rivals = members.filter((one) => one !== city && !isSection(one));
  const second = Math.max(0, ...rivals.map(populationOf));
  if (second >= 10_000 && second > populationOf(city) / 20) return null;
  const near = members.filter((one) => between(one, city) <= 2 * reachKm(populationOf(city)) + 5);
  return near.length >= 0.95 * members.length ? city : null;
}

/** The city that a section, or a settlement of which nothing is known, lies in. */
function cityAround(settlement: Settlement, grid: Grid): Settlement | null {
  const known = isSection(settlement);
  const least = known ? Math.max(5_000, populationOf(settlement)) : 50_000;
  let best: Settlement | null = null;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const city of grid.near(settlement.latitude, settlement.longitude, 35)) {
    if (city === settlement || populationOf(city) < least || isSection(city)) continue;
    if (city.country !== settlement.country || city.division !== settlement.division) continue;
    // A city over several counties has none of its own in GeoNames.
    if (!known && city.county !== "" && settlement.county !== "" && city.county !== settlement.county) continue;
    const reach = reachKm(populationOf(city));
    const away = between(settlement, city);
    if (away > (known ? 1.5 * reach + 5 : reach) || away / reach >= bestScore) continue;
    best = city;
    bestScore = away / reach;
  }
  return best;
}

/** "Marseille 02" → "Marseille". */
function numberedCity(settlement: Settlement, grid: Grid): Settlement | null {
  const name = /^(.+) \d\d$/.exec(settlement.name)?.[1];
  if (name === undefined) return null;
  const near = grid.near(settlement.latitude, settlement.longitude, 15);
  return near.find((one) => one.name === name && one.division === settlement.division) ?? null;
}

/** Every section with its city. A city is never a section itself. */
export function findSections(settlements: Settlement[], grid: Grid): Map<Settlement, Settlement> {
  const cityOf = new Map<Settlement, Settlement>();
  const adopt = (members: Settlement[], city: Settlement | null): void => {
    if (city === null) return;
    for (const one of members) if (one !== city && !cityOf.has(one)) cityOf.set(one, city);
  };
  for (const [country, members] of groupedBy(settlements, (one) => one.country)) {
    if (cityStates.has(country)) adopt(members, largest(members));
  }
  const byDivision = groupedBy(settlements, (one) => `${one.country}.${one.division}`);
  const byCounty = groupedBy(settlements, (one) => `${one.country}.${one.division}.${one.county}`);
  for (const [unit, name] of Object.entries(cityOfUnit)) {
    const division = unit.split(".").slice(0, 2).join(".");
    const city = largest((byDivision.get(division) ?? []).filter((one) => one.name === name));
    if (city === null) throw new Error(`${name} is not in ${division}: the data has changed`);
    adopt(byCounty.get(unit) ?? byDivision.get(unit) ?? [], city);
  }
  for (const members of [...byDivision.values(), ...byCounty.values()]) {
    if (members.some((one) => one.division !== "")) adopt(members, cityOfDivision(members));
  }
  const cities = new Set(cityOf.values());
  for (const one of settlements) {
    if (cityOf.has(one) || cities.has(one)) continue;
    const unknown = one.population === null;
    adopt([one], numberedCity(one, grid) ?? (unknown || isSection(one) ? cityAround(one, grid) : null));
  }
  return resolved(cityOf);
}

/** The section of a section is one of its city. */
function resolved(cityOf: Map<Settlement, Settlement>): Map<Settlement, Settlement> {
  for (const [section, first] of cityOf) {
    let city = first;
    for (let above = cityOf.get(city); above !== undefined; above = cityOf.get(city)) city = above;
    cityOf.set(section, city);
  }
  return cityOf;
}
