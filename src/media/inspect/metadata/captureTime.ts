/** Chooses the capture time of an image among the dates of its blocks. */
import { type FileMetadata } from "./fileMetadata.ts";
import { iptcTags } from "./iptc.ts";
import { type WallTime, parseExifDate } from "./wallTime.ts";
import type { XmpProperties } from "./xmp.ts";

const DAY_US = 24 * 3600 * 1_000_000;

interface CaptureDate {
  time: WallTime;
  /** The source has only a date: `time` is midnight. */
  isDateOnly: boolean;
}

/**
 * Returns DateTimeOriginal, else IPTC's date and time created, else `photoshop:DateCreated`, else DateTimeDigitized.
 * A source with a time of day precedes one without; the latter takes the time of DateTimeDigitized on the same day.
 */
export function imageCaptureTime(
  { originalDatetime, digitizedDatetime }: Pick<FileMetadata, "originalDatetime" | "digitizedDatetime">,
  iptc: ReadonlyMap<number, string>,
  xmp: XmpProperties,
): WallTime | null {
  if (originalDatetime !== null) return originalDatetime;
  const created = [
    iptcDate(iptc.get(iptcTags.dateCreated), iptc.get(iptcTags.timeCreated)),
    xmpDate(xmp.get("photoshop:DateCreated")?.[0]),
  ].filter((date) => date !== null);
  const best = created.find(({ isDateOnly }) => !isDateOnly) ?? created[0];
  if (best === undefined) return digitizedDatetime;
  const isSameDay =
    digitizedDatetime !== null && Math.floor(digitizedDatetime.wallUs / DAY_US) === best.time.wallUs / DAY_US;
  return best.isDateOnly && isSameDay ? digitizedDatetime : best.time;
}

/** "20220110", and "151544-0700" or "151544" (IPTC-IIM 4.2, 2:55 and 2:60). Some writers use separators. */
function iptcDate(date = "", time = ""): CaptureDate | null {
  const day = /^(\d{4})\D?(\d{2})\D?(\d{2})(?!\d)/.exec(date.trim());
  const clock = /^(\d{2}):?(\d{2}):?(\d{2})\s*(Z|[+-]\d{2}:?\d{2})?/.exec(time.trim());
  if (day === null) return null;
  return captureDate(day.slice(1).join(":"), clock && `${clock.slice(1, 4).join(":")}${clock[4] ?? ""}`);
}

/** ISO 8601 with or without a time. */
function xmpDate(text = ""): CaptureDate | null {
  const [date = "", time = null] = text.trim().split(/[T ]/, 2);
  return captureDate(date.replaceAll("-", ":"), time);
}

function captureDate(date: string, time: string | null): CaptureDate | null {
  const complete = time === null ? null : parseExifDate(`${date} ${time}`);
  const chosen = complete ?? parseExifDate(`${date} 00:00:00`);
  return chosen && { time: chosen, isDateOnly: complete === null };
}
