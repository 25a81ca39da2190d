/**
 * Assigns sections to their city, so that a photo in Montmartre is in Paris. GeoNames marks sections (PPLX) without
 * naming their city, and its newest entries lack a feature code. City and section share their first-level division.
 */
import { distanceKm, influenceRadiusKm } from "../../src/providers/places/offline/influenceRadius.ts";
import type { Settlement } from "./gazetteer.ts";
import type { Grid } from "./grid.ts";

/** Countries that consist of one city. */
const cityStates = new Set(["GI", "HK", "MC", "MO", "SG", "VA"]);

/** Divisions that consist of one city although their parts are as large as cities. */
const cityOfDivisionCode: Record<string, string> = {
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

const MIN_DIVISION_CITY_POPULATION = 200_000;
/** A second town of this size and share prevents a division from counting as one city. */
const MIN_RIVAL_POPULATION = 10_000;
const MIN_RIVAL_SHARE = 1 / 20;
/** Larger PPLX entries are cities in their own right, such as Navi Mumbai. */
const MAX_SECTION_POPULATION = 500_000;
const MIN_CITY_POPULATION_FOR_PPLX = 5_000;
const MIN_CITY_POPULATION_FOR_UNKNOWN = 50_000;
const CITY_SEARCH_KM = 35;
const NUMBERED_CITY_SEARCH_KM = 15;

function populationOf(settlement: Settlement): number {
  return settlement.population ?? 0;
}

function largest(settlements: Settlement[]): Settlement | null {
  return settlements.reduce<Settlement | null>(
    (best, settlement) => (best === null || populationOf(settlement) > populationOf(best) ? settlement : best),
    null,
  );
}

function distanceBetween(a: Settlement, b: Settlement): number {
  return distanceKm(a.latitude, a.longitude, b.latitude, b.longitude);
}

function isSection(settlement: Settlement): boolean {
  return settlement.featureCode === "PPLX" && populationOf(settlement) < MAX_SECTION_POPULATION;
}

/** The city of a division such as Greater London or Berlin: far larger than all other places, which are close to it. */
function dominantCity(members: Settlement[]): Settlement | null {
  const city = largest(members);
  if (city === null || populationOf(city) < MIN_DIVISION_CITY_POPULATION || members.length < 3) return null;
  const rivals = members.filter((member) => member !== city && !isSection(member));
  const second = Math.max(0, ...rivals.map(populationOf));
  if (second >= MIN_RIVAL_POPULATION && second > populationOf(city) * MIN_RIVAL_SHARE) return null;
  const maxDistanceKm = 2 * influenceRadiusKm(populationOf(city)) + 5;
  const near = members.filter((member) => distanceBetween(member, city) <= maxDistanceKm);
  return near.length >= 0.95 * members.length ? city : null;
}

/** The city around a section, or around a settlement of unknown population. */
function surroundingCity(settlement: Settlement, grid: Grid): Settlement | null {
  const isKnownSection = isSection(settlement);
  const minPopulation = isKnownSection
    ? Math.max(MIN_CITY_POPULATION_FOR_PPLX, populationOf(settlement))
    : MIN_CITY_POPULATION_FOR_UNKNOWN;
  let best: Settlement | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const city of grid.near(settlement.latitude, settlement.longitude, CITY_SEARCH_KM)) {
    if (city === settlement || populationOf(city) < minPopulation || isSection(city)) continue;
    if (city.country !== settlement.country || city.division !== settlement.division) continue;
    // GeoNames leaves the county empty for a city that spans several.
    const differentCounty = city.county !== "" && settlement.county !== "" && city.county !== settlement.county;
    if (!isKnownSection && differentCounty) continue;
    const radius = influenceRadiusKm(populationOf(city));
    const distance = distanceBetween(settlement, city);
    if (distance > (isKnownSection ? 1.5 * radius + 5 : radius) || distance / radius >= bestCost) continue;
    best = city;
    bestCost = distance / radius;
  }
  return best;
}

/** "Marseille 02" → "Marseille". */
function numberedCity(settlement: Settlement, grid: Grid): Settlement | null {
  const name = /^(.+) \d\d$/.exec(settlement.name)?.[1];
  if (name === undefined) return null;
  const near = grid.near(settlement.latitude, settlement.longitude, NUMBERED_CITY_SEARCH_KM);
  return near.find((city) => city.name === name && city.division === settlement.division) ?? null;
}

/** Maps every section to its top-level city. */
export function findSections(settlements: Settlement[], grid: Grid): Map<Settlement, Settlement> {
  const cityOfSection = new Map<Settlement, Settlement>();
  const assign = (members: Settlement[], city: Settlement | null): void => {
    if (city === null) return;
    for (const member of members) if (member !== city && !cityOfSection.has(member)) cityOfSection.set(member, city);
  };
  for (const [country, members] of Map.groupBy(settlements, (settlement) => settlement.country)) {
    if (cityStates.has(country)) assign(members, largest(members));
  }
  const byDivision = Map.groupBy(settlements, ({ country, division }) => `${country}.${division}`);
  const byCounty = Map.groupBy(settlements, ({ country, division, county }) => `${country}.${division}.${county}`);
  for (const [code, name] of Object.entries(cityOfDivisionCode)) {
    const division = code.split(".").slice(0, 2).join(".");
    const city = largest((byDivision.get(division) ?? []).filter((settlement) => settlement.name === name));
    if (city === null) throw new Error(`${name} is missing in ${division}: update cityOfDivisionCode`);
    assign(byCounty.get(code) ?? byDivision.get(code) ?? [], city);
  }
  for (const members of [...byDivision.values(), ...byCounty.values()]) {
    if (members.some(({ division }) => division !== "")) assign(members, dominantCity(members));
  }
  const cities = new Set(cityOfSection.values());
  for (const settlement of settlements) {
    if (cityOfSection.has(settlement) || cities.has(settlement)) continue;
    const mayBeSection = settlement.population === null || isSection(settlement);
    assign([settlement], numberedCity(settlement, grid) ?? (mayBeSection ? surroundingCity(settlement, grid) : null));
  }
  return flattenChains(cityOfSection);
}

/** Maps sections of sections to the city. */
function flattenChains(cityOfSection: Map<Settlement, Settlement>): Map<Settlement, Settlement> {
  for (const [section, parent] of cityOfSection) {
    let city = parent;
    for (let above = cityOfSection.get(city); above !== undefined; above = cityOfSection.get(city)) city = above;
    cityOfSection.set(section, city);
  }
  return cityOfSection;
}
