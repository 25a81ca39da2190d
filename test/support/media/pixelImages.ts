/** Images and comparisons for tests of pixel kernels. */
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { paintImage } from "./qualityImages.ts";

/** Gradients with waves of falling length: edges, texture and flat areas, as in a photo. */
export function photoLike(
  width: number,
  height: number,
  alphaAt: (x: number, y: number) => number = () => 255,
): RgbaImage {
  return paintImage(width, height, (x, y) => {
    const wave = Math.sin((x * x) / (width * 2)) * Math.cos((y * y) / (height * 3));
    return [Math.round(128 + 100 * wave), Math.round((255 * x) / width), Math.round((255 * y) / height), alphaAt(x, y)];
  });
}

export function pixelAt({ width, rgba }: RgbaImage, x: number, y: number): number[] {
  return [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

/** Mean and largest difference of the bytes of two images. */
export function difference(actual: RgbaImage, expected: RgbaImage): { mean: number; largest: number } {
  if (actual.width !== expected.width || actual.height !== expected.height)
    throw new Error(`${actual.width} × ${actual.height} is not ${expected.width} × ${expected.height}`);
  let [sum, largest] = [0, 0];
  for (const [at, value] of expected.rgba.entries()) {
    const distance = Math.abs(value - (actual.rgba[at] ?? 0));
    sum += distance;
    largest = Math.max(largest, distance);
  }
  return { mean: sum / expected.rgba.length, largest };
}
