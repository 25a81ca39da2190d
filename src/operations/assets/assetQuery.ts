/** What a filter over assets names, found before anything is read by it: the library, the album. Reads no assets. */
import { notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { readListContext } from "../../records/assets/assetList.ts";
import type { Database } from "../../records/database.ts";
import type { Principal } from "../accounts/authentication.ts";
import { demandLibrary } from "../libraries/libraries.ts";

export interface AssetQuestion {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  /** Every one of them must be on the asset; unknown people are on none. */
  personIds: string[] | null;
}

export interface AskedAssets {
  filter: AssetFilter;
  /** Someone is asked for who is on nothing. */
  none: boolean;
}

/** One round trip. */
export async function resolveQuestion(db: Database, who: Principal, question: AssetQuestion): Promise<AskedAssets> {
  const { libraryId, filter, personIds } = question;
  const context = await readListContext(db, who, { libraryId, filter, startingAfterId: null });
  const library = demandLibrary(context.libraries, libraryId);
  if (filter.albumId !== null && context.albumLibraryId !== library.id) throw notFound("album");
  return {
    filter: { ...filter, libraryId: library.id, emptiedAt: library.emptiedAt },
    none: personIds !== null && personIds.length > 0,
  };
}
