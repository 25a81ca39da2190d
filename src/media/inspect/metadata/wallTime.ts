/** A local time with its UTC offset, if known. Independent of the time zone of the machine. */
export interface WallTime {
  /** Microseconds from 1970-01-01T00:00:00 to the local time, as if it were UTC. A safe integer: years 1685 to 2254. */
  wallUs: number;
  /** Minutes east of UTC; null if unknown. */
  offsetMinutes: number | null;
}

/**
 * "2024:07:04 21:45:43" (TIFF 6.0, DateTime) and common deviations: other separators, spaces for zeros, missing
 * seconds, a fraction, an offset, trailing text.
 */
const EXIF_DATE =
  /^(\d{4})[:./ -]([\d ]?\d)[:./ -]([\d ]?\d)(?:[T:]| +)([\d ]?\d):([\d ]?\d)(?::([\d ]?\d)(?:[.,](\d+))?)?\s*(?:GMT|UTC)?(Z|[+-]\d{1,2}(?::?\d{2})?)?(?!\d)/;
/** "2024-07-04T21:45[:43[.123]][+02:00]", as in XMP and QuickTime; also "+0200". */
const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Parses a TIFF date with the values of its sub-second and offset tags; null for blanks, zeros and impossible dates.
 */
export function parseExifDate(
  text: string,
  subSeconds: string | null = null,
  offset: string | null = null,
): WallTime | null {
  const match = EXIF_DATE.exec(trimmed(text));
  if (match === null) return null;
  // Some cameras count the hour after midnight as 24.
  if (match[4] === "24") match[4] = "00";
  return wallTime(match, leadingDigits(subSeconds), offset === null ? undefined : trimmed(offset));
}

/** Parses an ISO 8601 date with time; null for anything else. */
export function parseIsoDate(text: string): WallTime | null {
  const match = ISO_DATE.exec(trimmed(text));
  return match && wallTime(match);
}

/** Parses "+02:00", "-0730" or "Z" to minutes east of UTC; null outside -12:00 to +14:00. */
export function parseOffset(text: string): number | null {
  if (text === "Z") return 0;
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const signed = match[1] === "-" ? 0 - minutes : minutes;
  return Number(match[3] ?? 0) < 60 && signed >= -12 * 60 && signed <= 14 * 60 ? signed : null;
}

/**
 * Both patterns match six numbers, a fraction and an offset; the fraction and offset in the date precede those of the
 * tags.
 */
function wallTime(match: RegExpExecArray, fractionTag?: string, offsetTag?: string): WallTime | null {
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = match
    .slice(1, 7)
    .map((digits: string | undefined) => Number(digits ?? 0));
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return null;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return null;
  const micros = Number((match[7] ?? fractionTag ?? "").slice(0, 6).padEnd(6, "0"));
  const wallUs =
    new Date(0).setUTCFullYear(year, month - 1, day) * 1000 + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
  if (!Number.isSafeInteger(wallUs) || year === 0) return null;
  const offset = match[8] ?? offsetTag;
  return { wallUs, offsetMinutes: offset === undefined ? null : parseOffset(offset) };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function leadingDigits(text: string | null): string | undefined {
  return text === null ? undefined : /^\d+/.exec(trimmed(text))?.[0];
}

function trimmed(text: string): string {
  return text
    .slice(0, 64)
    .replace(/[\0\s]+$/, "")
    .trimStart();
}
