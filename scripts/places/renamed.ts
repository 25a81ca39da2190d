/**
 * Finds what became of a town of the older list under a name and at a place that are both a little other than they were,
 * as Odessa became Odesa: without it a city of a million would count as a village. Decides on names and distance alone.
 */
import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";

export interface Town {
  name: string;
  country: string;
  latitude: number;
  longitude: number;
}

/** A list by squares of the map, to look only at what is near. */
const SQUARES_PER_DEGREE = 5;
/** How far the seat of a division, and any other town, may have moved when its name is spelt in another way. */
const RESPELT_SEAT_KM = 8;
const RESPELT_KM = 2;
/** And a seat whatever its name is now: Nelspruit, which is Mbombela. */
const RENAMED_SEAT_KM = 0.5;

function plain(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, "");
}

/** Levenshtein's distance. */
function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row.at(-1) ?? 0;
}

/** Zamora and Zamora de Hidalgo; Vinnytsia and Vinnytsya; Rostov-na-Donu and Rostov-on-Don. */
export function isRespelt(older: string, newer: string): boolean {
  const [a, b] = [plain(older), plain(newer)].sort((one, other) => one.length - other.length);
  if (a === undefined || b === undefined || a.length < 4) return false;
  return b.startsWith(a) || lettersApart(a, b) * 4 <= b.length;
}

function square({ country, latitude, longitude }: Town, north: number, east: number): string {
  const [y, x] = [Math.floor(latitude * SQUARES_PER_DEGREE), Math.floor(longitude * SQUARES_PER_DEGREE)];
  return `${country} ${y + north} ${x + east}`;
}

/** Each older town with the newer one it has become, of those that no one else has claimed. The first of `older` choose first. */
export function renamed<Older extends Town & { isSeat: boolean }, Newer extends Town>(
  older: Older[],
  newer: Newer[],
): Map<Newer, Older> {
  const squares = new Map<string, Newer[]>();
  for (const town of newer) {
    const key = square(town, 0, 0);
    squares.set(key, [...(squares.get(key) ?? []), town]);
  }
  const became = new Map<Newer, Older>();
  for (const town of older) {
    const steps = [-1, 0, 1];
    const around = steps.flatMap((north) => steps.flatMap((east) => squares.get(square(town, north, east)) ?? []));
    const away = (one: Newer): number => distanceKm(town.latitude, town.longitude, one.latitude, one.longitude);
    const [nearest] = around
      .filter((one) => !became.has(one))
      .filter(
        (one) =>
          (town.isSeat && away(one) <= RENAMED_SEAT_KM) ||
          (away(one) <= (town.isSeat ? RESPELT_SEAT_KM : RESPELT_KM) && isRespelt(town.name, one.name)),
      )
      .sort((a, b) => away(a) - away(b));
    if (nearest !== undefined) became.set(nearest, town);
  }
  return became;
}
