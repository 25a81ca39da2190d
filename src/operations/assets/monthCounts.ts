import { listMonthCounts } from "../../records/assets/monthCounts.ts";
import { monthStartUs } from "../../records/assets/months.ts";
import { resolveAssetQuery, type AssetQuery } from "./assetQuery.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";

export interface MonthBucket {
  /** Start of the month, in wall-clock microseconds. */
  startUs: number;
  assets: number;
}

/** Counts assets per month of capture, newest first and without empty months, in two round trips. */
export async function countByMonth(
  context: Context,
  principal: Principal,
  query: AssetQuery & { limit: number },
): Promise<{ buckets: MonthBucket[]; hasMore: boolean }> {
  const { filter, isEmpty } = await resolveAssetQuery(context, principal, query);
  if (isEmpty) return { buckets: [], hasMore: false };
  const { months, hasMore } = await listMonthCounts(context.db, filter, query.limit);
  return { buckets: months.map(({ month, assets }) => ({ startUs: monthStartUs(month), assets })), hasMore };
}
