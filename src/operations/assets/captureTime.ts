import type { WallTime } from "../../kernel/time.ts";
import { offsetMinutesAt, toWallTime } from "../../providers/places/timeZones.ts";

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

/**
 * Derives the capture time that lists sort by. Photos without an offset are in local time and get the offset of the time
 * zone at their coordinates. Video times (`mvhd`, Matroska DateUTC) are UTC and are converted to that zone. Times from
 * users and clients are kept as given.
 */
export function captureTimeOf({ mediaType, user, file, fileCreatedAt, timezone }: CaptureSources): WallTime {
  if (user !== null) return user;
  if (file === null) return fileCreatedAt;
  if (timezone === null) return file;
  if (mediaType === "video" && file.offsetMinutes === 0) return toWallTime(timezone, file.wallUs) ?? file;
  if (file.offsetMinutes !== null) return file;
  return { wallUs: file.wallUs, offsetMinutes: offsetMinutesAt(timezone, file.wallUs) };
}

/** Compares wall clock and offset. */
export function isSameTime(a: WallTime | null, b: WallTime | null): boolean {
  return a?.wallUs === b?.wallUs && a?.offsetMinutes === b?.offsetMinutes;
}
