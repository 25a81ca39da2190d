/** The offset of a camera's clock, told by the satellites' clock beside it. Says nothing of the zone of the place. */
import { numbersOf } from "../tiff/tiffValue.ts";
import { type WallTime, parseExifDate } from "../metadata/wallTime.ts";
import { type TagValues, textAt } from "./exif.ts";
import { gpsTags } from "./exifTags.ts";

const secondUs = 1_000_000;
const minuteUs = 60 * secondUs;
/** A receiver notes its last fix, which is seconds old; one that is minutes old tells nothing that is sure. */
const longestLagUs = minuteUs;
/** Offsets are whole or half hours, but for those of Nepal, the Chatham Islands and Eucla. */
const oddOffsets = [5 * 60 + 45, 8 * 60 + 45, 12 * 60 + 45, 13 * 60 + 45];
const leastOffset = -12 * 60;
const greatestOffset = 14 * 60;

/** GPSDateStamp and GPSTimeStamp, which are UTC; null where one is missing or is none. */
function gpsInstantUs(gps: TagValues): number | null {
  const date = /^(\d{4})[:\-/.](\d{2})[:\-/.](\d{2})/.exec(textAt(gps, gpsTags.dateStamp) ?? "");
  const stamp = gps.get(gpsTags.timeStamp);
  const [hour, minute, second] = stamp === undefined ? [] : numbersOf(stamp);
  if (date === null || hour === undefined || minute === undefined || second === undefined) return null;
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 61)) return null;
  const midnight = parseExifDate(`${date[1]}:${date[2]}:${date[3]} 00:00:00`);
  return midnight === null ? null : midnight.wallUs + Math.round((hour * 3600 + minute * 60 + second) * secondUs);
}

/** Null where the two clocks do not stand one zone's offset apart. */
export function offsetByGps(wall: WallTime, gps: TagValues): number | null {
  const instantUs = gpsInstantUs(gps);
  if (instantUs === null) return null;
  const apartUs = wall.wallUs - instantUs;
  const offset = Math.round(apartUs / (15 * minuteUs)) * 15;
  if (Math.abs(apartUs - offset * minuteUs) > longestLagUs) return null;
  if (offset < leastOffset || offset > greatestOffset) return null;
  // Adding 0 makes no minus zero of it.
  return offset % 30 === 0 || oddOffsets.includes(offset) ? offset + 0 : null;
}
