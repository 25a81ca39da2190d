/**
 * Coordinates of a typical library as SQL expressions of the asset's number `i`: 35 % at home, 10 % at work, 30 % at 500
 * spots around town with a skewed popularity, 25 % on 200 trips of 50 spots each, all with the scatter of phone GPS.
 */
import type { PositionSql } from "../test/support/rows/seed.ts";

export const HOME = { latitude: 48.137, longitude: 11.575 };
/** A box around the home and the spots around it. */
export const TOWN = { west: 11.4, south: 48, east: 11.8, north: 48.3 };

/** SQL for a pseudo-random number between 0 and 1, seeded by an expression and a prime. */
function uniform(seed: string, prime: number): string {
  return `(((${seed}) * ${prime} % 999983 + 0.5) / 999983)`;
}

/** SQL for a standard normal number (Box-Muller transform). */
function normal(seed: string, prime: number, otherPrime: number): string {
  return `(sqrt(-2 * ln(${uniform(seed, prime)})) * cos(6.283185 * ${uniform(seed, otherPrime)}))`;
}

const spot = `CAST(500 * pow(${uniform("i", 7919)}, 3) AS INTEGER)`;
const trip = `CAST(200 * ${uniform("i", 104_729)} AS INTEGER)`;
const tripSpot = `(${trip} * 50 + CAST(50 * ${uniform("i", 15_485_863)} AS INTEGER))`;

function axis(home: number, away: string, limit: number, primes: [number, number]): string {
  const jitter = (degrees: number): string => `${degrees} * ${normal("i", ...primes)}`;
  const group = uniform("i", 32_452_843);
  return `CASE WHEN ${group} < 0.35 THEN ${home} + ${jitter(0.00015)}
    WHEN ${group} < 0.45 THEN ${home} + 0.03 + ${jitter(0.0002)}
    WHEN ${group} < 0.75 THEN ${home} + 0.06 * ${normal(spot, ...primes)} + ${jitter(0.0006)}
    ELSE max(-${limit}, min(${limit}, ${away} + 0.15 * ${normal(tripSpot, ...primes)} + ${jitter(0.0005)})) END`;
}

export const typicalLibrary: PositionSql = {
  latitude: axis(HOME.latitude, `30 + 20 * ${normal(trip, 611_953, 746_773)}`, 85, [179_424_673, 86_028_121]),
  longitude: axis(HOME.longitude, `360 * ${uniform(trip, 433_494_437)} - 180`, 180, [275_604_541, 49_979_687]),
};
