import type { DecoderMemory } from "../decoderMemory.ts";
import { createSizedResizer, MAX_RESIZE_MEMORY_BYTES, type RowResizer } from "../resize/rowResizer.ts";
import type { Size } from "../resize/scaledSize.ts";

/** Memory of a resizer, its result of `to` pixels, and a copy of that which is upright. */
export function resizerBytes(to: Size): number {
  return MAX_RESIZE_MEMORY_BYTES + 2 * to.width * to.height * 4;
}

/** Creates a resizer whose memory is charged to the decoder. See `createSizedResizer` for `extent`. */
export function openResizer(from: Size, to: Size, memory: DecoderMemory, extent = from): RowResizer {
  memory.hold("resizer", resizerBytes(to));
  return createSizedResizer(from, to, extent);
}
