/** How many assets were taken when: a library's timeline without its assets. */
import type { Database } from "../../records/database.ts";
import { listMonthCounts } from "../../records/assets/monthCounts.ts";
import { monthStartUs } from "../../records/assets/months.ts";
import { resolveQuestion, type AssetQuestion } from "./assetQuery.ts";
import type { Principal } from "../accounts/authentication.ts";

export interface TimeBucket {
  /** Its first wall clock. */
  startUs: number;
  assets: number;
}

/** Newest month first, without the empty ones. Two round trips. */
export async function countByMonth(
  db: Database,
  who: Principal,
  question: AssetQuestion & { limit: number },
): Promise<{ buckets: TimeBucket[]; hasMore: boolean }> {
  const { filter, none } = await resolveQuestion(db, who, question);
  if (none) return { buckets: [], hasMore: false };
  const { months, hasMore } = await listMonthCounts(db, filter, question.limit);
  return { buckets: months.map(({ month, assets }) => ({ startUs: monthStartUs(month), assets })), hasMore };
}
