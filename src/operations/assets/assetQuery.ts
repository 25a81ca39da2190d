import { notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { albumLibraryQuery } from "../../records/albums/albums.ts";
import type { Query } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { LikelyLibrary } from "../libraries/likelyLibrary.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import type { Context } from "../context.ts";

export interface AssetQuery {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  /** All of these people must be on the asset; an unknown id makes the result empty. */
  personIds: string[] | null;
}

/**
 * Reads `select` for the library and album of an asset filter, in one round trip with the check of both if the library
 * is likely. `select` may return null while the library is a guess. Returns null if the filter excludes every asset.
 * Throws `not_found` or `bad_request`.
 */
export async function readAssetQuery<T>(
  context: Context,
  principal: Principal,
  query: AssetQuery,
  select: (filter: AssetFilter) => Query<T> | null,
): Promise<{ filter: AssetFilter; result: T | null } | null> {
  const { libraryId, personIds } = query;
  const filterOf = ({ id, trashClearedAt }: LikelyLibrary): AssetFilter => ({
    ...query.filter,
    libraryId: id,
    ...(trashClearedAt === undefined ? {} : { trashClearedAt }),
  });
  const isEmpty = personIds !== null && personIds.length > 0;
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId,
    check: albumLibraryQuery(principal, query.filter.albumId),
    select: (likely) => (isEmpty ? null : select(filterOf(likely))),
  });
  if (query.filter.albumId !== null && checked !== library.id) throw notFound("album");
  return isEmpty ? null : { filter: filterOf(library), result: await read() };
}
