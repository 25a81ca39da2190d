/** Shrinks a decoded picture by averaging areas, so that one rendering serves several readers. Never enlarges. */
import type { Picture } from "../png/decodePng.ts";

/** Which source pixels one target pixel covers, and how much of each. */
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

/** Colours weigh as much as they are opaque: what is hidden behind alpha 0 must not tint its neighbours. */
function average(picture: Picture, across: Span, down: Span, out: Uint8Array, outAt: number): void {
  let [red, green, blue, alpha, area] = [0, 0, 0, 0, 0];
  for (const [dy, rowWeight] of down.weights.entries()) {
    for (const [dx, columnWeight] of across.weights.entries()) {
      const at = ((down.start + dy) * picture.width + across.start + dx) * 4;
      const weight = rowWeight * columnWeight;
      const opaque = weight * (picture.rgba[at + 3] ?? 0);
      red += opaque * (picture.rgba[at] ?? 0);
      green += opaque * (picture.rgba[at + 1] ?? 0);
      blue += opaque * (picture.rgba[at + 2] ?? 0);
      alpha += opaque;
      area += weight;
    }
  }
  if (alpha === 0) return;
  const pixel = [red / alpha, green / alpha, blue / alpha, alpha / area];
  out.set(pixel.map(Math.round), outAt);
}

/** Longest edge at most `edgePx`, the shorter one in proportion and at least 1. */
export function shrinkPicture(picture: Picture, edgePx: number): Picture {
  const longest = Math.max(picture.width, picture.height);
  if (longest <= edgePx) return picture;
  const width = Math.max(1, Math.round((picture.width * edgePx) / longest));
  const height = Math.max(1, Math.round((picture.height * edgePx) / longest));
  const rgba = new Uint8Array(width * height * 4);
  const columns = spansOf(picture.width, width);
  for (const [y, down] of spansOf(picture.height, height).entries()) {
    for (const [x, across] of columns.entries()) average(picture, across, down, rgba, (y * width + x) * 4);
  }
  return { width, height, rgba };
}
