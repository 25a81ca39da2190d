/** Months of a wall clock as the summaries name them: year × 100 + month. Knows no table. */

/** Microseconds of the first and last second that a calendar of four-digit years holds. */
const FIRST_US = -62_167_219_200 * 1_000_000;
const LAST_US = 253_402_300_799 * 1_000_000;

/** The same as the triggers', which count what no calendar holds for its first or last month. */
export function monthOf(wallUs: number): number {
  const date = new Date(Math.floor(Math.min(Math.max(wallUs, FIRST_US), LAST_US) / 1000));
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** The month's first microsecond. */
export function monthStartUs(month: number): number {
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  return new Date(0).setUTCFullYear(Math.floor(month / 100), (month % 100) - 1, 1) * 1000;
}

export function monthAfter(month: number): number {
  return month % 100 === 12 ? month + 89 : month + 1;
}

export function monthBefore(month: number): number {
  return month % 100 === 1 ? month - 89 : month - 1;
}
