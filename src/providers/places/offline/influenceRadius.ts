/** How far a place's name carries: what the tiles are built with and what a lookup weighs places by. Touches no data. */

const EARTH_KM_PER_DEGREE = 111.195;

/**
 * The radius that a municipality of that population has, about: 1.8 km for a thousand people, 5 for a hundred thousand,
 * 14 for ten million. The exponent was measured (docs/decisions/0013): between 0.1 and 0.2 most villages fall to the
 * municipality they belong to; a little more keeps parks and harbours with their metropolis.
 */
export function reachKm(population: number): number {
  return 0.4 * Math.max(population, 500) ** 0.22;
}

/** A place names what is this near. Beyond it, wilderness and sea have a country and no city. */
export function limitKm(reach: number): number {
  return 20 + reach;
}

/** The farthest that a place can be and still name a city or a state. */
export const FARTHEST_KM = 36;

/** On a sphere seen as flat between the two: right within 1 % over the distances that matter here, also across the date line. */
export function distanceKm(latitude1: number, longitude1: number, latitude2: number, longitude2: number): number {
  const across = Math.abs(longitude1 - longitude2);
  const east = Math.min(across, 360 - across) * Math.cos((((latitude1 + latitude2) / 2) * Math.PI) / 180);
  return EARTH_KM_PER_DEGREE * Math.sqrt((latitude1 - latitude2) ** 2 + east ** 2);
}
