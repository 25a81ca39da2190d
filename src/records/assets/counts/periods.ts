/**
 * Days and months of a local time as one number: year × 10,000 + month × 100 + day, with day 0 for a whole month. And
 * the buckets of counts, which begin at the start of a period.
 */
import { sql, type SQL } from "drizzle-orm";

export type Grouping = "day" | "week" | "month" | "year";
/** The periods that summaries have rows of. */
export type PeriodUnit = "day" | "month";

const DAY_US = 24 * 3600 * 1_000_000;
const WEEK_DAYS = 7;
/** 1970-01-01 was a Thursday, three days after a Monday. */
const EPOCH_WEEKDAY = 3;

/** First and last second of the years 0000 to 9999, as in the triggers. */
const MIN_CALENDAR_US = -62_167_219_200 * 1_000_000;
const MAX_CALENDAR_US = 253_402_300_799 * 1_000_000;

/** Times outside the calendar count for its first or last day. */
function clampToCalendar(wallUs: number): number {
  return Math.min(Math.max(wallUs, MIN_CALENDAR_US), MAX_CALENDAR_US);
}

function periodOfDate(unit: PeriodUnit, date: Date): number {
  const month = date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100;
  return unit === "month" ? month : month + date.getUTCDate();
}

/** The day or month of a time. */
export function periodOf(unit: PeriodUnit, wallUs: number): number {
  return periodOfDate(unit, new Date(Math.floor(clampToCalendar(wallUs) / 1000)));
}

function unitOf(period: number): PeriodUnit {
  return period % 100 === 0 ? "month" : "day";
}

function startOf(year: number, month: number, day: number): number {
  // Date.UTC maps the years 0 to 99 to 1900 to 1999.
  return new Date(0).setUTCFullYear(year, month - 1, day) * 1000;
}

function partsOf(period: number): { year: number; month: number; day: number } {
  return { year: Math.floor(period / 10_000), month: Math.floor(period / 100) % 100, day: period % 100 };
}

/** The period's first microsecond. */
export function periodStartUs(period: number): number {
  const { year, month, day } = partsOf(period);
  return startOf(year, month, Math.max(day, 1));
}

/** The first microsecond after the period. */
export function periodEndUs(period: number): number {
  const { year, month, day } = partsOf(period);
  return day === 0 ? startOf(year, month + 1, 1) : startOf(year, month, day + 1);
}

/** The period of the same unit after this one, also after the calendar's last. */
export function periodAfter(period: number): number {
  return periodOfDate(unitOf(period), new Date(periodEndUs(period) / 1000));
}

/** The period of the same unit before this one. The one before the calendar's first is less than all others. */
export function periodBefore(period: number): number {
  const startUs = periodStartUs(period);
  if (startUs <= MIN_CALENDAR_US) return -1;
  return periodOf(unitOf(period), startUs - 1_000_000);
}

function monthOfDay(day: number): number {
  return day - (day % 100);
}

/** The first day of a month. */
export function firstDayOf(month: number): number {
  return month + 1;
}

/** The Monday on or before a day. */
function mondayUs(dayStartUs: number): number {
  const days = dayStartUs / DAY_US;
  const weekday = (((days + EPOCH_WEEKDAY) % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS;
  return (days - weekday) * DAY_US;
}

/** The bucket's first microsecond. A week begins on Monday, the calendar's first week with the calendar. */
export function bucketStartUs(grouping: Grouping, wallUs: number): number {
  const day = periodOf("day", wallUs);
  if (grouping === "month") return periodStartUs(monthOfDay(day));
  if (grouping === "year") return startOf(partsOf(day).year, 1, 1);
  const startUs = periodStartUs(day);
  return grouping === "day" ? startUs : Math.max(mondayUs(startUs), MIN_CALENDAR_US);
}

/** The first microsecond after the bucket that contains the time. */
export function bucketEndUs(grouping: Grouping, wallUs: number): number {
  const day = periodOf("day", wallUs);
  if (grouping === "day") return periodEndUs(day);
  if (grouping === "month") return periodEndUs(monthOfDay(day));
  if (grouping === "year") return startOf(partsOf(day).year + 1, 1, 1);
  return mondayUs(periodStartUs(day)) + WEEK_DAYS * DAY_US;
}

/** The most days and months that one bucket adds up. A week has no whole month. */
export const PERIODS_PER_BUCKET: Record<Grouping, Record<PeriodUnit, number>> = {
  day: { day: 1, month: 1 },
  week: { day: WEEK_DAYS, month: 1 },
  month: { day: 31, month: 1 },
  year: { day: 366, month: 12 },
};

/** The period of a column of local microseconds, as in the triggers. */
export function periodExpression(unit: PeriodUnit, column: SQL): SQL {
  const seconds = sql`max(-62167219200, min(253402300799, (${column} + 100000000000000000) / 1000000 - 100000000000))`;
  const format = sql.raw(unit === "day" ? "'%Y%m%d'" : "'%Y%m00'");
  return sql`CAST(strftime(${format}, ${seconds}, 'unixepoch') AS INTEGER)`;
}
