import { notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { readListContext } from "../../records/assets/assetList.ts";
import type { Principal } from "../accounts/authentication.ts";
import { requireLibrary } from "../libraries/libraries.ts";
import type { Context } from "../context.ts";

export interface AssetQuery {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  /** All of these people must be on the asset; an unknown id makes the result empty. */
  personIds: string[] | null;
}

export interface ResolvedAssetQuery {
  filter: AssetFilter;
  /** True when the filter excludes every asset. */
  isEmpty: boolean;
}

/** Resolves the library and album of an asset filter in one round trip. Throws `not_found` or `bad_request`. */
export async function resolveAssetQuery(
  context: Context,
  principal: Principal,
  query: AssetQuery,
): Promise<ResolvedAssetQuery> {
  const { libraryId, filter, personIds } = query;
  const lookup = await readListContext(context.db, principal, { libraryId, filter, startingAfterId: null });
  const library = requireLibrary(lookup.libraries, libraryId);
  if (filter.albumId !== null && lookup.albumLibraryId !== library.id) throw notFound("album");
  return {
    filter: { ...filter, libraryId: library.id, trashClearedAt: library.trashClearedAt },
    isEmpty: personIds !== null && personIds.length > 0,
  };
}
