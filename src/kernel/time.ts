/** Instants, wall clocks and their ISO 8601 forms. Never looks at the machine's own zone. */

/** A wall clock: microseconds since 1970-01-01T00:00:00 read as if it were UTC, and the offset where it is known. */
export interface WallTime {
  wallUs: number;
  offsetMinutes: number | null;
}

export const MINUTE_US = 60 * 1_000_000;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** `Z` is 0; null when there is none or when no zone on Earth has it (RFC 3339 forms only). */
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

/** An ISO 8601 date or date-time, naive or aware; null when it is none. A bare date is its midnight. */
export function parseDateTime(text: string): WallTime | null {
  const match = ISO.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = ""] = match;
  const offsetMinutes = parseOffset(match[8]);
  if (offsetMinutes === "bad" || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // 31 February parses in some engines and rolls over; a real date reads back as itself.
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return null;
  const seconds = midnight.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return { wallUs: seconds * 1_000_000 + Number(fraction.padEnd(6, "0").slice(0, 6)), offsetMinutes };
}

/** Microseconds since the epoch, in UTC; without an offset the wall clock stands for itself. */
export function instantUs(time: WallTime): number {
  return time.wallUs - (time.offsetMinutes ?? 0) * MINUTE_US;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** `2024-07-15T12:00:00`, with `.123` or `.123456` where there is a fraction, and the offset where known. */
export function formatWallTime(time: WallTime): string {
  const micros = ((time.wallUs % 1_000_000) + 1_000_000) % 1_000_000;
  const base = new Date((time.wallUs - micros) / 1000).toISOString().slice(0, 19);
  const digits = String(micros).padStart(6, "0");
  const fraction = micros === 0 ? "" : `.${micros % 1000 === 0 ? digits.slice(0, 3) : digits}`;
  return base + fraction + (time.offsetMinutes === null ? "" : formatOffset(time.offsetMinutes));
}

/** A record time: UTC with `Z`. */
export function formatInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}
