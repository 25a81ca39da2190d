/** How many assets were taken when: a library's timeline without its assets. */
import type { Database } from "../records/database.ts";
import { listMonthCounts } from "../records/monthCounts.ts";
import { monthStartUs } from "../records/months.ts";
import { resolveQuestion, type AssetQuestion } from "./assetQuestions.ts";
import type { Principal } from "./credentials.ts";

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
