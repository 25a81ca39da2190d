/** A camera's own JPEG with the turn that only its container knew. Copies no pixels. */
import { orientationSegment } from "../jpeg/jpegSegments.ts";

export interface Sides {
  width: number;
  height: number;
}

/**
 * Cameras store the preview like the sensor's picture and say beside it how to turn both; a few have turned it
 * already, which shows where one stands and the other lies.
 */
function isTurnedAlready(preview: Sides, raw: Sides | null, orientation: number): boolean {
  if (raw === null || orientation < 5) return false;
  const stands = (sides: Sides) => sides.height > sides.width;
  return stands(preview) !== stands(raw);
}

/** In pieces. An orientation in the JPEG itself stands. */
export function uprightJpeg(
  jpeg: Uint8Array,
  preview: Sides & { orientation: number | null },
  container: { orientation: number | null; raw: Sides | null },
): Uint8Array[] {
  const orientation = container.orientation ?? 1;
  const stays = preview.orientation !== null || orientation < 2 || orientation > 8;
  if (stays || isTurnedAlready(preview, container.raw, orientation)) return [jpeg];
  return [jpeg.subarray(0, 2), orientationSegment(orientation), jpeg.subarray(2)];
}
