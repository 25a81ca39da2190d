import { invalid } from "../../kernel/errors.ts";
import { listAssets as listRows, MAX_SCANNED_ROWS } from "../../records/assets/lists/assetList.ts";
import { findListOffset } from "../../records/assets/lists/listOffsets.ts";
import { NO_QUERY } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/principal.ts";
import { readAssetQuery } from "../assets/assetQuery.ts";
import { listAssets, type AssetPage } from "../assets/assets.ts";
import type { Context } from "../context.ts";
import type { SearchPage, SearchQuery } from "./searchQuery.ts";

function tooManyRows(): Error {
  return invalid(
    ["query", "page"],
    `the filters match too few of ${MAX_SCANNED_ROWS} assets; add local_datetime_after and local_datetime_before, or use GET /api/assets with starting_after_id`,
  );
}

async function readLaterPage(context: Context, principal: Principal, query: SearchQuery): Promise<AssetPage> {
  const { filter } = await readAssetQuery(context, principal, query, () => NO_QUERY);
  const offset = await findListOffset(context.db, filter, (query.page - 1) * query.limit);
  if (offset.kind === "end") return { assets: [], hasMore: false };
  if (offset.kind === "too-many-rows") throw tooManyRows();
  const { limit, groups } = query;
  const page = await listRows(context.db, { filter, afterKey: offset.key, trashSpan: null, limit, groups });
  if (page === null) throw tooManyRows();
  return page;
}

/**
 * Lists the assets that match the filters, newest first and without a cap. The first page takes one round trip; a later
 * one finds its start from the counts of months.
 */
export async function searchByFilters(context: Context, principal: Principal, query: SearchQuery): Promise<SearchPage> {
  const { assets, hasMore } =
    query.page === 1
      ? await listAssets(context, principal, { ...query, startingAfterId: null })
      : await readLaterPage(context, principal, query);
  return {
    hits: assets.map((asset) => ({ asset, distance: null })),
    hasMore,
    methods: ["filters"],
    isDegraded: false,
  };
}
