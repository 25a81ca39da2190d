/** Settlements by square of the map, so that those around a point are found without looking at all. */
import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";
import type { Settlement } from "./gazetteer.ts";

const KM_PER_DEGREE = 111;
const SQUARES_PER_DEGREE = 4;

export class Grid {
  readonly #squares = new Map<string, Settlement[]>();

  constructor(settlements: Settlement[]) {
    for (const settlement of settlements) {
      const key = `${square(settlement.latitude)} ${square(settlement.longitude)}`;
      const there = this.#squares.get(key);
      if (there === undefined) this.#squares.set(key, [settlement]);
      else there.push(settlement);
    }
  }

  /** All that are no farther, in no order. */
  near(latitude: number, longitude: number, km: number): Settlement[] {
    const tall = Math.ceil((km / KM_PER_DEGREE) * SQUARES_PER_DEGREE);
    const narrow = Math.max(0.02, Math.cos((Math.min(89, Math.abs(latitude) + km / KM_PER_DEGREE) * Math.PI) / 180));
    const wide = Math.min(Math.ceil(tall / narrow), 180 * SQUARES_PER_DEGREE - 1);
    const found: Settlement[] = [];
    for (let y = square(latitude) - tall; y <= square(latitude) + tall; y += 1) {
      for (let x = square(longitude) - wide; x <= square(longitude) + wide; x += 1) {
        for (const settlement of this.#squares.get(`${y} ${wrapped(x)}`) ?? []) {
          if (distanceKm(latitude, longitude, settlement.latitude, settlement.longitude) <= km) found.push(settlement);
        }
      }
    }
    return found;
  }
}

function square(degrees: number): number {
  return Math.floor(degrees * SQUARES_PER_DEGREE);
}

/** The date line is no edge. */
function wrapped(x: number): number {
  const half = 180 * SQUARES_PER_DEGREE;
  return ((((x + half) % (2 * half)) + 2 * half) % (2 * half)) - half;
}
