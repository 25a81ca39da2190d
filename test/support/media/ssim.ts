/** Structural similarity of two images: Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 2004. */
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";

const RADIUS = 5;
const SIGMA = 1.5;
/** Stabilizers (0.01 · 255)² and (0.03 · 255)². */
const [C1, C2] = [6.5025, 58.5225];

const WINDOW = Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)));
const WINDOW_SUM = WINDOW.reduce((sum, weight) => sum + weight, 0);
const WEIGHTS = Float64Array.from(WINDOW, (weight) => weight / WINDOW_SUM);

interface Plane {
  width: number;
  height: number;
  values: Float64Array;
}

/** Luma of BT.709 on white. */
function lumaOf({ width, height, rgba }: RgbaImage): Plane {
  const values = new Float64Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(i * 4, i * 4 + 4);
    const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    values[i] = (luma * alpha) / 255 + 255 - alpha;
  }
  return { width, height, values };
}

/** Weighs the neighbours with the Gaussian window; windows that cross the edge are left out. */
function blur({ width, height, values }: Plane): Plane {
  const [outWidth, outHeight] = [width - 2 * RADIUS, height - 2 * RADIUS];
  const across = new Float64Array(outWidth * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (const [k, weight] of WEIGHTS.entries()) sum += weight * (values[y * width + x + k] ?? 0);
      across[y * outWidth + x] = sum;
    }
  const out = new Float64Array(outWidth * outHeight);
  for (let y = 0; y < outHeight; y++)
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (const [k, weight] of WEIGHTS.entries()) sum += weight * (across[(y + k) * outWidth + x] ?? 0);
      out[y * outWidth + x] = sum;
    }
  return { width: outWidth, height: outHeight, values: out };
}

function product(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((value, i) => value * (b.values[i] ?? 0)) };
}

/** Returns the mean similarity of luma on white, 1 for equal images. Both need the same size of at least 11 pixels. */
export function ssim(actual: RgbaImage, expected: RgbaImage): number {
  if (actual.width !== expected.width || actual.height !== expected.height)
    throw new Error(`${actual.width} × ${actual.height} is not ${expected.width} × ${expected.height}`);
  const [a, b] = [lumaOf(actual), lumaOf(expected)];
  const [meanA, meanB] = [blur(a), blur(b)];
  const [squareA, squareB, both] = [blur(product(a, a)), blur(product(b, b)), blur(product(a, b))];
  let sum = 0;
  for (const [i, ma] of meanA.values.entries()) {
    const mb = meanB.values[i] ?? 0;
    const variances = (squareA.values[i] ?? 0) - ma * ma + (squareB.values[i] ?? 0) - mb * mb;
    const covariance = (both.values[i] ?? 0) - ma * mb;
    sum += ((2 * ma * mb + C1) * (2 * covariance + C2)) / ((ma * ma + mb * mb + C1) * (variances + C2));
  }
  return sum / meanA.values.length;
}
