/** Months of a local time as year × 100 + month. */

/** First and last microsecond of the years 0000 to 9999. */
const MIN_CALENDAR_US = -62_167_219_200 * 1_000_000;
const MAX_CALENDAR_US = 253_402_300_799 * 1_000_000;

/** Equals the month of the triggers: times outside the calendar count for its first or last month. */
export function monthOf(wallUs: number): number {
  const date = new Date(Math.floor(Math.min(Math.max(wallUs, MIN_CALENDAR_US), MAX_CALENDAR_US) / 1000));
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** The month's first microsecond. */
export function monthStartUs(month: number): number {
  // Date.UTC maps the years 0 to 99 to 1900 to 1999.
  return new Date(0).setUTCFullYear(Math.floor(month / 100), (month % 100) - 1, 1) * 1000;
}

export function monthAfter(month: number): number {
  return month % 100 === 12 ? month + 89 : month + 1;
}

export function monthBefore(month: number): number {
  return month % 100 === 1 ? month - 89 : month - 1;
}
