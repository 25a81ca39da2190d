import type { WallTime } from "../../kernel/time.ts";
import { gpsClockOffset } from "../../media/inspect/location/gpsClock.ts";
import { hasHadOffset, offsetMinutesAt, toWallTime } from "../../providers/places/timeZones.ts";

export interface CaptureSources {
  mediaType: "image" | "video";
  user: WallTime | null;
  /** Capture time from the file's metadata. */
  file: WallTime | null;
  /** Creation time sent by the client. */
  fileCreatedAt: WallTime;
  /** IANA time zone at the asset's coordinates. */
  timezone: string | null;
}

/** Client times in UTC lack the time zone of the capture: it follows from the place, or stays unknown. */
function clientTime(time: WallTime, timezone: string | null): WallTime {
  if (time.offsetMinutes !== 0) return time;
  return (timezone === null ? null : toWallTime(timezone, time.wallUs)) ?? { ...time, offsetMinutes: null };
}

/**
 * Derives the capture time that lists sort by. Photos without an offset are in local time and get the offset of the
 * time zone at their coordinates. Video times (`mvhd`, Matroska DateUTC) and client times in UTC are converted to that
 * zone. All other times, and all times from users, are kept as given.
 */
export function captureTimeOf({ mediaType, user, file, fileCreatedAt, timezone }: CaptureSources): WallTime {
  if (user !== null) return user;
  if (file === null) return clientTime(fileCreatedAt, timezone);
  if (timezone === null) return file;
  if (mediaType === "video" && file.offsetMinutes === 0) return toWallTime(timezone, file.wallUs) ?? file;
  if (file.offsetMinutes !== null) return file;
  return { wallUs: file.wallUs, offsetMinutes: offsetMinutesAt(timezone, file.wallUs) };
}

/**
 * Completes the capture time of a file by its GPS time. A time without an offset gets the difference of the two clocks,
 * if the zone of the place, where it is known, has ever had that offset: the GPS time may be of an earlier fix. Without
 * any date, the GPS time in the zone of the place is the capture time.
 */
export function fileTimeWithGps(
  captureTime: WallTime | null,
  gpsTimeUs: number | null,
  timezone: string | null,
): WallTime | null {
  if (gpsTimeUs === null || (captureTime !== null && captureTime.offsetMinutes !== null)) return captureTime;
  if (captureTime === null) return timezone === null ? null : toWallTime(timezone, gpsTimeUs);
  const offsetMinutes = gpsClockOffset(captureTime, gpsTimeUs);
  const isPossible = offsetMinutes !== null && (timezone === null || hasHadOffset(timezone, offsetMinutes));
  return isPossible ? { ...captureTime, offsetMinutes } : captureTime;
}

/** Compares wall clock and offset. */
export function isSameTime(a: WallTime | null, b: WallTime | null): boolean {
  return a?.wallUs === b?.wallUs && a?.offsetMinutes === b?.offsetMinutes;
}
