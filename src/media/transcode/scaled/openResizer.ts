import type { DecoderMemory } from "../decoderMemory.ts";
import { createSizedResizer, MAX_RESIZE_MEMORY_BYTES, type RowResizer } from "../resize/rowResizer.ts";
import { scaledSize, type Size } from "../resize/scaledSize.ts";
import { areaResizer, pixelsOf, type AreaResizer, type ImageArea } from "./imageArea.ts";

/** Memory of a resizer and its result of `to` pixels, which is copied to turn it upright. */
export function resizerBytes(to: Size, orientation: number): number {
  return MAX_RESIZE_MEMORY_BYTES + (orientation > 1 ? 2 : 1) * to.width * to.height * 4;
}

export interface ResizedImage {
  /** Size of the rows. */
  from: Size;
  to: Size;
  /** Size of the image in pixels of the rows, if the last row and column are only partly in it. */
  extent?: Size;
  /** EXIF, 1 to 8. */
  orientation: number;
}

/** Creates a resizer whose memory is charged to the decoder. */
export function openResizer({ from, to, extent, orientation }: ResizedImage, memory: DecoderMemory): RowResizer {
  memory.hold("resizer", resizerBytes(to, orientation));
  return createSizedResizer(from, to, extent);
}

/** An image of which an area is scaled to a longest edge of `edgePx`; null scales the whole. */
export interface ScaledArea {
  from: Size;
  area: ImageArea | null;
  edgePx: number;
  orientation: number;
}

/** Creates a resizer of an area, which takes the rows of the whole image. */
export function openAreaResizer({ from, area, edgePx, orientation }: ScaledArea, memory: DecoderMemory): AreaResizer {
  const part = pixelsOf(area, from);
  const resizer = openResizer({ from: part, to: scaledSize(part, edgePx), orientation }, memory);
  return areaResizer(resizer, part);
}
