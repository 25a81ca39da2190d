/**
 * Assets a month. Whole months are one row of a summary that triggers keep; months that a date bound cuts, four at most,
 * are counted on the index of the list, under the list's own conditions.
 */
import { sql, type SQL } from "drizzle-orm";
import { instantUs, type WallTime } from "../../kernel/time.ts";
import { WIDEST_OFFSET_US, type AssetFilter } from "./assetFilters.ts";
import { unorderedInputs } from "./listPlans.ts";
import { unionAll } from "../sql/unionAll.ts";
import type { Database } from "../database.ts";
import { id, number, sortKey } from "../sql/sqlLiterals.ts";
import { monthAfter, monthBefore, monthOf, monthStartUs } from "./months.ts";
import { sortKeyFrom } from "./sortKeys.ts";

export interface MonthCount {
  /** Year × 100 + month. */
  month: number;
  assets: number;
}

/** The first and last wall clock that may match, or the first and last between which all do. */
interface Span {
  fromUs: number;
  toUs: number;
}

/** Both bounds are exclusive. An aware one leaves 28 hours unsure: what they hold depends on each asset's offset. */
function spanOf({ after, before }: AssetFilter, sure: boolean): Span {
  const margin = (bound: WallTime): number => (bound.offsetMinutes === null ? 0 : WIDEST_OFFSET_US);
  const inward = sure ? 1 : -1;
  return {
    fromUs: after === null ? -Infinity : instantUs(after) + 1 + inward * margin(after),
    toUs: before === null ? Infinity : instantUs(before) - 1 - inward * margin(before),
  };
}

/** First and last month that lie whole within the span; the first above the last when there is none. */
function wholeMonths({ fromUs, toUs }: Span): { first: number; last: number } {
  const [from, to] = [monthOf(fromUs), monthOf(toUs)];
  const startsWhole = monthStartUs(from) >= fromUs;
  const endsWhole = monthStartUs(monthAfter(to)) - 1 <= toUs;
  return { first: startsWhole ? from : monthAfter(from), last: endsWhole ? to : monthBefore(to) };
}

/** Months that may hold matches and are not whole, newest first: those the newer bound cuts, and those the older one does. */
function cutMonths(possible: Span, whole: { first: number; last: number }): { newer: number[]; older: number[] } {
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

/** How many match in one month: a range of an index, read row by row. */
function countIn(filter: AssetFilter, possible: Span, month: number): SQL {
  const fromUs = Math.max(possible.fromUs, monthStartUs(month));
  const toUs = Math.min(possible.toUs, monthStartUs(monthAfter(month)) - 1);
  const counts = unorderedInputs(filter).map(({ from, where, timeKey }) => {
    const range = sql`${timeKey} >= ${sortKey(sortKeyFrom(fromUs))} AND ${timeKey} < ${sortKey(sortKeyFrom(toUs + 1))}`;
    return sql`(SELECT count(*) FROM ${from} WHERE ${sql.join([...where, range], sql` AND `)})`;
  });
  return sql.join(counts, sql` + `);
}

const flags = { live: [0], trashed: [1], all: [0, 1] };
const columns = { all: sql`assets`, in_album: sql`in_album`, not_in_album: sql`assets - in_album` };

/** Newest first. A month of `state=all` may be two rows, one live and one trashed. */
function selectWhole(filter: AssetFilter, { first, last }: { first: number; last: number }, count: number): SQL {
  const { albumId, albumFilter, state } = filter;
  const assets = albumId === null ? columns[albumFilter] : sql`assets`;
  const owner =
    albumId === null
      ? sql`month_counts WHERE library_id = ${id(filter.libraryId)}`
      : sql`album_months WHERE album_id = ${id(albumId)}`;
  const ranges = flags[state].map(
    (trashed) => sql`SELECT month, ${assets} AS assets FROM ${owner} AND trashed = ${number(trashed)}
      AND month BETWEEN ${number(first)} AND ${number(last)} AND ${assets} > 0`,
  );
  return sql`${unionAll(ranges)} ORDER BY month DESC LIMIT ${number(count * ranges.length)}`;
}

/** Months beyond the page's are not counted on an index: the older cut ones only where the whole ones leave room. */
function selectMonths(filter: AssetFilter, limit: number): SQL {
  const possible = spanOf(filter, false);
  const whole = wholeMonths(spanOf(filter, true));
  const { newer, older } = cutMonths(possible, whole);
  const wholeRows = selectWhole(filter, whole, limit + 1);
  if (newer.length + older.length === 0) return wholeRows;
  const cut = (month: number): SQL => sql`SELECT ${number(month)}, ${countIn(filter, possible, month)}`;
  const room = sql`(SELECT count(DISTINCT month) FROM whole) <= ${number(limit)}`;
  return sql`WITH whole AS MATERIALIZED (${wholeRows}) ${unionAll([
    sql`SELECT month, assets FROM whole`,
    ...newer.map(cut),
    ...older.map((month) => sql`${cut(month)} WHERE ${room}`),
  ])}`;
}

export async function listMonthCounts(
  db: Database,
  filter: AssetFilter,
  limit: number,
): Promise<{ months: MonthCount[]; hasMore: boolean }> {
  const rows = await db.orm.all<MonthCount>(selectMonths(filter, limit));
  const sums = new Map<number, number>();
  for (const { month, assets } of rows) {
    if (assets > 0) sums.set(month, (sums.get(month) ?? 0) + assets);
  }
  const months = [...sums].map(([month, assets]) => ({ month, assets })).toSorted((a, b) => b.month - a.month);
  return { months: months.slice(0, limit), hasMore: months.length > limit };
}
