/** Downscales decoded images, so that one rendering serves the thumbhash and the quality metrics. */
import type { RgbaImage } from "../png/decodePng.ts";

/** Source pixels covered by one target pixel, with their weights. */
interface Span {
  start: number;
  weights: number[];
}

function spansOf(from: number, to: number): Span[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, target) => {
    const begin = target * scale;
    const end = Math.min(from, begin + scale);
    const start = Math.floor(begin);
    const weights: number[] = [];
    for (let at = start; at < end; at++) weights.push(Math.min(at + 1, end) - Math.max(at, begin));
    return { start, weights };
  });
}

/** Weighs colours by alpha, which keeps transparent pixels from tinting their neighbours. */
function average(image: RgbaImage, across: Span, down: Span, out: Uint8Array, outAt: number): void {
  let [red, green, blue, alpha, area] = [0, 0, 0, 0, 0];
  for (const [dy, rowWeight] of down.weights.entries()) {
    for (const [dx, columnWeight] of across.weights.entries()) {
      const at = ((down.start + dy) * image.width + across.start + dx) * 4;
      const weight = rowWeight * columnWeight;
      const opaque = weight * (image.rgba[at + 3] ?? 0);
      red += opaque * (image.rgba[at] ?? 0);
      green += opaque * (image.rgba[at + 1] ?? 0);
      blue += opaque * (image.rgba[at + 2] ?? 0);
      alpha += opaque;
      area += weight;
    }
  }
  if (alpha === 0) return;
  const pixel = [red / alpha, green / alpha, blue / alpha, alpha / area];
  out.set(pixel.map(Math.round), outAt);
}

/**
 * Averages areas down to a longest edge of `edgePx`; the shorter edge is at least 1. Returns smaller images unchanged.
 */
export function downscale(image: RgbaImage, edgePx: number): RgbaImage {
  const longest = Math.max(image.width, image.height);
  if (longest <= edgePx) return image;
  const width = Math.max(1, Math.round((image.width * edgePx) / longest));
  const height = Math.max(1, Math.round((image.height * edgePx) / longest));
  const rgba = new Uint8Array(width * height * 4);
  const columns = spansOf(image.width, width);
  for (const [y, down] of spansOf(image.height, height).entries()) {
    for (const [x, across] of columns.entries()) average(image, across, down, rgba, (y * width + x) * 4);
  }
  return { width, height, rgba };
}
