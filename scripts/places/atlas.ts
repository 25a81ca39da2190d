import { influenceRadiusKm } from "../../src/providers/places/offline/influenceRadius.ts";
import { countryBorders, stateBorders } from "./borders.ts";
import { readDivisionNames, readSettlements, type Settlement } from "./gazetteer.ts";
import { Grid } from "./grid.ts";
import { outlierFinder } from "./outliers.ts";
import { findSections } from "./sections.ts";
import type { Atlas, Place } from "./tiles.ts";

/** The minimum population of GeoNames' cities1000 list. */
const UNKNOWN_POPULATION = 1_000;
/** Limits the influence of a section to that of a town. */
const MAX_SECTION_POPULATION = 20_000;

/** Reads all data of the tiles: settlements with their influence radii, borders, names of divisions. */
export function readAtlas(): Atlas {
  const settlements = readSettlements();
  const grid = new Grid(settlements);
  const cityOfSection = findSections(settlements, grid);
  const divisionNames = readDivisionNames();
  const countries = countryBorders();
  const states = stateBorders(divisionNames);
  const isOutlier = outlierFinder(countries, states);
  const places = new Map<Settlement, Place>();
  for (const settlement of settlements) {
    const isSection = cityOfSection.has(settlement);
    places.set(settlement, toPlace(settlement, isSection, !isSection && isOutlier(settlement)));
  }
  for (const [section, city] of cityOfSection) {
    const place = places.get(section);
    if (place !== undefined) place.city = places.get(city) ?? null;
  }
  return { places: [...places.values()], countries, states, divisionNames };
}

function toPlace(settlement: Settlement, isSection: boolean, isOutlier: boolean): Place {
  const population = settlement.population ?? UNKNOWN_POPULATION;
  return {
    name: settlement.name,
    latitude: settlement.latitude,
    longitude: settlement.longitude,
    division: `${settlement.country}.${settlement.division}`,
    radiusKm: influenceRadiusKm(isSection ? Math.min(population, MAX_SECTION_POPULATION) : population),
    city: null,
    isOutlier,
  };
}
