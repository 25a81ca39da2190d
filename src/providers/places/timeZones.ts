/** IANA time zones of coordinates, and their UTC offsets at a local time. Independent of the machine's own zone. */
import tzLookup from "@photostructure/tz-lookup";
import { MINUTE_US, type WallTime } from "../../kernel/time.ts";
import countryTimeZones from "./countryTimeZones.json" with { type: "json" };

/** The range of offsets that are stored. All zones have been within it since 1900. */
const MIN_OFFSET_MINUTES = -12 * 60;
const MAX_OFFSET_MINUTES = 14 * 60;
const DAY_MS = 24 * 3600 * 1000;
/** The years whose offsets a zone has had or is to have; capture times with a GPS time are in them. */
const FIRST_OFFSET_YEAR = 1970;
const LAST_OFFSET_YEAR = 2037;
/** The range of a JavaScript Date: 271821 BC to AD 275760. */
const MAX_DATE_MS = 8.64e15;
/** A formatter takes tens of kilobytes inside ICU, and a library's images are from few zones. */
const MAX_FORMATTERS = 32;

const zonesOfCountry = new Map<string, string[]>(Object.entries(countryTimeZones));
const formatters = new Map<string, Intl.DateTimeFormat | null>();

/** South, north, west, east and zone of islands that tz-lookup's grid is too coarse for. */
const smallIslands: [number, number, number, number, string][] = [
  [-14.6, -14, -171, -168, "Pacific/Pago_Pago"],
  [-11.2, -10.9, -171.2, -170.9, "Pacific/Pago_Pago"],
  [-9.6, -8.4, -172.7, -171, "Pacific/Fakaofo"],
  [46.7, 47.2, -56.5, -56.1, "America/Miquelon"],
  [-9.5, -8.1, 125.15, 127.4, "Asia/Dili"],
  [8.5, 9.5, 166.7, 168, "Pacific/Kwajalein"],
];
/** Radii of the search for a zone of the right country. */
const SEARCH_RADII_DEGREES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
const SEARCH_DIRECTIONS = 16;

/**
 * Returns the IANA zone at a point in WGS 84 degrees, or `Etc/GMT±N` on the high seas, whose sign is inverted
 * (`Etc/GMT+5` is five hours behind UTC). Null for invalid coordinates. tz-lookup is some kilometres off near borders;
 * with `countryCode` (ISO 3166-1 alpha-2) the result is one of that country's zones.
 */
export function timeZoneAt(latitude: number, longitude: number, countryCode: string | null = null): string | null {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  const zone = lookUpZone(latitude, longitude);
  const national = zonesOfCountry.get(countryCode ?? "") ?? [];
  if (national.length === 0 || national.includes(zone)) return zone;
  return national.length === 1 ? (national[0] ?? zone) : (nearestZone(national, latitude, longitude) ?? zone);
}

function lookUpZone(latitude: number, longitude: number): string {
  const island = smallIslands.find(
    ([south, north, west, east]) => latitude >= south && latitude <= north && longitude >= west && longitude <= east,
  );
  return island?.[4] ?? tzLookup(latitude, longitude);
}

function nearestZone(zones: string[], latitude: number, longitude: number): string | null {
  for (const degrees of SEARCH_RADII_DEGREES) {
    for (let direction = 0; direction < SEARCH_DIRECTIONS; direction += 1) {
      const angle = (direction * 2 * Math.PI) / SEARCH_DIRECTIONS;
      const north = latitude + degrees * Math.sin(angle);
      const east = longitude + degrees * Math.cos(angle);
      if (Math.abs(north) > 90 || Math.abs(east) > 180) continue;
      const zone = lookUpZone(north, east);
      if (zones.includes(zone)) return zone;
    }
  }
  return null;
}

/**
 * Returns the UTC offset in minutes (east is positive) of `zone` at the local time `wallUs`, in microseconds since
 * 1970-01-01T00:00:00 local time. A repeated hour has the first offset, a skipped hour the offset before it. Null for
 * an unknown zone, dates outside JavaScript's range and offsets outside -12:00 to +14:00.
 */
export function offsetMinutesAt(zone: string, wallUs: number): number | null {
  const formatter = formatterFor(zone);
  if (formatter === null) return null;
  const wallMs = Math.floor(wallUs / 1000);
  const beforeMs = offsetMsAt(formatter, wallMs - DAY_MS);
  const afterMs = offsetMsAt(formatter, wallMs + DAY_MS);
  if (beforeMs === null || afterMs === null) return null;
  // Both offsets are valid in a repeated hour, where the larger is the earlier instant. In a skipped hour neither is.
  const valid = [beforeMs, afterMs].filter((offsetMs) => offsetMsAt(formatter, wallMs - offsetMs) === offsetMs);
  return toBoundedMinutes(valid.length === 0 ? beforeMs : Math.max(...valid));
}

/**
 * Converts an instant (microseconds since 1970 UTC) to local time in `zone`. Null under the conditions of
 * `offsetMinutesAt`.
 */
export function toWallTime(zone: string, instantUs: number): WallTime | null {
  const formatter = formatterFor(zone);
  const offsetMs = formatter === null ? null : offsetMsAt(formatter, Math.floor(instantUs / 1000));
  const offsetMinutes = offsetMs === null ? null : toBoundedMinutes(offsetMs);
  return offsetMinutes === null ? null : { wallUs: instantUs + offsetMinutes * MINUTE_US, offsetMinutes };
}

/**
 * Returns whether `zone` has an offset in the middle of a quarter of any year from 1970 to 2037. False for an unknown
 * zone.
 */
export function hasHadOffset(zone: string, offsetMinutes: number): boolean {
  const formatter = formatterFor(zone);
  if (formatter === null) return false;
  for (let year = LAST_OFFSET_YEAR; year >= FIRST_OFFSET_YEAR; year--) {
    for (const month of [0, 3, 6, 9]) {
      if (offsetMsAt(formatter, Date.UTC(year, month, 15)) === offsetMinutes * 60_000) return true;
    }
  }
  return false;
}

/** Local mean times had seconds, which ISO 8601 offsets exclude. */
function toBoundedMinutes(offsetMs: number): number | null {
  const minutes = Math.round(offsetMs / 60_000);
  return minutes >= MIN_OFFSET_MINUTES && minutes <= MAX_OFFSET_MINUTES ? minutes : null;
}

function formatterFor(zone: string): Intl.DateTimeFormat | null {
  const cached = formatters.get(zone);
  if (cached !== undefined) return cached;
  const oldest = formatters.keys().next().value;
  if (formatters.size >= MAX_FORMATTERS && oldest !== undefined) formatters.delete(oldest);
  const formatter = createFormatter(zone);
  formatters.set(zone, formatter);
  return formatter;
}

function createFormatter(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return null;
  }
}

function offsetMsAt(formatter: Intl.DateTimeFormat, instantMs: number): number | null {
  if (!(Math.abs(instantMs) <= MAX_DATE_MS)) return null;
  const name = formatter.formatToParts(instantMs).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  if (match === null) return null;
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? 0 - ms : ms;
}
