import { monthCountsQuery } from "../../records/assets/monthCounts.ts";
import { monthStartUs } from "../../records/assets/months.ts";
import { readAssetQuery, type AssetQuery } from "./assetQuery.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";

export interface MonthBucket {
  /** Start of the month, in wall-clock microseconds. */
  startUs: number;
  assets: number;
}

/** Counts assets per month of capture, newest first and without empty months. */
export async function countByMonth(
  context: Context,
  principal: Principal,
  query: AssetQuery & { limit: number },
): Promise<{ buckets: MonthBucket[]; hasMore: boolean }> {
  const read = await readAssetQuery(context, principal, query, (filter) => monthCountsQuery(filter, query.limit));
  const { months, hasMore } = read?.result ?? { months: [], hasMore: false };
  return { buckets: months.map(({ month, assets }) => ({ startUs: monthStartUs(month), assets })), hasMore };
}
