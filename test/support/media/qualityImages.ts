/** Pictures of which the right figures are known beforehand. */
import type { Picture } from "../../../src/media/transcode/png/decodePng.ts";

export type Pixel = number | [number, number, number] | [number, number, number, number];

/** `paint` gives a grey, a colour, or a colour with alpha. */
export function painted(width: number, height: number, paint: (x: number, y: number) => Pixel): Picture {
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

/** Numbers from 0 to 1 that are the same in every run (a linear congruence modulo 2³²). */
export function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** A grey of 128 under normal noise of deviation `sigma` (Box and Muller). */
export function noisy(edge: number, sigma: number, seed: number): Picture {
  const next = randoms(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return painted(edge, edge, () => Math.min(255, Math.max(0, Math.round(128 + sigma * normal()))));
}

/** Each grey becomes the mean of its 3 × 3 neighbours. */
export function blurred(picture: Picture): Picture {
  const { width, height, rgba } = picture;
  const at = (x: number, y: number): number => {
    const [column, row] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    return rgba[(row * width + column) * 4] ?? 0;
  };
  const steps = [-1, 0, 1];
  return painted(width, height, (x, y) => {
    const sum = steps.flatMap((dy) => steps.map((dx) => at(x + dx, y + dy))).reduce((a, b) => a + b);
    return Math.round(sum / 9);
  });
}
