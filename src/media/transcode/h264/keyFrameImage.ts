/** Scales a decoded key frame to a small image in sRGB, row by row. */
import { decoderMemory } from "../decoderMemory.ts";
import { rowConverter, type Planes } from "../heif/planes.ts";
import { scaledSize, type Size } from "../resize/scaledSize.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { openResizer } from "../scaled/openResizer.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import type { H264Picture } from "./decodeKeyFrame.ts";

/** Memory of the filter, two rows and the image, beside that of the decoder: 14.4 MB for 1440 × 1440 pixels. */
export const MAX_KEY_FRAME_IMAGE_BYTES = 16 * 1024 * 1024;

/** ITU-T H.273 matrix coefficients. */
const BT_709 = 1;
const UNSPECIFIED = 2;
const BT_601 = 6;

/** More rows than standard definition has, which players show with BT.601 if the stream doesn't tell. */
const MIN_HD_HEIGHT_PX = 720;

/** Formats of films have pixels of 8:11 to 2:1; a filter to a fraction of the height would need too much memory. */
const MAX_PIXEL_ASPECT = 4;

function matrixOf({ matrix, height }: Planes): number {
  if (matrix !== UNSPECIFIED) return matrix;
  return height >= MIN_HD_HEIGHT_PX ? BT_709 : BT_601;
}

/**
 * The displayed size with square pixels; implausible shapes of pixels count as square. Neither side exceeds the coded
 * one: the filter only shrinks.
 */
export function displayedSize({ planes, pixelAspect }: H264Picture, edgePx: number): Size {
  const stated = pixelAspect.width / pixelAspect.height;
  const ratio = Math.max(stated, 1 / stated) > MAX_PIXEL_ASPECT ? 1 : stated;
  const { width, height } = planes;
  const square = ratio > 1 ? { width, height: height / ratio } : { width: width * ratio, height };
  return scaledSize(square, edgePx);
}

/**
 * Converts a picture to RGBA whose longest edge is at most `edgePx`, with square pixels, as stored: the caller applies
 * the rotation of the track. Throws `DecoderMemoryError` beyond `MAX_KEY_FRAME_IMAGE_BYTES`.
 */
export async function keyFrameImage(picture: H264Picture, edgePx: number): Promise<RgbaImage> {
  const { width, height } = picture.planes;
  const memory = decoderMemory(MAX_KEY_FRAME_IMAGE_BYTES);
  memory.hold("rows", width * 7);
  const resizer = openResizer({ from: { width, height }, to: displayedSize(picture, edgePx), orientation: 1 }, memory);
  const convert = rowConverter({ ...picture.planes, matrix: matrixOf(picture.planes) });
  const rgb = new Uint8ClampedArray(width * 3);
  const rgba = new Uint8Array(width * 4).fill(255);
  for (let y = 0; y < height; y++) {
    convert(y, width, rgb, 0);
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
      rgba[to] = rgb[from] ?? 0;
      rgba[to + 1] = rgb[from + 1] ?? 0;
      rgba[to + 2] = rgb[from + 2] ?? 0;
    }
    resizer.addRow(rgba);
    await yieldToRequests(width * 4);
  }
  return resizer.finish();
}
