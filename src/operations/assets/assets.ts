import { invalid, notFound } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import {
  listAssets as listRows,
  MAX_SCANNED_ROWS,
  sortKeyOf,
  readListContext,
  type AssetPage,
  type PageRequest,
} from "../../records/assets/lists/assetList.ts";
import { findAsset, type FacedAsset } from "../../records/assets/assets.ts";
import {
  findListedAsset,
  type ColumnGroups,
  type ListedAsset,
  type ListRow,
} from "../../records/assets/lists/listColumns.ts";
import type { Principal } from "../accounts/authentication.ts";
import { inaccessible } from "../libraries/access.ts";
import { isConfirmed, likelyLibrary, type LikelyLibrary } from "../libraries/likelyLibrary.ts";
import { requireLibrary } from "../libraries/resolveLibrary.ts";
import type { Context } from "../context.ts";
import { requireCursor } from "../pages.ts";

export type { Asset, FacedAsset } from "../../records/assets/assets.ts";
export { everyAsset, type AssetFilter } from "../../records/assets/assetFilters.ts";
export type { AssetPage } from "../../records/assets/lists/assetList.ts";
export {
  everyColumnGroup,
  type ColumnGroup,
  type FileData,
  type ListedAsset,
} from "../../records/assets/lists/listColumns.ts";
export { boxAround, type Box } from "../../records/map/mapCells.ts";

/** Reads a live or trashed asset. Throws `not_found` for an unknown or inaccessible id. */
export async function getAsset(context: Context, principal: Principal, id: string): Promise<FacedAsset> {
  const asset = await findAsset(context.db, principal, id);
  if (asset === null) throw await inaccessible(context, principal, "asset", id);
  return asset;
}

/** Reads a live or trashed asset with the columns of `groups`. Throws `not_found` for an unknown or inaccessible id. */
export async function getListedAsset(
  context: Context,
  principal: Principal,
  id: string,
  groups: ColumnGroups,
): Promise<ListedAsset> {
  const asset = await findListedAsset(context.db, principal, id, groups);
  if (asset === null) throw notFound("asset");
  return asset;
}

export interface ListAssetsParams {
  libraryId: string | null;
  filter: Omit<AssetFilter, "libraryId">;
  startingAfterId: string | null;
  limit: number;
  /** Columns to read. */
  groups: ColumnGroups;
}

/** The page that the request most likely means. */
function guessPage(params: ListAssetsParams, library: LikelyLibrary | null): PageRequest | null {
  if (library === null) return null;
  const { filter, startingAfterId, limit, groups } = params;
  const { id: libraryId, trashClearedAt } = library;
  return {
    filter: { ...filter, libraryId, ...(trashClearedAt === undefined ? {} : { trashClearedAt }) },
    afterKey: null,
    cursorId: startingAfterId,
    trashSpan: null,
    limit,
    groups,
  };
}

/**
 * Lists assets of one library, a page at a time in one round trip; two for a trash filtered by dates, for a filter that
 * scans (three for a rating or people at a place), for a page with long texts, and for a library that the isolate doesn't know
 * yet. A page whose texts would exceed 4 MiB is shorter than its limit, with `hasMore`; a list of ids is complete.
 * Throws `not_found` for an unknown album, `bad_request` for a cursor of another library, and `validation_error` if
 * combined filters match none of 200,000 assets.
 */
export async function listAssets(context: Context, principal: Principal, params: ListAssetsParams): Promise<AssetPage> {
  const guess = likelyLibrary(principal, params.libraryId);
  const guessedPage = guessPage(params, guess);
  const lookup = await readListContext(context.db, principal, params, guessedPage);
  const library = await requireLibrary(context, principal, lookup.libraries, params.libraryId);
  if (params.filter.albumId !== null && lookup.albumLibraryId !== library.id) throw notFound("album");
  const { assetCount } = library;
  const rows = isConfirmed(guess, library) ? lookup.rows : null;
  const page = guessedPage === null ? null : { ...guessedPage, assetCount };
  // A page behind the cursor proves it; without a row the cursor may be unknown.
  const isProven = params.startingAfterId === null || (rows !== null && rows.length > 0);
  if (page !== null && rows !== null && isProven) return await readPage(context, page, rows);
  const { cursor, trashSpan } = lookup.rows === null ? lookup : await readListContext(context.db, principal, params);
  requireCursor(params.startingAfterId, cursor?.libraryId, library.id, "asset");
  if (page !== null && rows !== null) return await readPage(context, page, rows);
  return await readPage(context, {
    filter: { ...params.filter, libraryId: library.id, trashClearedAt: library.trashClearedAt },
    afterKey: cursor?.sortKey ?? null,
    trashSpan,
    limit: params.limit,
    groups: params.groups,
    assetCount,
  });
}

async function readPage(
  context: Context,
  request: PageRequest,
  firstRows: ListRow[] | null = null,
): Promise<AssetPage> {
  const page = await listRows(context.db, request, firstRows);
  if (page !== null) return page;
  throw invalid(
    ["query"],
    `the combined filters match none of ${MAX_SCANNED_ROWS} assets; add local_datetime_after and local_datetime_before, or use fewer filters`,
  );
}

/** Yields all pages of a list, holding one in memory, for streamed responses. `firstRows` are those of `listRows`. */
export async function* assetPages(
  context: Context,
  first: PageRequest,
  firstRows: ListRow[] | null = null,
): AsyncGenerator<ListedAsset[]> {
  let request = first;
  let rows = firstRows;
  for (;;) {
    const page = await readPage(context, request, rows);
    rows = null;
    yield page.assets;
    const last = page.assets.at(-1);
    if (!page.hasMore || last === undefined) return;
    request = { ...request, afterKey: sortKeyOf(last, request.filter.state), cursorId: null };
  }
}
