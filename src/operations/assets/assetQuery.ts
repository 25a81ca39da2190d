import { notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { albumLibraryQuery } from "../../records/albums/albums.ts";
import { indexChoiceQuery, needsIndexChoice } from "../../records/assets/indexChoice.ts";
import { NO_QUERY, runQueries, type Query } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { LikelyLibrary } from "../libraries/likelyLibrary.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import type { Context } from "../context.ts";

export interface AssetQuery {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
}

/**
 * Reads `select` for the library and album of an asset filter, in one round trip with the check of both if the library
 * is likely; in two for a rating or people at a place. `select` may return null while the library is a guess. Throws
 * `not_found` or `bad_request`.
 */
export async function readAssetQuery<T>(
  context: Context,
  principal: Principal,
  query: AssetQuery,
  select: (filter: AssetFilter) => Query<T> | null,
): Promise<{ filter: AssetFilter; result: T | null }> {
  const { libraryId } = query;
  if (needsIndexChoice(query.filter)) return await readWithIndexChoice(context, principal, query, select);
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId,
    check: albumLibraryQuery(principal, query.filter.albumId),
    select: (likely) => select(filterOf(query, likely)),
  });
  if (query.filter.albumId !== null && checked !== library.id) throw notFound("album");
  return { filter: filterOf(query, library), result: await read() };
}

function filterOf(query: AssetQuery, { id, trashClearedAt }: LikelyLibrary): AssetFilter {
  return { ...query.filter, libraryId: id, ...(trashClearedAt === undefined ? {} : { trashClearedAt }) };
}

/** Reads the choice of the index with the library, because `select` depends on it. */
async function readWithIndexChoice<T>(
  context: Context,
  principal: Principal,
  query: AssetQuery,
  select: (filter: AssetFilter) => Query<T> | null,
): Promise<{ filter: AssetFilter; result: T | null }> {
  const { library, read } = await readInLibrary(context, principal, {
    libraryId: query.libraryId,
    check: NO_QUERY,
    select: (likely) => indexChoiceQuery(filterOf(query, likely)),
  });
  const filter = { ...filterOf(query, library), index: (await read()) ?? ("place" as const) };
  const selected = select(filter);
  return { filter, result: selected === null ? null : (await runQueries<[T]>(context.db, [selected]))[0] };
}
