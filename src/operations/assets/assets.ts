/** Reading assets: one by id, or a page of a library. */
import { AppError, notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import {
  listAssets as listRows,
  placeOf,
  readListContext,
  type AssetPage,
  type PageRequest,
} from "../../records/assets/assetList.ts";
import { findAsset, type Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import type { Principal } from "../accounts/authentication.ts";
import { demandLibrary } from "../libraries/libraries.ts";

export type { Asset } from "../../records/assets/assets.ts";
export { everyAsset, type AssetFilter } from "../../records/assets/assetFilters.ts";
export type { AssetPage } from "../../records/assets/assetList.ts";
export { boxAround, type Box } from "../../records/map/mapCells.ts";

export async function getAsset(db: Database, who: Principal, id: string): Promise<Asset> {
  const asset = await findAsset(db, who, id);
  if (asset === null) throw notFound("asset");
  return asset;
}

export interface AssetListQuestion {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  /** Every one of them must be on the asset; unknown people are on none. */
  personIds: string[] | null;
  startingAfterId: string | null;
  limit: number;
}

/** Two round trips: what the question names, then the page. */
export async function listAssets(db: Database, who: Principal, question: AssetListQuestion): Promise<AssetPage> {
  const context = await readListContext(db, who, question);
  const library = demandLibrary(context.libraries, question.libraryId);
  if (question.filter.albumId !== null && context.albumLibraryId !== library.id) throw notFound("album");
  const { cursor } = context;
  if (question.startingAfterId !== null && cursor?.libraryId !== library.id) {
    throw new AppError("bad_request", "starting_after_id names no asset of this library");
  }
  if (question.personIds !== null && question.personIds.length > 0) return { assets: [], hasMore: false };
  const filter = { ...question.filter, libraryId: library.id, emptiedAt: library.emptiedAt };
  return await listRows(db, {
    filter,
    behind: cursor?.sortKey ?? null,
    trashSpan: context.trashSpan,
    limit: question.limit,
  });
}

/** Page after page, one held at a time, for answers of any length. */
export async function* eachPage(db: Database, request: PageRequest): AsyncGenerator<Asset[]> {
  let { behind } = request;
  for (;;) {
    const page = await listRows(db, { ...request, behind });
    yield page.assets;
    const last = page.assets.at(-1);
    if (!page.hasMore || last === undefined) return;
    behind = placeOf(last, request.filter.state);
  }
}
