import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";
import type { Settlement } from "./gazetteer.ts";

const KM_PER_DEGREE = 111;
const SQUARES_PER_DEGREE = 4;

/** Spatial index of settlements in squares of a quarter degree. */
export class Grid {
  readonly #squares: Map<string, Settlement[]>;

  constructor(settlements: Settlement[]) {
    this.#squares = Map.groupBy(
      settlements,
      ({ latitude, longitude }) => `${squareIndex(latitude)} ${squareIndex(longitude)}`,
    );
  }

  /** All settlements within `km` of a point, unordered. */
  near(latitude: number, longitude: number, km: number): Settlement[] {
    const rows = Math.ceil((km / KM_PER_DEGREE) * SQUARES_PER_DEGREE);
    const narrowing = Math.max(0.02, Math.cos((Math.min(89, Math.abs(latitude) + km / KM_PER_DEGREE) * Math.PI) / 180));
    const columns = Math.min(Math.ceil(rows / narrowing), 180 * SQUARES_PER_DEGREE - 1);
    const near: Settlement[] = [];
    for (let y = squareIndex(latitude) - rows; y <= squareIndex(latitude) + rows; y += 1) {
      for (let x = squareIndex(longitude) - columns; x <= squareIndex(longitude) + columns; x += 1) {
        for (const settlement of this.#squares.get(`${y} ${wrapAtDateLine(x)}`) ?? []) {
          if (distanceKm(latitude, longitude, settlement.latitude, settlement.longitude) <= km) near.push(settlement);
        }
      }
    }
    return near;
  }
}

function squareIndex(degrees: number): number {
  return Math.floor(degrees * SQUARES_PER_DEGREE);
}

function wrapAtDateLine(x: number): number {
  const half = 180 * SQUARES_PER_DEGREE;
  return ((((x + half) % (2 * half)) + 2 * half) % (2 * half)) - half;
}
