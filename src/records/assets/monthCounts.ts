/**
 * Counts assets by month. A whole month is one row of a table that triggers maintain. Months that a date bound splits,
 * at most four, are counted on the index of the list with the list's conditions.
 */
import { sql, type SQL } from "drizzle-orm";
import { toInstantUs, type WallTime } from "../../kernel/time.ts";
import { MAX_OFFSET_US, type AssetFilter } from "./assetFilters.ts";
import { unorderedInputs } from "./listPlans.ts";
import { unionAll } from "../sql/unionAll.ts";
import { sqlId, sqlNumber, sqlSortKey } from "../sql/sqlLiterals.ts";
import type { Query } from "../sql/query.ts";
import { monthAfter, monthBefore, monthOf, monthStartUs } from "./months.ts";
import { sortKeyPrefix } from "./sortKeys.ts";

export interface MonthCount {
  /** Year × 100 + month. */
  month: number;
  assets: number;
}

/** A range of local times: those that may match, or those that certainly match. */
interface Span {
  fromUs: number;
  toUs: number;
}

/**
 * The filter's bounds are exclusive. Around a bound with an offset, 28 hours match depending on each asset's offset.
 */
function spanOf({ after, before }: AssetFilter, certain: boolean): Span {
  const margin = (bound: WallTime): number => (bound.offsetMinutes === null ? 0 : MAX_OFFSET_US);
  const inward = certain ? 1 : -1;
  return {
    fromUs: after === null ? -Infinity : toInstantUs(after) + 1 + inward * margin(after),
    toUs: before === null ? Infinity : toInstantUs(before) - 1 - inward * margin(before),
  };
}

/**
 * Returns the first and last month entirely within the span; first > last if the span contains only parts of months.
 */
function wholeMonths({ fromUs, toUs }: Span): { first: number; last: number } {
  const [from, to] = [monthOf(fromUs), monthOf(toUs)];
  const isFirstWhole = monthStartUs(from) >= fromUs;
  const isLastWhole = monthStartUs(monthAfter(to)) - 1 <= toUs;
  return { first: isFirstWhole ? from : monthAfter(from), last: isLastWhole ? to : monthBefore(to) };
}

/**
 * Months with possible matches that are only partly in the span, newest first: those split by the newer bound and by
 * the older one.
 */
function splitMonths(possible: Span, whole: { first: number; last: number }): { newer: number[]; older: number[] } {
  const between = (first: number, last: number): number[] => {
    const months: number[] = [];
    for (let month = last; month >= first; month = monthBefore(month)) months.push(month);
    return months;
  };
  if (possible.fromUs > possible.toUs) return { newer: [], older: [] };
  const [from, to] = [monthOf(possible.fromUs), monthOf(possible.toUs)];
  if (whole.first > whole.last) return { newer: between(from, to), older: [] };
  return { newer: between(monthAfter(whole.last), to), older: between(from, monthBefore(whole.first)) };
}

/** Counts the matches of one month by reading an index range. */
function countInMonth(filter: AssetFilter, possible: Span, month: number): SQL {
  const fromUs = Math.max(possible.fromUs, monthStartUs(month));
  const toUs = Math.min(possible.toUs, monthStartUs(monthAfter(month)) - 1);
  const counts = unorderedInputs(filter).map(({ from, where, checks, timeKey }) => {
    const range = sql`${timeKey} >= ${sqlSortKey(sortKeyPrefix(fromUs))} AND ${timeKey} < ${sqlSortKey(sortKeyPrefix(toUs + 1))}`;
    return sql`(SELECT count(*) FROM ${from} WHERE ${sql.join([...where, ...checks, range], sql` AND `)})`;
  });
  return sql.join(counts, sql` + `);
}

const trashedFlags = { live: [0], trashed: [1], all: [0, 1] };
const countColumns = { all: sql`assets`, in_album: sql`in_album`, not_in_album: sql`assets - in_album` };

/** Newest first. With `state=all` a month may have two rows, live and trashed. */
function selectWholeMonths(filter: AssetFilter, { first, last }: { first: number; last: number }, count: number): SQL {
  const { albumId, albumFilter, state } = filter;
  const assets = albumId === null ? countColumns[albumFilter] : sql`assets`;
  const owner =
    albumId === null
      ? sql`month_counts WHERE library_id = ${sqlId(filter.libraryId)}`
      : sql`album_month_counts WHERE album_id = ${sqlId(albumId)}`;
  const ranges = trashedFlags[state].map(
    (trashed) => sql`SELECT month, ${assets} AS assets FROM ${owner} AND trashed = ${sqlNumber(trashed)}
      AND month BETWEEN ${sqlNumber(first)} AND ${sqlNumber(last)} AND ${assets} > 0`,
  );
  return sql`${unionAll(ranges)} ORDER BY month DESC LIMIT ${sqlNumber(count * ranges.length)}`;
}

/** Split months at the older bound are counted only if the whole months leave room on the page. */
function selectMonths(filter: AssetFilter, limit: number): SQL {
  const possible = spanOf(filter, false);
  const whole = wholeMonths(spanOf(filter, true));
  const { newer, older } = splitMonths(possible, whole);
  const wholeRows = selectWholeMonths(filter, whole, limit + 1);
  if (newer.length + older.length === 0) return wholeRows;
  const splitMonth = (month: number): SQL => sql`SELECT ${sqlNumber(month)}, ${countInMonth(filter, possible, month)}`;
  const hasRoom = sql`(SELECT count(DISTINCT month) FROM whole) <= ${sqlNumber(limit)}`;
  return sql`WITH whole AS MATERIALIZED (${wholeRows}) ${unionAll([
    sql`SELECT month, assets FROM whole`,
    ...newer.map(splitMonth),
    ...older.map((month) => sql`${splitMonth(month)} WHERE ${hasRoom}`),
  ])}`;
}

export interface MonthPage {
  months: MonthCount[];
  hasMore: boolean;
}

function sumByMonth(rows: MonthCount[], limit: number): MonthPage {
  const sums = new Map<number, number>();
  for (const { month, assets } of rows) {
    if (assets > 0) sums.set(month, (sums.get(month) ?? 0) + assets);
  }
  const months = [...sums].map(([month, assets]) => ({ month, assets })).toSorted((a, b) => b.month - a.month);
  return { months: months.slice(0, limit), hasMore: months.length > limit };
}

/** A page of months with assets, newest first. */
export function monthCountsQuery(filter: AssetFilter, limit: number): Query<MonthPage> {
  return {
    sql: selectMonths(filter, limit),
    parse: (rows) =>
      sumByMonth(
        rows.map(({ month, assets }) => ({ month: Number(month), assets: Number(assets) })),
        limit,
      ),
  };
}
