/** Reads the hits of a search from the main database. */
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { listAssets as listRows } from "../../records/assets/lists/assetList.ts";
import type { ColumnGroups, ListedAsset } from "../../records/assets/lists/listColumns.ts";
import { MAX_MATCHED_IDS, matchingIdsQuery } from "../../records/assets/lists/matchingIds.ts";
import { runQueries } from "../../records/sql/query.ts";
import type { Context } from "../context.ts";

/** Statements that check candidates, 1,000 each. */
const MAX_CHECKS = 6;

/** The first `limit` candidates that match the filter: live, and in its library. */
export async function checkCandidates(
  context: Context,
  filter: AssetFilter,
  ids: readonly string[],
  limit: number,
): Promise<string[]> {
  const hits: string[] = [];
  for (let check = 0; check < MAX_CHECKS && hits.length < limit; check++) {
    const part = ids.slice(check * MAX_MATCHED_IDS, (check + 1) * MAX_MATCHED_IDS);
    if (part.length === 0) break;
    const [matching] = await runQueries(context.db, [matchingIdsQuery(filter, part)]);
    hits.push(...part.filter((id) => matching.has(id)));
  }
  return hits.slice(0, limit);
}

/** Reads at most 200 assets in the order of their ids. Those that no longer match the filter are left out. */
export async function readHits(
  context: Context,
  filter: AssetFilter,
  ids: string[],
  groups: ColumnGroups,
): Promise<ListedAsset[]> {
  const limit = Math.max(1, ids.length);
  const page = await listRows(context.db, {
    filter: { ...filter, ids },
    afterKey: null,
    trashSpan: null,
    limit,
    groups,
  });
  const assets = new Map((page?.assets ?? []).map((asset) => [asset.id, asset]));
  return ids.flatMap((id) => assets.get(id) ?? []);
}
