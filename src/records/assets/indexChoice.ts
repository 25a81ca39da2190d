/**
 * Chooses the index for a rating or people at a place by counts. Few assets are rated, or show the people, or are at the
 * place: a library may have ten favourites, and half of its assets in one street.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { coveringCells, WIDE_BOX_LEVEL } from "../map/mapCells.ts";
import { assetsAround } from "../map/mapPyramid.ts";
import { runQueries, type Query } from "../sql/query.ts";
import { sqlId } from "../sql/sqlLiterals.ts";
import type { AssetFilter, PlaceIndex } from "./assetFilters.ts";
import { matchingAssets } from "./counts/summedCounts.ts";
import { fewestAssets, hasPeople } from "./lists/personInputs.ts";

function hasStars({ ratings }: Pick<AssetFilter, "ratings">): boolean {
  return ratings !== null && !ratings.includes(0);
}

/** Whether counts decide the index of a filter, and aren't read yet. */
export function needsIndexChoice(filter: Omit<AssetFilter, "libraryId">): boolean {
  const { albumId, box, ids, index, personIds, stackId, state } = filter;
  if (box === null || index !== undefined || (!hasStars(filter) && personIds === null)) return false;
  const isListed = state !== "trashed" && albumId === null && ids === null && stackId === null;
  return isListed && coveringCells(box).level > WIDE_BOX_LEVEL;
}

/** Counts in the order of preference for equal numbers. */
const choices: readonly PlaceIndex[] = ["place", "people", "ratings"];

/**
 * The index with the fewest assets of the library. Reads its months, at most twelve rows a year, a row of each person,
 * and the map's cells of about the size of those that cover the box.
 */
export function indexChoiceQuery(filter: AssetFilter): Query<PlaceIndex> {
  if (filter.box === null) return { sql: null, parse: () => "place" };
  const rated = sql`(SELECT coalesce(sum(${matchingAssets(filter, "m")}), 0) FROM month_counts m
    WHERE m.library_id = ${sqlId(filter.libraryId)} AND m.trashed = 0)`;
  return {
    sql: sql`SELECT (${assetsAround(filter.libraryId, filter.box)}) AS place,
      ${hasPeople(filter) ? fewestAssets(filter) : sql`NULL`} AS people, ${hasStars(filter) ? rated : sql`NULL`} AS ratings`,
    parse: ([row]) => {
      const counts = choices.map((index) => ({ index, assets: Number(row?.[index] ?? Infinity) }));
      return counts.reduce((best, each) => (each.assets < best.assets ? each : best)).index;
    },
  };
}

/** Completes a filter by the choice, in one round trip if it needs one. */
export async function withIndexChoice(db: Database, filter: AssetFilter): Promise<AssetFilter> {
  if (!needsIndexChoice(filter)) return filter;
  const [index] = await runQueries(db, [indexChoiceQuery(filter)]);
  return { ...filter, index };
}
