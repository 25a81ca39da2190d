/** Weights of settlements, used by the tile build and by lookups. */

const KM_PER_DEGREE = 111.195;

/**
 * Approximates the radius of a municipality by its population: 1.8 km for a thousand people, 5 km for a hundred
 * thousand, 14 km for ten million. The exponent was measured (docs/decisions/0013): between 0.1 and 0.2 most villages
 * match their municipality; a slightly higher value keeps parks and harbours with their metropolis.
 */
export function influenceRadiusKm(population: number): number {
  return 0.4 * Math.max(population, 500) ** 0.22;
}

/** The largest distance at which a settlement names a point. Farther points have a country but lack a city. */
export function maxNamingDistanceKm(radiusKm: number): number {
  return 20 + radiusKm;
}

/** Upper bound of `maxNamingDistanceKm` for every settlement. */
export const MAX_NAMING_DISTANCE_KM = 36;

/** Equirectangular distance, accurate to 1 % over the distances used here, also across the date line. */
export function distanceKm(latitude1: number, longitude1: number, latitude2: number, longitude2: number): number {
  const difference = Math.abs(longitude1 - longitude2);
  const meanLatitude = (((latitude1 + latitude2) / 2) * Math.PI) / 180;
  const east = Math.min(difference, 360 - difference) * Math.cos(meanLatitude);
  return KM_PER_DEGREE * Math.sqrt((latitude1 - latitude2) ** 2 + east ** 2);
}
