import { invalid } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import type { CountPage } from "../../records/assets/counts/assetCounts.ts";
import type { Grouping } from "../../records/assets/counts/periods.ts";
import { finishScan, firstScanQuery, MAX_COUNT_SCAN_ROWS } from "../../records/assets/counts/scannedCounts.ts";
import { hasSummary, summedCountsQuery } from "../../records/assets/counts/summedCounts.ts";
import { readAssetQuery, type AssetQuery } from "./assetQuery.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Context } from "../context.ts";

export interface CountQuery extends AssetQuery {
  groupBy: Grouping;
  /** A local time in microseconds: the page starts after the bucket that contains it. */
  startingAfterUs: number | null;
  limit: number;
}

/**
 * Counts assets per day, week, month or year of capture, in the filter's order and without empty buckets. A page that
 * reads assets one by one may end early, with `hasMore`. Throws `validation_error` if it would read more than
 * `MAX_COUNT_SCAN_ROWS` for one bucket.
 */
export async function countAssets(context: Context, principal: Principal, query: CountQuery): Promise<CountPage> {
  const { groupBy, startingAfterUs, limit } = query;
  const requestOf = (filter: AssetFilter) => ({ filter, groupBy, startingAfterUs, limit });
  const empty: CountPage = { buckets: [], hasMore: false };
  // The library is no part of what decides whether there is a summary.
  if (hasSummary(requestOf({ ...query.filter, libraryId: "" }))) {
    const read = await readAssetQuery(context, principal, query, (filter) => summedCountsQuery(requestOf(filter)));
    return read.result ?? empty;
  }
  const read = await readAssetQuery(context, principal, query, (filter) => firstScanQuery(requestOf(filter)));
  const page = await finishScan(context.db, requestOf(read.filter), read.result ?? []);
  if (page !== null) return page;
  throw invalid(
    ["query", "group_by"],
    `place, album, people and rating filters read up to ${MAX_COUNT_SCAN_ROWS} assets; use a shorter group_by, a smaller bbox or a shorter period`,
  );
}
