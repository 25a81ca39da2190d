import { orientationSegment } from "../jpeg/jpegSegments.ts";

export interface Sides {
  width: number;
  height: number;
}

/**
 * Cameras store the preview like the sensor data and the orientation beside it. Some rotate the preview already, which
 * shows in its aspect ratio.
 */
function isAlreadyRotated(preview: Sides, raw: Sides | null, orientation: number): boolean {
  if (raw === null || orientation < 5) return false;
  const isPortrait = (sides: Sides) => sides.height > sides.width;
  return isPortrait(preview) !== isPortrait(raw);
}

/**
 * Adds the container's orientation as EXIF unless the JPEG has its own or is rotated already. Returns the file in
 * chunks without copying it.
 */
export function uprightJpeg(
  jpeg: Uint8Array,
  preview: Sides & { orientation: number | null },
  container: { orientation: number | null; raw: Sides | null },
): Uint8Array[] {
  const orientation = container.orientation ?? 1;
  const isUnchanged = preview.orientation !== null || orientation < 2 || orientation > 8;
  if (isUnchanged || isAlreadyRotated(preview, container.raw, orientation)) return [jpeg];
  return [jpeg.subarray(0, 2), orientationSegment(orientation), jpeg.subarray(2)];
}
