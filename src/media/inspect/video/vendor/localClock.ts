/**
 * Cameras that write local time into movie headers, which the format defines as UTC. docs/metadata.md lists the
 * evidence.
 */
import type { WallTime } from "../../metadata/wallTime.ts";

const LOCAL_CLOCK_MAKES = /^(?:GoPro|Nikon)/i;
/** "GoPro AVC" and "GoPro H.265", in every GoPro file; older files have a length before the name. */
const GOPRO_HANDLER = /^.?GoPro /s;

/** Returns whether the movie header's time is local: `handlerName` is the video track's, `make` the camera's. */
export function hasLocalClock(handlerName: string, make: string | null): boolean {
  return GOPRO_HANDLER.test(handlerName) || LOCAL_CLOCK_MAKES.test(make ?? "");
}

export function withoutOffset(time: WallTime | null): WallTime | null {
  return time && { ...time, offsetMinutes: null };
}
