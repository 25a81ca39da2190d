/**
 * Counts assets by adding up rows that triggers maintain: one per day and per month. Days that a date bound splits, at
 * most six, are counted on the index of the list with the list's conditions. Albums have rows per month only.
 */
import { sql, type SQL } from "drizzle-orm";
import { toInstantUs, type WallTime } from "../../../kernel/time.ts";
import { unionAll } from "../../sql/unionAll.ts";
import { sqlId, sqlNumber, sqlSortKey } from "../../sql/sqlLiterals.ts";
import type { Query } from "../../sql/query.ts";
import { cursorSpan, type Bucket, type CountPage, type CountRequest, type PeriodCount } from "./assetCounts.ts";
import { MAX_OFFSET_US, type AssetFilter } from "../assetFilters.ts";
import { COUNT_CLASSES } from "./countClasses.ts";
import { inputsOfSpan } from "../lists/listPlans.ts";
import {
  bucketStartUs,
  firstDayOf,
  PERIODS_PER_BUCKET,
  periodAfter,
  periodBefore,
  periodEndUs,
  periodOf,
  periodStartUs,
  type PeriodUnit,
} from "./periods.ts";
import { sortKeyPrefix } from "../sortKeys.ts";

/**
 * Whether summaries have rows for the filter. Those of albums and of single people have months, and no media type or
 * rating; those of people have live assets only.
 */
export function hasSummary({ filter, groupBy }: CountRequest): boolean {
  const { albumId, box, personIds } = filter;
  if (box !== null) return false;
  if (albumId === null && personIds === null) return true;
  if (personIds !== null && (albumId !== null || personIds.length > 1 || filter.state !== "live")) return false;
  if (personIds !== null && filter.albumFilter !== "all") return false;
  return filter.mediaType === null && filter.ratings === null && (groupBy === "month" || groupBy === "year");
}

/** Albums and people have rows by month, libraries by day and month. */
function hasMonthsOnly({ albumId, personIds }: AssetFilter): boolean {
  return albumId !== null || personIds !== null;
}

/** A range of local times: those that may match, or those that certainly match. */
interface Span {
  fromUs: number;
  /** Exclusive. */
  endUs: number;
}

/**
 * The filter's bounds are exclusive. Around a bound with an offset, 28 hours match depending on each asset's offset.
 */
function spanOf(request: CountRequest, certain: boolean): Span {
  const { after, before } = request.filter;
  const cursor = cursorSpan(request);
  const margin = (bound: WallTime): number => (bound.offsetMinutes === null ? 0 : MAX_OFFSET_US);
  const inward = certain ? 1 : -1;
  return {
    fromUs: Math.max(cursor.fromUs, after === null ? -Infinity : toInstantUs(after) + 1 + inward * margin(after)),
    endUs: Math.min(cursor.endUs, before === null ? Infinity : toInstantUs(before) - inward * margin(before)),
  };
}

/** Days or months, both ends included; none if `first` is after `last`. */
interface PeriodRange {
  first: number;
  last: number;
}

/** The periods entirely within the span. */
function wholePeriods(unit: PeriodUnit, { fromUs, endUs }: Span): PeriodRange {
  const [from, end] = [periodOf(unit, fromUs), periodOf(unit, endUs)];
  return {
    first: periodStartUs(from) >= fromUs ? from : periodAfter(from),
    last: periodEndUs(end) <= endUs ? end : periodBefore(end),
  };
}

function periodsBetween(first: number, last: number): number[] {
  const periods: number[] = [];
  for (let period = first; period <= last; period = periodAfter(period)) periods.push(period);
  return periods;
}

/** Periods with possible matches that are only partly in the span: those before the whole ones, and those after. */
function splitPeriods(unit: PeriodUnit, possible: Span, whole: PeriodRange): { older: number[]; newer: number[] } {
  if (possible.fromUs >= possible.endUs) return { older: [], newer: [] };
  const [from, to] = [periodOf(unit, possible.fromUs), periodOf(unit, possible.endUs - 1)];
  if (whole.first > whole.last) return { older: periodsBetween(from, to), newer: [] };
  return {
    older: periodsBetween(from, periodBefore(whole.first)),
    newer: periodsBetween(periodAfter(whole.last), to),
  };
}

/** Counts the matches of one period by reading an index range. */
function countInPeriod(filter: AssetFilter, possible: Span, period: number): SQL {
  const low = sortKeyPrefix(Math.max(possible.fromUs, periodStartUs(period)));
  const high = sortKeyPrefix(Math.min(possible.endUs, periodEndUs(period)));
  const counts = inputsOfSpan(filter).map(({ from, where, checks, timeKey }) => {
    const range = sql`${timeKey} >= ${sqlSortKey(low)} AND ${timeKey} < ${sqlSortKey(high)}`;
    return sql`(SELECT count(*) FROM ${from} WHERE ${sql.join([...where, ...checks, range], sql` AND `)})`;
  });
  return sql`SELECT ${sqlNumber(period)} AS period, ${sql.join(counts, sql` + `)} AS assets`;
}

/** The assets of a summary's row that match the album flag, the media type and the ratings. */
export function matchingAssets({ albumFilter, mediaType, ratings }: AssetFilter, table: string): SQL {
  const classes = COUNT_CLASSES.filter(
    (each) => (mediaType ?? each.mediaType) === each.mediaType && (ratings === null || ratings.includes(each.rating)),
  );
  const isEveryClass = classes.length === COUNT_CLASSES.length;
  const columns = (names: string[]): string[] => names.map((name) => `${table}.${name}`);
  const all = columns(isEveryClass ? ["assets"] : classes.map(({ column }) => column));
  const inAlbum = columns(isEveryClass ? ["in_album"] : classes.map(({ inAlbumColumn }) => inAlbumColumn));
  if (albumFilter === "all") return sql.raw(`(${all.join(" + ")})`);
  if (albumFilter === "in_album") return sql.raw(`(${inAlbum.join(" + ")})`);
  return sql.raw(`(${all.join(" + ")} - ${inAlbum.join(" - ")})`);
}

/** Live and trashed assets have rows of their own. */
const trashedFlags = { live: [0], trashed: [1], all: [0, 1] };

/** SELECTs of `period` and `assets`, one per state. `columns` are those of their order, as the primary key has them. */
interface Rows {
  selects: SQL[];
  columns: string[];
}

/** The table of months, its count, and the condition of its state. */
function monthOwner(filter: AssetFilter): { assets: SQL; owner: SQL; isState: (trashed: number) => SQL } {
  const { albumId, personIds } = filter;
  const libraryId = sqlId(filter.libraryId);
  const isState = (trashed: number): SQL => sql`AND m.trashed = ${sqlNumber(trashed)}`;
  if (personIds !== null) {
    const owner = sql`person_month_counts m WHERE m.library_id = ${libraryId} AND m.person_id = ${sqlId(personIds[0] ?? "")}`;
    return { assets: sql`m.assets`, owner, isState: () => sql`` };
  }
  if (albumId !== null) {
    return { assets: sql`m.assets`, owner: sql`album_month_counts m WHERE m.album_id = ${sqlId(albumId)}`, isState };
  }
  return { assets: matchingAssets(filter, "m"), owner: sql`month_counts m WHERE m.library_id = ${libraryId}`, isState };
}

function monthRows(filter: AssetFilter, { first, last }: PeriodRange): Rows {
  const { state } = filter;
  const { assets, owner, isState } = monthOwner(filter);
  const selects = trashedFlags[state].map(
    (
      trashed,
    ) => sql`SELECT m.month * 100 AS period, ${assets} AS assets, m.month AS month FROM ${owner} ${isState(trashed)}
      AND m.month BETWEEN ${sqlNumber(first / 100)} AND ${sqlNumber(last / 100)} AND ${assets} > 0`,
  );
  return { selects, columns: ["month"] };
}

function isNarrowed({ albumFilter, mediaType, ratings }: AssetFilter): boolean {
  return albumFilter !== "all" || mediaType !== null || ratings !== null;
}

/** Days of a library. With a filter that few assets may match, months without a match are skipped by their row. */
function dayRows(filter: AssetFilter, { first, last }: PeriodRange): Rows {
  const [libraryId, low, high] = [sqlId(filter.libraryId), sqlNumber(first), sqlNumber(last)];
  const assets = matchingAssets(filter, "d");
  const ofState = (table: string, trashed: number): SQL => {
    const name = sql.raw(table);
    return sql`${name}.library_id = ${libraryId} AND ${name}.trashed = ${sqlNumber(trashed)}`;
  };
  if (!isNarrowed(filter)) {
    const selects = trashedFlags[filter.state].map(
      (trashed) => sql`SELECT d.day AS period, ${assets} AS assets FROM day_counts d
        WHERE ${ofState("d", trashed)} AND d.day BETWEEN ${low} AND ${high}`,
    );
    return { selects, columns: ["period"] };
  }
  const [firstMonth, lastMonth] = [sqlNumber(Math.floor(first / 100)), sqlNumber(Math.floor(last / 100))];
  const selects = trashedFlags[filter.state].map(
    (trashed) => sql`SELECT d.day AS period, ${assets} AS assets, m.month AS month
      FROM month_counts m CROSS JOIN day_counts d
      WHERE ${ofState("m", trashed)} AND m.month BETWEEN ${firstMonth} AND ${lastMonth} AND ${matchingAssets(filter, "m")} > 0
        AND ${ofState("d", trashed)} AND d.day BETWEEN max(m.month * 100, ${low}) AND min(m.month * 100 + 99, ${high})
        AND ${assets} > 0`,
  );
  return { selects, columns: ["month", "period"] };
}

/** The first rows in order. They are merged from one index range per state, without sorting. */
function firstRows({ selects, columns }: Rows, order: AssetFilter["order"], limit: number): SQL {
  const terms = sql.raw(columns.map((column) => `${column} ${order}`).join(", "));
  return sql`${unionAll(selects)} ORDER BY ${terms} LIMIT ${sqlNumber(limit)}`;
}

/** Whole periods of a request, in the units of its summaries. */
interface WholeRows {
  /** Days or months in any number, of which a page needs the first. */
  main: Rows;
  unit: PeriodUnit;
  /** Days of months that are partly in the span, at most 30 each. */
  older: Rows | null;
  newer: Rows | null;
}

function rangeOrNull(first: number, last: number): PeriodRange | null {
  return first > last ? null : { first, last };
}

/** Days and weeks add up days; months and years add up months, and the days of those that a bound splits. */
function wholeRows({ filter, groupBy }: CountRequest, whole: PeriodRange): WholeRows {
  const none = { older: null, newer: null };
  if (hasMonthsOnly(filter)) return { main: monthRows(filter, whole), unit: "month", ...none };
  const months = wholePeriods("month", { fromUs: periodStartUs(whole.first), endUs: periodEndUs(whole.last) });
  if (groupBy === "day" || groupBy === "week" || months.first > months.last) {
    return { main: dayRows(filter, whole), unit: "day", ...none };
  }
  const older = rangeOrNull(whole.first, periodBefore(firstDayOf(months.first)));
  const newer = rangeOrNull(firstDayOf(periodAfter(months.last)), whole.last);
  return {
    main: monthRows(filter, months),
    unit: "month",
    older: older === null ? null : dayRows(filter, older),
    newer: newer === null ? null : dayRows(filter, newer),
  };
}

/** Periods that a bound splits at the far end are counted only if the whole ones leave room on the page. */
function selectPeriods(request: CountRequest): SQL | null {
  const { filter, groupBy, limit } = request;
  const possible = spanOf(request, false);
  const unit = hasMonthsOnly(filter) ? "month" : "day";
  const whole = wholePeriods(unit, spanOf(request, true));
  const split = splitPeriods(unit, possible, whole);
  const count = (period: number): SQL => countInPeriod(filter, possible, period);
  if (whole.first > whole.last) return split.older.length === 0 ? null : unionAll(split.older.map(count));
  const rows = wholeRows(request, whole);
  const ends = [
    { rows: rows.newer, split: split.newer },
    { rows: rows.older, split: split.older },
  ];
  const [near, far] = filter.order === "desc" ? ends : ends.toReversed();
  const mainLimit = (limit + 1) * PERIODS_PER_BUCKET[groupBy][rows.unit] * rows.main.selects.length;
  const main = firstRows(rows.main, filter.order, mainLimit);
  const endsOf = (end: typeof near, where: SQL): SQL[] => [
    // The join keeps SQLite from reading days before it evaluates the condition.
    ...(end?.rows?.selects ?? []).map(
      (days) => sql`SELECT period, assets FROM (SELECT 1 ${where}) CROSS JOIN (${days})`,
    ),
    ...(end?.split ?? []).map((period) => sql`${count(period)} ${where}`),
  ];
  const hasRoom = sql`WHERE (SELECT count(*) FROM whole) < ${sqlNumber(mainLimit)}`;
  const atEnds = [...endsOf(near, sql``), ...endsOf(far, hasRoom)];
  if (atEnds.length === 0) return main;
  return sql`WITH whole AS MATERIALIZED (${main}) ${unionAll([sql`SELECT period, assets FROM whole`, ...atEnds])}`;
}

/** Adds up the periods of each bucket. `counts` are complete for the first `limit` buckets, and for one more if there is. */
function toPage(counts: PeriodCount[], { filter, groupBy, limit }: CountRequest): CountPage {
  const sums = new Map<number, number>();
  for (const { period, assets } of counts) {
    const startUs = bucketStartUs(groupBy, periodStartUs(period));
    if (assets > 0) sums.set(startUs, (sums.get(startUs) ?? 0) + assets);
  }
  const sign = filter.order === "asc" ? 1 : -1;
  const buckets: Bucket[] = [...sums].map(([startUs, assets]) => ({ startUs, assets }));
  buckets.sort((a, b) => sign * (a.startUs - b.startUs));
  return { buckets: buckets.slice(0, limit), hasMore: buckets.length > limit };
}

/** A page of buckets with assets. Only for requests that `hasSummary`. */
export function summedCountsQuery(request: CountRequest): Query<CountPage> {
  return {
    sql: selectPeriods(request),
    parse: (rows) =>
      toPage(
        rows.map((row) => ({ period: Number(row["period"]), assets: Number(row["assets"]) })),
        request,
      ),
  };
}
