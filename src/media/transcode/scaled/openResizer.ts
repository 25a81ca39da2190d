import type { DecoderMemory } from "../decoderMemory.ts";
import { createSizedResizer, MAX_RESIZE_MEMORY_BYTES, type RowResizer } from "../resize/rowResizer.ts";
import type { Size } from "../resize/scaledSize.ts";

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
