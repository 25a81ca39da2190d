/** Dates as cameras write them: a wall clock, and apart from it the offset where one is known. Never asks for the machine's zone. */

export interface WallTime {
  /** Microseconds from 1970-01-01T00:00:00 to the wall clock, read as if it were UTC. A safe integer: years 1685 to 2254. */
  wallUs: number;
  /** Minutes east of UTC; null where the file does not tell. */
  offsetMinutes: number | null;
}

/**
 * "2024:07:04 21:45:43", as TIFF has it, with what some writers make of it: other separators, blanks for zeros,
 * no seconds, a fraction, an offset, something else behind.
 */
const exifForm =
  /^(\d{4})[:./ -]([\d ]?\d)[:./ -]([\d ]?\d)(?:[T:]| +)([\d ]?\d):([\d ]?\d)(?::([\d ]?\d)(?:[.,](\d+))?)?\s*(?:GMT|UTC)?(Z|[+-]\d{1,2}(?::?\d{2})?)?(?!\d)/;
/** "2024-07-04T21:45[:43[.123]][+02:00]", as XMP and QuickTime have it ("+0200" too). */
const isoForm = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/** A TIFF date with its sub-second and offset tags beside it; null for blanks, zeros, month 13 and other nonsense. */
export function parseExifDate(
  text: string,
  subSeconds: string | null = null,
  offset: string | null = null,
): WallTime | null {
  const match = exifForm.exec(trimmed(text));
  return match && wallTime(match, digitsOf(subSeconds), offset === null ? undefined : trimmed(offset));
}

/** An ISO 8601 date with a time; null for anything less. */
export function parseIsoDate(text: string): WallTime | null {
  const match = isoForm.exec(trimmed(text));
  return match && wallTime(match);
}

/** "+02:00", "-0730" or "Z" in minutes; null outside the offsets that the world uses, -12:00 to +14:00. */
export function parseOffset(text: string): number | null {
  if (text === "Z") return 0;
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const signed = match[1] === "-" ? 0 - minutes : minutes;
  return Number(match[3] ?? 0) < 60 && signed >= -12 * 60 && signed <= 14 * 60 ? signed : null;
}

/** From what either form finds: six numbers, a fraction, an offset. What is written beside the date counts where it has none itself. */
function wallTime(match: RegExpExecArray, fractionBeside?: string, offsetBeside?: string): WallTime | null {
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = match
    .slice(1, 7)
    .map((digits: string | undefined) => Number(digits ?? 0));
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return null;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return null;
  const micros = Number((match[7] ?? fractionBeside ?? "").slice(0, 6).padEnd(6, "0"));
  const wallUs =
    new Date(0).setUTCFullYear(year, month - 1, day) * 1000 + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
  if (!Number.isSafeInteger(wallUs) || year === 0) return null;
  const offset = match[8] ?? offsetBeside;
  return { wallUs, offsetMinutes: offset === undefined ? null : parseOffset(offset) };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function digitsOf(text: string | null): string | undefined {
  return text === null ? undefined : /^\d+/.exec(trimmed(text))?.[0];
}

function trimmed(text: string): string {
  return text
    .slice(0, 64)
    .replace(/[\0\s]+$/, "")
    .trimStart();
}
