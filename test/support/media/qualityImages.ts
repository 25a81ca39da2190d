/** Images with known quality metrics. */
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";

export type Pixel = number | [number, number, number] | [number, number, number, number];

/** `paint` returns a grey, a colour or a colour with alpha. */
export function paintImage(width: number, height: number, paint: (x: number, y: number) => Pixel): RgbaImage {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = paint(x, y);
      const [red, green, blue, alpha = 255] = typeof pixel === "number" ? [pixel, pixel, pixel] : pixel;
      rgba.set([red, green, blue, alpha], (y * width + x) * 4);
    }
  }
  return { width, height, rgba };
}

/** Returns a deterministic generator of numbers from 0 to 1 (linear congruential, modulo 2³²). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** Grey 128 with normal noise of deviation `sigma` (Box and Muller). */
export function noiseImage(edge: number, sigma: number, seed: number): RgbaImage {
  const next = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return paintImage(edge, edge, () => Math.min(255, Math.max(0, Math.round(128 + sigma * normal()))));
}

/** Replaces each grey by the mean of its 3 × 3 neighbours. */
export function blurImage(image: RgbaImage): RgbaImage {
  const { width, height, rgba } = image;
  const at = (x: number, y: number): number => {
    const [column, row] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    return rgba[(row * width + column) * 4] ?? 0;
  };
  const steps = [-1, 0, 1];
  return paintImage(width, height, (x, y) => {
    const sum = steps.flatMap((dy) => steps.map((dx) => at(x + dx, y + dy))).reduce((a, b) => a + b);
    return Math.round(sum / 9);
  });
}
