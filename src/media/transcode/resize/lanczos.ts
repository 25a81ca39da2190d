/** Weights of the Lanczos filter with three lobes (Duchon 1979), widened by the scale when an image shrinks. */

const LOBES = 3;
/** Weights are fractions of 2 ** 14, which the kernel multiplies as 16-bit integers. */
const WEIGHT_ONE = 2 ** 14;

export interface FilterTable {
  /** Weights of each target pixel: a multiple of four, padded with zeros. */
  taps: number;
  /** First source pixel of each target pixel. */
  starts: Int32Array;
  /** `taps` weights of each target pixel, which add up to `WEIGHT_ONE`. */
  weights: Int16Array;
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  const angle = Math.PI * x;
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / (angle * angle);
}

/** Rounds weights so that they add up to `WEIGHT_ONE`: the largest takes the remainder. */
function quantize(weights: readonly number[], out: Int16Array): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let remainder = WEIGHT_ONE;
  let largest = 0;
  for (const [index, weight] of weights.entries()) {
    const rounded = Math.round((weight / total) * WEIGHT_ONE);
    out[index] = rounded;
    remainder -= rounded;
    if (weight > (weights[largest] ?? 0)) largest = index;
  }
  out[largest] = (out[largest] ?? 0) + remainder;
}

/** Number of taps for a reduction from `from` to `to` pixels. */
function tapsFor(from: number, to: number): number {
  const support = LOBES * Math.max(1, from / to);
  return 4 * Math.ceil((2 * Math.ceil(support) + 1) / 4);
}

/**
 * Computes the weights that reduce `from` pixels to `to`. Pixels beyond the edge of the image have no weight. `extent`
 * is the length of the image in source pixels, if the last one is only partly in it.
 */
export function lanczosTable(from: number, to: number, extent = from): FilterTable {
  const scale = extent / to;
  const width = Math.max(1, scale);
  const taps = tapsFor(from, to);
  const starts = new Int32Array(to);
  const weights = new Int16Array(to * taps);
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - LOBES * width + 0.5));
    const end = Math.min(from, Math.floor(centre + LOBES * width + 0.5), start + taps);
    const values: number[] = [];
    for (let at = start; at < end; at++) values.push(lanczos((at + 0.5 - centre) / width));
    starts[target] = start;
    quantize(values, weights.subarray(target * taps, (target + 1) * taps));
  }
  return { taps, starts, weights };
}
