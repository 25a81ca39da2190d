/** Instants, wall clock times and their ISO 8601 forms, independent of the machine's time zone. */

/** A wall clock time: microseconds since 1970-01-01T00:00:00 as if it were UTC, and its UTC offset if known. */
export interface WallTime {
  wallUs: number;
  offsetMinutes: number | null;
}

export const MINUTE_US = 60 * 1_000_000;

const ISO_DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Parses an RFC 3339 offset: 0 for `Z`, null without one, "bad" beyond ±14:00, the widest of all time zones. */
function parseOffset(text: string | undefined): number | null | "bad" {
  if (text === undefined) return null;
  if (text === "Z" || text === "z") return 0;
  const digits = text.slice(1).replace(":", "").padEnd(4, "0");
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return "bad";
  const size = hours * 60 + minutes;
  return text.startsWith("-") ? 0 - size : size; // `-size` would make a minus zero of -00:00.
}

/** Parses an ISO 8601 date or date-time, with or without an offset; null if invalid. A date means its midnight. */
export function parseDateTime(text: string): WallTime | null {
  const match = ISO_DATE_TIME.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = ""] = match;
  const offsetMinutes = parseOffset(match[8]);
  if (offsetMinutes === "bad" || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // Some engines accept 31 February and roll over, so the day is compared.
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return null;
  const seconds = midnight.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return { wallUs: seconds * 1_000_000 + Number(fraction.padEnd(6, "0").slice(0, 6)), offsetMinutes };
}

/** Returns microseconds since the epoch. A time without an offset is taken as UTC. */
export function toInstantUs(time: WallTime): number {
  return time.wallUs - (time.offsetMinutes ?? 0) * MINUTE_US;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** Formats as `2024-07-15T12:00:00`, with a fraction of 3 or 6 digits unless it is zero, and the offset if known. */
export function formatWallTime(time: WallTime): string {
  const micros = ((time.wallUs % 1_000_000) + 1_000_000) % 1_000_000;
  const base = new Date((time.wallUs - micros) / 1000).toISOString().slice(0, 19);
  const digits = String(micros).padStart(6, "0");
  const fraction = micros === 0 ? "" : `.${micros % 1000 === 0 ? digits.slice(0, 3) : digits}`;
  return base + fraction + (time.offsetMinutes === null ? "" : formatOffset(time.offsetMinutes));
}

/** Formats an instant in UTC with `Z`. */
export function formatInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function formatNullableInstant(atMs: number | null): string | null {
  return atMs === null ? null : formatInstant(atMs);
}
