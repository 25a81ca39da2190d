/** The UTC offset of a camera's clock, from the GPS time in the same file. */
import { type WallTime, parseExifDate } from "../metadata/wallTime.ts";
import { gpsTags } from "../exif/exifTags.ts";
import { type TagValues, textAt } from "../exif/tagValues.ts";

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
/** Receivers record the time of their last fix, usually seconds ago. */
const MAX_FIX_AGE_US = MINUTE_US;
/**
 * The offsets in minutes that some zone has had since 1990, apart from whole hours: the Marquesas, Pitcairn, Venezuela,
 * Newfoundland (standard and daylight saving), Iran, Afghanistan, India, Nepal, Myanmar, North Korea, Eucla, central
 * Australia, Eucla in summer, Lord Howe Island, Norfolk Island, the Chatham Islands (both).
 */
export const FRACTIONAL_OFFSETS_MINUTES: readonly number[] = [
  -570, -510, -270, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 585, 630, 690, 765, 825,
];
const MIN_OFFSET_MINUTES = -12 * 60;
const MAX_OFFSET_MINUTES = 14 * 60;

/** Returns GPSDateStamp and GPSTimeStamp, which are UTC; null if one is missing or invalid. */
export function gpsInstantUs(gps: TagValues): number | null {
  const date = /^(\d{4})[:\-/.](\d{2})[:\-/.](\d{2})/.exec(textAt(gps, gpsTags.dateStamp) ?? "");
  const [hour, minute, second] = gps.get(gpsTags.timeStamp)?.numbers ?? [];
  if (date === null || hour === undefined || minute === undefined || second === undefined) return null;
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 61)) return null;
  const midnight = parseExifDate(`${date[1]}:${date[2]}:${date[3]} 00:00:00`);
  return midnight === null ? null : midnight.wallUs + Math.round((hour * 3600 + minute * 60 + second) * SECOND_US);
}

/**
 * Returns minutes east of UTC; null unless the camera's clock and the GPS time differ by an offset that some zone has
 * had.
 */
export function gpsClockOffset(wall: WallTime, instantUs: number): number | null {
  const differenceUs = wall.wallUs - instantUs;
  const offset = Math.round(differenceUs / (15 * MINUTE_US)) * 15;
  if (Math.abs(differenceUs - offset * MINUTE_US) > MAX_FIX_AGE_US) return null;
  if (offset < MIN_OFFSET_MINUTES || offset > MAX_OFFSET_MINUTES) return null;
  // Adding 0 turns -0 into 0.
  return offset % 60 === 0 || FRACTIONAL_OFFSETS_MINUTES.includes(offset) ? offset + 0 : null;
}
