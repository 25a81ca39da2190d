/**
 * Counts assets that no summary covers, such as those of a place: reads them in the order of the buckets, in statements
 * of growing size, until the page is complete.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { sqlNumber } from "../../sql/sqlLiterals.ts";
import { runQueries, type Query } from "../../sql/query.ts";
import { cursorSpan, type Bucket, type CountPage, type CountRequest } from "./assetCounts.ts";
import { SCAN_ROWS_PER_STATEMENT } from "../lists/assetList.ts";
import { rowsInCaptureOrder } from "../lists/listPlans.ts";
import { bucketStartUs, periodExpression, periodStartUs, type PeriodUnit } from "./periods.ts";
import { sortKeyPrefix } from "../sortKeys.ts";

/** Limits of the assets that a page reads. */
export interface CountScanLimits {
  /** The first statement, which usually has the whole page. */
  firstStatement: number;
  /** The largest statement. */
  statement: number;
  /** A page ends early at this number, with the buckets that are complete. */
  page: number;
}

/** Assets that the first statement of a page reads. Each further one reads four times as many. */
export const FIRST_COUNT_SCAN_ROWS = 500;
const SCAN_GROWTH = 4;
/** Assets that a page of counts reads without a summary. */
export const MAX_COUNT_SCAN_ROWS = 200_000;

const LIMITS: CountScanLimits = {
  firstStatement: FIRST_COUNT_SCAN_ROWS,
  statement: SCAN_ROWS_PER_STATEMENT,
  page: MAX_COUNT_SCAN_ROWS,
};

/** A day or month of a scan; its assets are those of them that were read. */
interface ScannedPeriod {
  period: number;
  matches: number;
  scanned: number;
  /** Sort key of the last asset read. */
  lastKey: string;
}

function unitOf({ groupBy }: CountRequest): PeriodUnit {
  return groupBy === "day" || groupBy === "week" ? "day" : "month";
}

/** The sort key after which the page starts. */
function startKey(request: CountRequest): string | null {
  const { fromUs, endUs } = cursorSpan(request);
  if (request.filter.order === "asc") return fromUs === -Infinity ? null : sortKeyPrefix(fromUs);
  return endUs === Infinity ? null : sortKeyPrefix(endUs);
}

function scanQuery(request: CountRequest, afterKey: string | null, limit: number): Query<ScannedPeriod[]> {
  const { filter } = request;
  const period = periodExpression(unitOf(request), sql`a.local_us`);
  const rows = rowsInCaptureOrder(filter, afterKey, limit, sql`${period} AS period`);
  if (rows === null) return { sql: null, parse: () => [] };
  const last = sql.raw(filter.order === "asc" ? "max" : "min");
  return {
    sql: sql`SELECT period, sum(matches) AS matches, count(*) AS scanned, ${last}(merge_key) AS last_key
      FROM (${rows}) GROUP BY period ORDER BY period ${sql.raw(filter.order)} LIMIT ${sqlNumber(limit)}`,
    parse: (found) =>
      found.map((row) => ({
        period: Number(row["period"]),
        matches: Number(row["matches"]),
        scanned: Number(row["scanned"]),
        lastKey: String(row["last_key"]),
      })),
  };
}

/** The first statement of a page, for the `first` of `finishScan`. */
export function firstScanQuery(request: CountRequest, limits = LIMITS): Query<ScannedPeriod[]> {
  return scanQuery(request, startKey(request), limits.firstStatement);
}

/** Buckets in order, the last of them possibly incomplete; buckets without a match included. */
function addPeriods(buckets: Bucket[], periods: ScannedPeriod[], { groupBy }: CountRequest): void {
  for (const { period, matches } of periods) {
    const startUs = bucketStartUs(groupBy, periodStartUs(period));
    const last = buckets.at(-1);
    if (last?.startUs === startUs) last.assets += matches;
    else buckets.push({ startUs, assets: matches });
  }
}

/**
 * Reads the rest of a page whose first statement is `first`. Returns null if `limits.page` assets contain no complete
 * bucket with a match.
 */
export async function finishScan(
  db: Database,
  request: CountRequest,
  first: ScannedPeriod[],
  limits = LIMITS,
): Promise<CountPage | null> {
  const { limit } = request;
  const buckets: Bucket[] = [];
  let periods = first;
  let statementRows = limits.firstStatement;
  for (let scanned = 0; ;) {
    addPeriods(buckets, periods, request);
    const rows = periods.reduce((sum, each) => sum + each.scanned, 0);
    scanned += rows;
    const isEnd = rows < statementRows;
    const complete = (isEnd ? buckets : buckets.slice(0, -1)).filter(({ assets }) => assets > 0);
    const found = buckets.filter(({ assets }) => assets > 0);
    if (isEnd || found.length > limit) return { buckets: complete.slice(0, limit), hasMore: found.length > limit };
    if (scanned >= limits.page) return complete.length === 0 ? null : { buckets: complete, hasMore: true };
    statementRows = Math.min(statementRows * SCAN_GROWTH, limits.statement);
    [periods] = await runQueries(db, [scanQuery(request, periods.at(-1)?.lastKey ?? null, statementRows)]);
  }
}
