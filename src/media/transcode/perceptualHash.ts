/** A hash that is alike for images that look alike: resized, compressed, or slightly edited. */
import type { RgbaImage } from "./rgbaImage.ts";

/** The image is reduced to this many pixels a side, without regard to its proportions. */
const SIDE_PX = 32;
/** The lowest frequencies of each direction. */
const FREQUENCIES = 8;
export const PERCEPTUAL_HASH_BITS = FREQUENCIES * FREQUENCIES;

/** ITU-R BT.709-6 §3.2, on white where the image is transparent. */
function lumaAt(rgba: Uint8Array, offset: number): number {
  const alpha = (rgba[offset + 3] ?? 0) / 255;
  const luma = 0.2126 * (rgba[offset] ?? 0) + 0.7152 * (rgba[offset + 1] ?? 0) + 0.0722 * (rgba[offset + 2] ?? 0);
  return luma * alpha + 255 * (1 - alpha);
}

/** The mean luma of each of 32 × 32 areas; those of a small image share pixels. */
function reduce({ width, height, rgba }: RgbaImage): Float64Array {
  const areas = new Float64Array(SIDE_PX * SIDE_PX);
  const edge = (index: number, length: number): number => Math.floor((index * length) / SIDE_PX);
  for (let y = 0; y < SIDE_PX; y++) {
    const [top, bottom] = [edge(y, height), Math.max(edge(y + 1, height), edge(y, height) + 1)];
    for (let x = 0; x < SIDE_PX; x++) {
      const [left, right] = [edge(x, width), Math.max(edge(x + 1, width), edge(x, width) + 1)];
      let sum = 0;
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) sum += lumaAt(rgba, 4 * (row * width + column));
      }
      areas[y * SIDE_PX + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return areas;
}

/** DCT-II of the lowest frequencies. */
const cosines = Float64Array.from({ length: FREQUENCIES * SIDE_PX }, (_, index) => {
  const [frequency, position] = [Math.floor(index / SIDE_PX), index % SIDE_PX];
  return Math.cos((Math.PI * frequency * (2 * position + 1)) / (2 * SIDE_PX));
});

/** The transform of each row, or of each column, of `lines` lines. */
function transform(values: Float64Array, lines: number): Float64Array {
  const result = new Float64Array(lines * FREQUENCIES);
  for (let line = 0; line < lines; line++) {
    for (let frequency = 0; frequency < FREQUENCIES; frequency++) {
      let sum = 0;
      for (let i = 0; i < SIDE_PX; i++)
        sum += (values[line * SIDE_PX + i] ?? 0) * (cosines[frequency * SIDE_PX + i] ?? 0);
      // Transposed, so that the second call transforms the columns.
      result[frequency * lines + line] = sum;
    }
  }
  return result;
}

/**
 * Returns the 64 bits of the DCT hash (Zauner, 2010) as 1 and -1: whether each of the lowest frequencies is above their
 * median. The number of different bits is 32 times the cosine distance.
 */
export function perceptualHash(image: RgbaImage): Int8Array {
  const frequencies = transform(transform(reduce(image), SIDE_PX), FREQUENCIES);
  // The first one is the mean brightness, far from all others.
  const sorted = frequencies.slice(1).toSorted();
  const median = sorted[sorted.length >> 1] ?? 0;
  return Int8Array.from(frequencies, (value) => (value > median ? 1 : -1));
}
