/** Makes a small image from the rows that a decoder of another format passes on while it writes a JPEG. */
import { decoderMemory, DecoderMemoryError, type DecoderMemory } from "../decoderMemory.ts";
import type { RowResizer } from "../resize/rowResizer.ts";
import { scaledSize } from "../resize/scaledSize.ts";
import { displayedImage } from "./displayedImage.ts";
import { openResizer } from "./openResizer.ts";
import type { DecodedRows, OpenRowSink, RowSink } from "./rowSink.ts";
import type { ScaledImage } from "./scaledImage.ts";
import { UnsupportedImageError } from "./unsupportedImage.ts";

/**
 * Memory of the filter, the small image and its upright copy, beside `MAX_DECODER_BYTES` of the decoder: 20.6 MB for
 * 1440 × 1440 pixels.
 */
export const MAX_SCALED_ROWS_BYTES = 24 * 1024 * 1024;

export interface ScaledRows {
  /** Pass it to the decoder. Each call starts again. */
  openSink: OpenRowSink;
  /** Returns the image of the last pass, which must be complete. Call it once. */
  finish(): ScaledImage;
}

interface Pass {
  rows: DecodedRows;
  resizer: RowResizer;
  memory: DecoderMemory;
  addedRows: number;
}

/** Copies three of four bytes a pixel; the fourth stays opaque. */
function fillRow(rgb: Uint8Array | Uint8ClampedArray, at: number, rgba: Uint8Array): void {
  let from = at;
  for (let to = 0; to < rgba.length; to += 4, from += 3) {
    rgba[to] = rgb[from] ?? 0;
    rgba[to + 1] = rgb[from + 1] ?? 0;
    rgba[to + 2] = rgb[from + 2] ?? 0;
  }
}

/** Starts a pass; null if the small image exceeds the memory, which must not end the decoder of the JPEG. */
function startPass(rows: DecodedRows, edgePx: number): Pass | null {
  const memory = decoderMemory(MAX_SCALED_ROWS_BYTES);
  try {
    memory.hold("row", rows.width * 4);
    const resizer = openResizer({ from: rows, to: scaledSize(rows, edgePx), orientation: rows.orientation }, memory);
    return { rows, resizer, memory, addedRows: 0 };
  } catch (error) {
    if (error instanceof DecoderMemoryError) return null;
    throw error;
  }
}

/** Returns a sink that passes rows of RGB to the resizer. */
function rowSink(pass: Pass): RowSink {
  const rgba = new Uint8Array(pass.rows.width * 4).fill(255);
  return {
    addRow: (rgb, at) => {
      if (pass.addedRows === pass.rows.height) return;
      fillRow(rgb, at, rgba);
      pass.resizer.addRow(rgba);
      pass.addedRows++;
    },
  };
}

function finishPass(pass: Pass | null): ScaledImage {
  if (pass === null) return { kind: "unsupported", reason: "the decoder made no small image" };
  if (pass.addedRows < pass.rows.height)
    return { kind: "unsupported", reason: "the decoder ended before its last row" };
  const { rows, resizer, memory } = pass;
  const image = displayedImage(resizer.finish(), rows);
  return { kind: "image", image, peakBytes: memory.peakBytes(), damage: null };
}

/**
 * Collects an upright sRGB image whose longest edge is at most `edgePx`. `orientation` (EXIF) replaces that of the rows,
 * for formats whose decoder doesn't know it.
 */
export function scaledRows(edgePx: number, orientation?: number): ScaledRows {
  let pass: Pass | null = null;
  return {
    openSink: (rows) => {
      pass = startPass({ ...rows, orientation: orientation ?? rows.orientation }, edgePx);
      return pass === null ? { addRow: () => undefined } : rowSink(pass);
    },
    finish: () => {
      try {
        return finishPass(pass);
      } catch (error) {
        if (!(error instanceof UnsupportedImageError)) throw error;
        return { kind: "unsupported", reason: error.message };
      }
    },
  };
}
