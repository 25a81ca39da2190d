/**
 * Matches towns of the older list whose name and coordinates changed slightly, such as Odessa to Odesa. Without it a
 * city of a million people would lose its population.
 */
import { distanceKm } from "../../src/providers/places/offline/influenceRadius.ts";

export interface Town {
  name: string;
  country: string;
  latitude: number;
  longitude: number;
}

/** Resolution of the spatial index. */
const SQUARES_PER_DEGREE = 5;
/** The largest displacement of a division's seat, and of other towns, with a similar name. */
const RESPELLED_SEAT_KM = 8;
const RESPELLED_TOWN_KM = 2;
/** The largest displacement of a seat with any new name, such as Nelspruit to Mbombela. */
const RENAMED_SEAT_KM = 0.5;
const MIN_COMPARABLE_LETTERS = 4;

function normalizeName(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, "");
}

function levenshteinDistance(a: string, b: string): number {
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
function isRespelled(older: string, newer: string): boolean {
  const [a, b] = [normalizeName(older), normalizeName(newer)].sort((one, other) => one.length - other.length);
  if (a === undefined || b === undefined || a.length < MIN_COMPARABLE_LETTERS) return false;
  return b.startsWith(a) || levenshteinDistance(a, b) * 4 <= b.length;
}

function squareKey({ country, latitude, longitude }: Town, rowOffset = 0, columnOffset = 0): string {
  const [row, column] = [Math.floor(latitude * SQUARES_PER_DEGREE), Math.floor(longitude * SQUARES_PER_DEGREE)];
  return `${country} ${row + rowOffset} ${column + columnOffset}`;
}

/** Matches each older town to at most one newer town. Earlier items of `older` take precedence. */
export function matchRenamedTowns<Older extends Town & { isSeat: boolean }, Newer extends Town>(
  older: Older[],
  newer: Newer[],
): Map<Newer, Older> {
  const squares = Map.groupBy(newer, (town) => squareKey(town));
  const matches = new Map<Newer, Older>();
  const offsets = [-1, 0, 1];
  for (const town of older) {
    const distance = (candidate: Newer): number =>
      distanceKm(town.latitude, town.longitude, candidate.latitude, candidate.longitude);
    const isMatch = (candidate: Newer): boolean =>
      (town.isSeat && distance(candidate) <= RENAMED_SEAT_KM) ||
      (distance(candidate) <= (town.isSeat ? RESPELLED_SEAT_KM : RESPELLED_TOWN_KM) &&
        isRespelled(town.name, candidate.name));
    const [nearest] = offsets
      .flatMap((row) => offsets.flatMap((column) => squares.get(squareKey(town, row, column)) ?? []))
      .filter((candidate) => !matches.has(candidate) && isMatch(candidate))
      .sort((a, b) => distance(a) - distance(b));
    if (nearest !== undefined) matches.set(nearest, town);
  }
  return matches;
}
