/** The time zone of a place, and its offset on a wall clock's date. Never asks for the machine's zone, and never throws. */
import tzLookup from "@photostructure/tz-lookup";
import { MINUTE_US, type WallTime } from "../../../kernel/time.ts";
import { countryZones } from "./countryTimeZones.ts";

/** What offsets are kept within: no zone has been outside since 1900. */
const MIN_OFFSET_MINUTES = -12 * 60;
const MAX_OFFSET_MINUTES = 14 * 60;
const DAY_MS = 24 * 3600 * 1000;
/** One formatter holds tens of kilobytes inside ICU, and a library's pictures are of a few zones. */
const MAX_FORMATTERS = 32;

const formatters = new Map<string, Intl.DateTimeFormat | null>();

/** South, north, west, east: islands too small for the squares that the look-up is made of, and whose they are. */
const smallIslands: [number, number, number, number, string][] = [
  [-14.6, -14, -171, -168, "Pacific/Pago_Pago"],
  [-11.2, -10.9, -171.2, -170.9, "Pacific/Pago_Pago"],
  [-9.6, -8.4, -172.7, -171, "Pacific/Fakaofo"],
  [46.7, 47.2, -56.5, -56.1, "America/Miquelon"],
  [-9.5, -8.1, 125.15, 127.4, "Asia/Dili"],
  [8.5, 9.5, 166.7, 168, "Pacific/Kwajalein"],
];
/** How far around a point we look for a zone of its country. */
const RINGS_DEGREES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/**
 * The IANA zone at a point, `Etc/GMT±N` on the high seas (where the sign is the other way round: `Etc/GMT+5` is
 * five hours behind). Null for coordinates that are none. Near borders the look-up is some kilometres off: whoever knows
 * the country gets one of its zones.
 */
export function zoneAt(latitude: number, longitude: number, countryCode: string | null = null): string | null {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  const zone = rawZoneAt(latitude, longitude);
  const own = (countryCode === null ? "" : (countryZones[countryCode] ?? "")).split(" ");
  if (own[0] === "" || own.includes(zone)) return zone;
  return own.length === 1 ? (own[0] ?? zone) : (nearestOf(own, latitude, longitude) ?? zone);
}

function rawZoneAt(latitude: number, longitude: number): string {
  const island = smallIslands.find(
    ([south, north, west, east]) => latitude >= south && latitude <= north && longitude >= west && longitude <= east,
  );
  return island?.[4] ?? tzLookup(latitude, longitude);
}

function nearestOf(zones: string[], latitude: number, longitude: number): string | null {
  for (const degrees of RINGS_DEGREES) {
    for (let turn = 0; turn < 16; turn += 1) {
      const north = latitude + degrees * Math.sin((turn * Math.PI) / 8);
      const east = longitude + degrees * Math.cos((turn * Math.PI) / 8);
      if (Math.abs(north) > 90 || Math.abs(east) > 180) continue;
      const zone = rawZoneAt(north, east);
      if (zones.includes(zone)) return zone;
    }
  }
  return null;
}

/**
 * Minutes east of UTC in `zone` when its clocks show `wallUs` (microseconds since 1970-01-01T00:00:00 read as if it
 * were UTC). An hour that comes twice is the first of the two, an hour that is skipped has the offset before it.
 * Null for a zone nobody knows, for dates beyond JavaScript's and for offsets outside -12:00 to +14:00.
 */
export function offsetMinutesAt(zone: string, wallUs: number): number | null {
  const formatter = formatterOf(zone);
  const wallMs = Math.floor(wallUs / 1000);
  const before = formatter === null ? null : offsetMsAt(formatter, wallMs - DAY_MS);
  const after = formatter === null ? null : offsetMsAt(formatter, wallMs + DAY_MS);
  if (formatter === null || before === null || after === null) return null;
  // Both hold in an overlap: the larger offset is the earlier instant. In a gap none does.
  const holding = [before, after].filter((offset) => offsetMsAt(formatter, wallMs - offset) === offset);
  const offsetMs = holding.length === 0 ? before : Math.max(...holding);
  return withinDay(offsetMs);
}

/** What a clock in the zone shows at an instant (microseconds since 1970, UTC). Null where `offsetMinutesAt` is. */
export function onClockOf(zone: string, instantUs: number): WallTime | null {
  const formatter = formatterOf(zone);
  const offsetMs = formatter === null ? null : offsetMsAt(formatter, Math.floor(instantUs / 1000));
  const offsetMinutes = offsetMs === null ? null : withinDay(offsetMs);
  return offsetMinutes === null ? null : { wallUs: instantUs + offsetMinutes * MINUTE_US, offsetMinutes };
}

/** Local mean times had seconds; an ISO 8601 offset has none. */
function withinDay(offsetMs: number): number | null {
  const minutes = Math.round(offsetMs / 60_000);
  return minutes >= MIN_OFFSET_MINUTES && minutes <= MAX_OFFSET_MINUTES ? minutes : null;
}

function formatterOf(zone: string): Intl.DateTimeFormat | null {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const oldest = formatters.keys().next().value;
  if (formatters.size >= MAX_FORMATTERS && oldest !== undefined) formatters.delete(oldest);
  const made = makeFormatter(zone);
  formatters.set(zone, made);
  return made;
}

function makeFormatter(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return null;
  }
}

/** Null where the date is beyond JavaScript's, 271821 BC to AD 275760. */
function offsetMsAt(formatter: Intl.DateTimeFormat, instantMs: number): number | null {
  if (!(Math.abs(instantMs) <= 8.64e15)) return null;
  const name = formatter.formatToParts(instantMs).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  if (match === null) return null;
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? 0 - ms : ms;
}
