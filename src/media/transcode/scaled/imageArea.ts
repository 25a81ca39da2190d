/** A part of an image, which a decoder scales instead of the whole. */
import type { RgbaImage } from "../rgbaImage.ts";
import type { RowResizer } from "../resize/rowResizer.ts";
import type { Size } from "../resize/scaledSize.ts";

/** Sides as fractions of the image's width and height, from its upper left corner: 0 ≤ left < right ≤ 1. */
export interface ImageArea {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface PixelArea extends Size {
  left: number;
  top: number;
}

/** The pixels of an area, at least one; all of them without an area. */
export function pixelsOf(area: ImageArea | null, { width, height }: Size): PixelArea {
  if (area === null) return { left: 0, top: 0, width, height };
  const left = Math.min(Math.floor(area.left * width), width - 1);
  const top = Math.min(Math.floor(area.top * height), height - 1);
  const right = Math.min(Math.max(Math.round(area.right * width), left + 1), width);
  const bottom = Math.min(Math.max(Math.round(area.bottom * height), top + 1), height);
  return { left, top, width: right - left, height: bottom - top };
}

/** The longest edge of the whole image when the area's is `edgePx`. */
export function wholeEdgePx(area: ImageArea | null, size: Size, edgePx: number): number {
  if (area === null) return edgePx;
  const part = pixelsOf(area, size);
  return Math.ceil((edgePx * Math.max(size.width, size.height)) / Math.max(part.width, part.height));
}

/** Where the upright area is in the stored image, by EXIF orientation (Exif 3.0 §4.6.5.1.6). */
export function storedArea({ left, top, right, bottom }: ImageArea, orientation: number): ImageArea {
  const isTurned = orientation >= 5 && orientation <= 8;
  const [x, y] = isTurned
    ? [
        { from: top, to: bottom },
        { from: left, to: right },
      ]
    : [
        { from: left, to: right },
        { from: top, to: bottom },
      ];
  const mirror = ({ from, to }: { from: number; to: number }) => ({ from: 1 - to, to: 1 - from });
  const across = [2, 3, 7, 8].includes(orientation) ? mirror(x) : x;
  const down = [3, 4, 6, 7].includes(orientation) ? mirror(y) : y;
  return { left: across.from, right: across.to, top: down.from, bottom: down.to };
}

/** Takes the rows of a whole image for a resizer of an area. */
export interface AreaResizer extends RowResizer {
  /** Whether the next row is in the area. Otherwise `skipRow` takes its place. */
  needsRow(): boolean;
  skipRow(): void;
  /** No further row is in the area. */
  isComplete(): boolean;
}

/** Passes the pixels of the area on to `resizer`. */
export function areaResizer(resizer: RowResizer, area: PixelArea): AreaResizer {
  let row = 0;
  const [first, end] = [area.left * 4, (area.left + area.width) * 4];
  const needsRow = () => row >= area.top && row < area.top + area.height;
  return {
    needsRow,
    skipRow: () => void row++,
    isComplete: () => row >= area.top + area.height,
    addRow: (rgba) => {
      if (needsRow()) resizer.addRow(rgba.subarray(first, end));
      row++;
    },
    finish: () => resizer.finish(),
  };
}

/** Copies an area of an image in memory. */
export function copyArea({ width, height, rgba }: RgbaImage, area: ImageArea): RgbaImage {
  const part = pixelsOf(area, { width, height });
  const copy = new Uint8Array(part.width * part.height * 4);
  for (let row = 0; row < part.height; row++) {
    const from = ((part.top + row) * width + part.left) * 4;
    copy.set(rgba.subarray(from, from + part.width * 4), row * part.width * 4);
  }
  return { width: part.width, height: part.height, rgba: copy };
}
