/**
 * Chooses the index for a rating at a place. Few assets are rated, or few are at the place: a library may have ten
 * favourites, and half of its assets in one street.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { coveringCells, WIDE_BOX_LEVEL } from "../map/mapCells.ts";
import { assetsAround } from "../map/mapPyramid.ts";
import { runQueries, type Query } from "../sql/query.ts";
import { sqlId } from "../sql/sqlLiterals.ts";
import type { AssetFilter } from "./assetFilters.ts";
import { matchingAssets } from "./counts/summedCounts.ts";

/** Whether counts decide the index of a filter, and aren't read yet. */
export function needsIndexChoice(filter: Omit<AssetFilter, "libraryId">): boolean {
  const { albumId, box, ids, ratings, readsRatings, stackId, state } = filter;
  if (ratings === null || ratings.includes(0) || box === null || readsRatings !== undefined) return false;
  const isListed = state !== "trashed" && albumId === null && ids === null && stackId === null;
  return isListed && coveringCells(box).level > WIDE_BOX_LEVEL;
}

/**
 * Whether the library has fewer assets with the ratings than around the box. Reads its months, at most twelve rows a
 * year, and the map's cells of about the size of those that cover the box.
 */
export function indexChoiceQuery(filter: AssetFilter): Query<boolean> {
  if (filter.box === null) return { sql: null, parse: () => false };
  return {
    sql: sql`SELECT (SELECT coalesce(sum(${matchingAssets(filter, "m")}), 0) FROM month_counts m
      WHERE m.library_id = ${sqlId(filter.libraryId)} AND m.trashed = 0) AS rated,
      (${assetsAround(filter.libraryId, filter.box)}) AS around`,
    parse: ([row]) => Number(row?.["rated"]) < Number(row?.["around"]),
  };
}

/** Completes a filter by the choice, in one round trip if it needs one. */
export async function withIndexChoice(db: Database, filter: AssetFilter): Promise<AssetFilter> {
  if (!needsIndexChoice(filter)) return filter;
  const [readsRatings] = await runQueries(db, [indexChoiceQuery(filter)]);
  return { ...filter, readsRatings };
}
