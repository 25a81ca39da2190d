/**
 * Finds the row of an asset list at a given position, for pages that clients request by number. Counts of months skip
 * whole months; the rest is counted on the index of the list, or row by row under filters without an index.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { runQueries, type Query } from "../../sql/query.ts";
import type { AssetFilter } from "../assetFilters.ts";
import { MAX_SCANNED_ROWS, SCAN_ROWS_PER_STATEMENT } from "./assetList.ts";
import { hasSummary, summedCountsQuery } from "../counts/summedCounts.ts";
import { bucketEndUs, bucketStartUs } from "../counts/periods.ts";
import { withIndexChoice } from "../indexChoice.ts";
import { planList, type ListPlan } from "./listPlans.ts";
import { sortKeyPrefix } from "../sortKeys.ts";

/** A shorter way is counted on the index, which is cheaper than the months. */
const MIN_ROWS_TO_SKIP_BY_MONTH = 500;

/** More months than the calendar of captures has: years 1700 to 2200. */
const MAX_MONTHS = 6012;

/** `key` is the sort key of the asset before the page; null at the start. `end` means that the list has ended there. */
export type ListOffset = { kind: "key"; key: string | null } | { kind: "end" } | { kind: "too-many-rows" };

interface Way {
  /** The sort key from which `rows` remain. */
  key: string | null;
  rows: number;
}

/** Skips the months that end before the offset. Null if the list has fewer assets. */
async function skipMonths(db: Database, filter: AssetFilter, offset: number): Promise<Way | null> {
  const request = { filter, groupBy: "month" as const, startingAfterUs: null, limit: MAX_MONTHS };
  if (offset < MIN_ROWS_TO_SKIP_BY_MONTH || !hasSummary(request)) return { key: null, rows: offset };
  const [{ buckets }] = await runQueries(db, [summedCountsQuery(request)]);
  let skipped = 0;
  for (const { startUs, assets } of buckets) {
    if (skipped + assets > offset) {
      // A page begins after its key: after the end of the month, or before its start in ascending order.
      const edgeUs = filter.order === "desc" ? bucketEndUs("month", startUs) : bucketStartUs("month", startUs);
      return { key: skipped === 0 ? null : sortKeyPrefix(edgeUs), rows: offset - skipped };
    }
    skipped += assets;
  }
  return null;
}

interface Counted {
  rows: number;
  lastKey: string | null;
}

interface Step extends Counted {
  /** The sort key at which the statement stopped scanning; null if it reached the end. */
  scanEnd: string | null;
}

/** Counts up to `rows` matches after the key, in one statement. */
function countedQuery(plan: ListPlan, filter: AssetFilter, { key, rows }: Way): Query<Counted> {
  const last = sql.raw(filter.order === "desc" ? "min" : "max");
  return {
    sql: sql`SELECT count(*) AS matches, ${last}(merge_key) AS last_key FROM (${plan.rows(key, rows, sql`0 AS skipped`)})`,
    parse: ([row]) => {
      const lastKey = row?.["last_key"];
      return { rows: Number(row?.["matches"]), lastKey: typeof lastKey === "string" ? lastKey : null };
    },
  };
}

function scanEndQuery(plan: ListPlan, key: string | null): Query<string | null> {
  return {
    sql: plan.scanEnd === null ? null : plan.scanEnd(key),
    parse: ([row]) => {
      const scanEnd = row?.["merge_key"];
      return typeof scanEnd === "string" ? scanEnd : null;
    },
  };
}

async function takeStep(db: Database, plan: ListPlan, filter: AssetFilter, way: Way): Promise<Step> {
  const queries = [countedQuery(plan, filter, way), scanEndQuery(plan, way.key)] as const;
  const [counted, scanEnd] = await runQueries<[Counted, string | null]>(db, queries);
  return { ...counted, scanEnd };
}

/**
 * Finds the end of the first `offset` assets of a live list. Reads a row per month and the assets of one month, or up to
 * `MAX_SCANNED_ROWS` under filters without an index.
 */
export async function findListOffset(db: Database, asked: AssetFilter, offset: number): Promise<ListOffset> {
  if (offset === 0) return { kind: "key", key: null };
  const filter = await withIndexChoice(db, asked);
  let way = await skipMonths(db, filter, offset);
  const plan = planList(filter, null, SCAN_ROWS_PER_STATEMENT);
  if (way === null || plan === null) return { kind: "end" };
  for (let scanned = 0; way.rows > 0; scanned += SCAN_ROWS_PER_STATEMENT) {
    if (scanned >= MAX_SCANNED_ROWS) return { kind: "too-many-rows" };
    const step: Step = await takeStep(db, plan, filter, way);
    if (step.rows === way.rows) return { kind: "key", key: step.lastKey };
    if (step.scanEnd === null) return { kind: "end" };
    way = { key: step.scanEnd, rows: way.rows - step.rows };
  }
  return { kind: "key", key: way.key };
}
