/** Everything that tiles are cut from: settlements with their reach, borders, names of divisions. */
import { reachKm } from "../../src/providers/places/offline/influenceRadius.ts";
import { countryBorders, stateBorders } from "./borders.ts";
import { readDivisionNames, readSettlements, type Settlement } from "./gazetteer.ts";
import { Grid } from "./grid.ts";
import { strayFinder } from "./strays.ts";
import { findSections } from "./sections.ts";
import type { Atlas, Place } from "./tiles.ts";

/** What cities1000 takes places in for. */
const UNKNOWN_POPULATION = 1_000;
/** A section speaks for its city, but no louder than a town. */
const MAX_SECTION_POPULATION = 20_000;

export function readAtlas(): Atlas {
  const settlements = readSettlements();
  const grid = new Grid(settlements);
  const cityOf = findSections(settlements, grid);
  const divisionNames = readDivisionNames();
  const countries = countryBorders();
  const states = stateBorders(divisionNames);
  const isStray = strayFinder(countries, states);
  const placeOf = new Map<Settlement, Place>();
  for (const settlement of settlements) {
    placeOf.set(settlement, placed(settlement, cityOf.has(settlement), !cityOf.has(settlement) && isStray(settlement)));
  }
  for (const [section, city] of cityOf) {
    const place = placeOf.get(section);
    if (place !== undefined) place.city = placeOf.get(city) ?? null;
  }
  return { places: [...placeOf.values()], countries, states, divisionNames };
}

function placed(settlement: Settlement, isSection: boolean, isStray: boolean): Place {
  const population = settlement.population ?? UNKNOWN_POPULATION;
  const reach = reachKm(isSection ? Math.min(population, MAX_SECTION_POPULATION) : population);
  return {
    name: settlement.name,
    latitude: settlement.latitude,
    longitude: settlement.longitude,
    division: `${settlement.country}.${settlement.division}`,
    reachKm: reach,
    city: null,
    isStray,
  };
}
