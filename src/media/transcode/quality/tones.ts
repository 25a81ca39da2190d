import type { LumaPlane } from "./luma.ts";

export interface Tones {
  exposure: number;
  clippedShadows: number;
  clippedHighlights: number;
  contrast: number;
  entropy: number;
}

const WHITE = 255;
/** Lossy codecs and resizing shift a clipped tone by a level or two. */
const MAX_SHADOW_LEVEL = 2;
const MIN_HIGHLIGHT_LEVEL = WHITE - 2;

interface Sums {
  total: number;
  shadows: number;
  highlights: number;
  histogram: Uint32Array;
}

function sumTones(plane: LumaPlane): Sums {
  const sums: Sums = { total: 0, shadows: 0, highlights: 0, histogram: new Uint32Array(WHITE + 1) };
  for (let i = 0; i < plane.luma.length; i++) {
    if (plane.opaque[i] === 0) continue;
    const value = plane.luma[i] ?? 0;
    const level = Math.round(value);
    sums.total += value;
    sums.histogram[level] = (sums.histogram[level] ?? 0) + 1;
    if (level <= MAX_SHADOW_LEVEL) sums.shadows += 1;
    if (level >= MIN_HIGHLIGHT_LEVEL) sums.highlights += 1;
  }
  return sums;
}

function variance(plane: LumaPlane, mean: number): number {
  let squares = 0;
  for (let i = 0; i < plane.luma.length; i++) {
    if (plane.opaque[i] === 1) squares += ((plane.luma[i] ?? 0) - mean) ** 2;
  }
  return squares / plane.opaquePixels;
}

/** Shannon 1948, in bits. */
function shannonEntropy(histogram: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of histogram) {
    if (count > 0) bits += (count / total) * Math.log2(total / count);
  }
  return bits;
}

/** Measures exposure, clipping, contrast and entropy of the luma distribution; null if all pixels are transparent. */
export function measureTones(plane: LumaPlane): Tones | null {
  const count = plane.opaquePixels;
  if (count === 0) return null;
  const sums = sumTones(plane);
  const mean = sums.total / count;
  return {
    exposure: mean / WHITE,
    clippedShadows: sums.shadows / count,
    clippedHighlights: sums.highlights / count,
    contrast: Math.sqrt(variance(plane, mean)) / WHITE,
    entropy: shannonEntropy(sums.histogram, count),
  };
}
