/** Scales planes of YCbCr to a small image, row by row, so that their pixels are never in memory as a whole. */
import { decoderMemory } from "../decoderMemory.ts";
import { rowConverter, type Planes } from "../heif/planes.ts";
import { scaledSize, type Size } from "../resize/scaledSize.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { openResizer } from "../scaled/openResizer.ts";

/** Memory of the filter, two rows and the image, beside that of the decoder: 14.4 MB for 1440 × 1440 pixels. */
export const MAX_KEY_FRAME_IMAGE_BYTES = 16 * 1024 * 1024;

/** ITU-T H.273 matrix coefficients. */
const BT_709 = 1;
export const UNSPECIFIED_MATRIX = 2;
const BT_601 = 6;

/** More rows than standard definition has, which players show with BT.601 if the stream doesn't tell. */
const MIN_HD_HEIGHT_PX = 720;

/** Formats of films have pixels of 8:11 to 2:1; a filter to a fraction of the height would need too much memory. */
const MAX_PIXEL_ASPECT = 4;

export interface PlanesImage {
  /** Converts the next row. */
  addRow(): void;
  /** Returns the image after the last row. */
  finish(): RgbaImage;
}

function matrixOf({ matrix, height }: Planes): number {
  if (matrix !== UNSPECIFIED_MATRIX) return matrix;
  return height >= MIN_HD_HEIGHT_PX ? BT_709 : BT_601;
}

/**
 * The displayed size with square pixels; implausible shapes of pixels count as square. Neither side exceeds the coded
 * one: the filter only shrinks.
 */
export function displayedSize({ width, height }: Size, pixelAspect: Size, edgePx: number): Size {
  const stated = pixelAspect.width / pixelAspect.height;
  const ratio = Math.max(stated, 1 / stated) > MAX_PIXEL_ASPECT ? 1 : stated;
  const square = ratio > 1 ? { width, height: height / ratio } : { width: width * ratio, height };
  return scaledSize(square, edgePx);
}

/**
 * Starts an image whose longest edge is at most `edgePx`, with square pixels. `pixelAspect` is the shape of the planes'
 * pixels. Throws `DecoderMemoryError` beyond `MAX_KEY_FRAME_IMAGE_BYTES`.
 */
export function openPlanesImage(planes: Planes, pixelAspect: Size, edgePx: number): PlanesImage {
  const { width, height } = planes;
  const memory = decoderMemory(MAX_KEY_FRAME_IMAGE_BYTES);
  memory.hold("rows", width * 7);
  const to = displayedSize(planes, pixelAspect, edgePx);
  const resizer = openResizer({ from: { width, height }, to, orientation: 1 }, memory);
  const convert = rowConverter({ ...planes, matrix: matrixOf(planes) });
  const rgb = new Uint8ClampedArray(width * 3);
  const rgba = new Uint8Array(width * 4).fill(255);
  let y = 0;
  return {
    addRow: () => {
      convert(y++, width, rgb, 0);
      for (let from = 0, at = 0; from < rgb.length; from += 3, at += 4) {
        rgba[at] = rgb[from] ?? 0;
        rgba[at + 1] = rgb[from + 1] ?? 0;
        rgba[at + 2] = rgb[from + 2] ?? 0;
      }
      resizer.addRow(rgba);
    },
    finish: () => resizer.finish(),
  };
}
