/**
 * Where the photos of someone's life are taken, as SQL of the asset's number: a third at home, a tenth at work, a third in 500
 * spots around town, the popular ones most, and a quarter on 200 journeys of 50 spots each. Within a spot, as phones scatter.
 */
import type { Places } from "../test/support/rows/seed.ts";

export const HOME = { latitude: 48.137, longitude: 11.575 };

/** Between 0 and 1, by the number `of`, another for each prime. */
function share(of: string, prime: number): string {
  return `(((${of}) * ${prime} % 999983 + 0.5) / 999983)`;
}

/** Normally distributed around 0. */
function scatter(of: string, prime: number, other: number): string {
  return `(sqrt(-2 * ln(${share(of, prime)})) * cos(6.283185 * ${share(of, other)}))`;
}

const spot = `CAST(500 * pow(${share("i", 7919)}, 3) AS INTEGER)`;
const journey = `CAST(200 * ${share("i", 104_729)} AS INTEGER)`;
const sight = `(${journey} * 50 + CAST(50 * ${share("i", 15_485_863)} AS INTEGER))`;

function axis(home: number, far: string, most: number, primes: [number, number]): string {
  const jitter = (degrees: number): string => `${degrees} * ${scatter("i", ...primes)}`;
  const kind = share("i", 32_452_843);
  return `CASE WHEN ${kind} < 0.35 THEN ${home} + ${jitter(0.00015)}
    WHEN ${kind} < 0.45 THEN ${home} + 0.03 + ${jitter(0.0002)}
    WHEN ${kind} < 0.75 THEN ${home} + 0.06 * ${scatter(spot, ...primes)} + ${jitter(0.0006)}
    ELSE max(-${most}, min(${most}, ${far} + 0.15 * ${scatter(sight, ...primes)} + ${jitter(0.0005)})) END`;
}

export const aLife: Places = {
  latitude: axis(HOME.latitude, `30 + 20 * ${scatter(journey, 611_953, 746_773)}`, 85, [179_424_673, 86_028_121]),
  longitude: axis(HOME.longitude, `360 * ${share(journey, 433_494_437)} - 180`, 180, [275_604_541, 49_979_687]),
};
