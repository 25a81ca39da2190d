/** The order in which a PNG stores its pixels; PNG 3 §8.1. */
import type { Size } from "../../resize/scaledSize.ts";

/** The pixels of every `columnStep`th column and `rowStep`th row, as a separate image. */
export interface PngPass extends Size {
  firstColumn: number;
  firstRow: number;
  columnStep: number;
  rowStep: number;
}

/** First column and row, and steps, of the seven passes of Adam7. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Returns the passes that have pixels; one with all pixels if the image isn't interlaced. */
export function pngPasses({ width, height, isInterlaced }: Size & { isInterlaced: boolean }): PngPass[] {
  if (!isInterlaced) return [{ width, height, firstColumn: 0, firstRow: 0, columnStep: 1, rowStep: 1 }];
  return ADAM7.map(([firstColumn, firstRow, columnStep, rowStep]) => ({
    width: Math.ceil((width - firstColumn) / columnStep),
    height: Math.ceil((height - firstRow) / rowStep),
    firstColumn,
    firstRow,
    columnStep,
    rowStep,
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}
