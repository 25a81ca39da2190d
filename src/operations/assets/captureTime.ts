/** When an asset was taken, as lists are in order of it. Says nothing of what `original_datetime` shows. */
import type { WallTime } from "../../kernel/time.ts";
import { offsetMinutesAt, onClockOf } from "../../providers/places/timeZones/timeZones.ts";

export interface CaptureSources {
  mediaType: "image" | "video";
  user: WallTime | null;
  /** What the file says; null where it says nothing. */
  file: WallTime | null;
  /** When the client says that the file was made. */
  fileCreatedAt: WallTime;
  /** The zone of its coordinates. */
  timezone: string | null;
}

/**
 * A camera that has no offset shows the clock of the place, so the place's zone tells the offset. A movie's own clock
 * (`mvhd`, Matroska's DateUTC) runs in UTC wherever it was taken, so the zone tells what a clock there showed. What
 * people and clients write is taken at their word: without an offset it has none.
 */
export function captureTimeOf({ mediaType, user, file, fileCreatedAt, timezone }: CaptureSources): WallTime {
  if (user !== null) return user;
  if (file === null) return fileCreatedAt;
  if (timezone === null) return file;
  if (mediaType === "video" && file.offsetMinutes === 0) return onClockOf(timezone, file.wallUs) ?? file;
  if (file.offsetMinutes !== null) return file;
  return { wallUs: file.wallUs, offsetMinutes: offsetMinutesAt(timezone, file.wallUs) };
}

export function isSameTime(a: WallTime | null, b: WallTime | null): boolean {
  return a?.wallUs === b?.wallUs && a?.offsetMinutes === b?.offsetMinutes;
}
