/** What the distribution of a picture's tones says: brightness, clipping, contrast, entropy. Where a pixel lies plays no part. */
import type { LumaPlane } from "./luma.ts";

export interface Tones {
  exposure: number;
  clippedShadows: number;
  clippedHighlights: number;
  contrast: number;
  entropy: number;
}

const WHITE = 255;
/** Lossy codecs and resizing move a clipped tone by a level or two. */
const SHADOW_TOP = 2;
const HIGHLIGHT_BOTTOM = WHITE - 2;

interface Sums {
  total: number;
  shadows: number;
  highlights: number;
  histogram: Uint32Array;
}

function sumUp(plane: LumaPlane): Sums {
  const sums: Sums = { total: 0, shadows: 0, highlights: 0, histogram: new Uint32Array(WHITE + 1) };
  for (let i = 0; i < plane.luma.length; i++) {
    if (plane.counted[i] === 0) continue;
    const value = plane.luma[i] ?? 0;
    const level = Math.round(value);
    sums.total += value;
    sums.histogram[level] = (sums.histogram[level] ?? 0) + 1;
    if (level <= SHADOW_TOP) sums.shadows += 1;
    if (level >= HIGHLIGHT_BOTTOM) sums.highlights += 1;
  }
  return sums;
}

function variance(plane: LumaPlane, mean: number): number {
  let squares = 0;
  for (let i = 0; i < plane.luma.length; i++) {
    if (plane.counted[i] === 1) squares += ((plane.luma[i] ?? 0) - mean) ** 2;
  }
  return squares / plane.countedPixels;
}

/** Shannon 1948, in bits. */
function entropyOf(histogram: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of histogram) {
    if (count > 0) bits += (count / total) * Math.log2(total / count);
  }
  return bits;
}

/** Null for a picture of which nothing is seen. */
export function tonesOf(plane: LumaPlane): Tones | null {
  const count = plane.countedPixels;
  if (count === 0) return null;
  const sums = sumUp(plane);
  const mean = sums.total / count;
  return {
    exposure: mean / WHITE,
    clippedShadows: sums.shadows / count,
    clippedHighlights: sums.highlights / count,
    contrast: Math.sqrt(variance(plane, mean)) / WHITE,
    entropy: entropyOf(sums.histogram, count),
  };
}
