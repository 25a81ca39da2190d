/** Shrinks the rows that a decoder passes on, so that a display proxy and its preview come from one decoding. */
import { DecoderMemoryError } from "../decoderMemory.ts";
import type { RgbaImage } from "../png/decodePng.ts";
import type { RowResizer } from "../resize/rowResizer.ts";
import { scaledSize } from "../resize/scaledSize.ts";
import { displayedImage } from "./displayedImage.ts";
import { openResizer } from "./openResizer.ts";
import type { DecodedRows, OpenRowSink } from "./rowSink.ts";
import { UnsupportedImageError } from "./unsupportedImage.ts";

export interface ScaledRows {
  open: OpenRowSink;
  /**
   * The upright sRGB image of the last pass; null without a complete pass, for colour profiles that `toSrgb` does not
   * support, and without memory to turn it.
   */
  finish(): RgbaImage | null;
}

function writeRgba(rgb: Uint8Array | Uint8ClampedArray, at: number, row: Uint8Array): void {
  for (let to = 0, from = at; to < row.length; to += 4, from += 3) {
    row[to] = rgb[from] ?? 0;
    row[to + 1] = rgb[from + 1] ?? 0;
    row[to + 2] = rgb[from + 2] ?? 0;
  }
}

/** Creates the sink of a decoder. The image's longest edge is at most `edgePx`. */
export function scaledRows(edgePx: number): ScaledRows {
  let pass: { rows: DecodedRows; resizer: RowResizer; missing: number } | null = null;
  return {
    open: (rows) => {
      const { width, height, memory } = rows;
      memory.hold("rgba row", width * 4);
      const row = new Uint8Array(width * 4).fill(255);
      const current = { rows, resizer: openResizer(rows, scaledSize(rows, edgePx), memory), missing: height };
      pass = current;
      return {
        addRow: (rgb, at) => {
          if (current.missing === 0) return;
          writeRgba(rgb, at, row);
          current.resizer.addRow(row);
          current.missing -= 1;
        },
      };
    },
    finish: () => {
      if (pass === null || pass.missing > 0) return null;
      try {
        return displayedImage(pass.resizer.finish(), pass.rows);
      } catch (error) {
        if (error instanceof UnsupportedImageError || error instanceof DecoderMemoryError) return null;
        throw error;
      }
    },
  };
}
