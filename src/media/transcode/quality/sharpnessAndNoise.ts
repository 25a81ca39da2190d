/** Measures sharpness (Laplacian) and noise (Immerkær 1996) with 3 × 3 filters over luma. */
import type { LumaPlane } from "./luma.ts";

export interface Detail {
  sharpness: number;
  noise: number;
}

/** Response to a black and white checkerboard. */
const MAX_LAPLACIAN = 4 * 255;
/** Norm of Immerkær's mask, the root of its squared weights. */
const NOISE_GAIN = 6;

interface FilterSums {
  /** Windows without a transparent pixel. */
  windows: number;
  laplacian: number;
  laplacianSquared: number;
  noiseMagnitude: number;
}

function isWindowOpaque(plane: LumaPlane, at: number): boolean {
  const { opaque, width } = plane;
  for (let row = at - width; row <= at + width; row += width) {
    if (opaque[row - 1] === 0 || opaque[row] === 0 || opaque[row + 1] === 0) return false;
  }
  return true;
}

function addWindow(sums: FilterSums, plane: LumaPlane, at: number): void {
  const { luma, width } = plane;
  const centre = luma[at] ?? 0;
  const sides = (luma[at - width] ?? 0) + (luma[at - 1] ?? 0) + (luma[at + 1] ?? 0) + (luma[at + width] ?? 0);
  const above = (luma[at - width - 1] ?? 0) + (luma[at - width + 1] ?? 0);
  const below = (luma[at + width - 1] ?? 0) + (luma[at + width + 1] ?? 0);
  const laplacian = sides - 4 * centre;
  sums.windows += 1;
  sums.laplacian += laplacian;
  sums.laplacianSquared += laplacian * laplacian;
  sums.noiseMagnitude += Math.abs(above + below - 2 * sides + 4 * centre);
}

/** Returns null if no pixel has eight opaque neighbours, as in an image two pixels wide. */
export function measureDetail(plane: LumaPlane): Detail | null {
  const sums: FilterSums = { windows: 0, laplacian: 0, laplacianSquared: 0, noiseMagnitude: 0 };
  for (let y = 1; y < plane.height - 1; y++) {
    for (let x = 1; x < plane.width - 1; x++) {
      const at = y * plane.width + x;
      if (isWindowOpaque(plane, at)) addWindow(sums, plane, at);
    }
  }
  if (sums.windows === 0) return null;
  const mean = sums.laplacian / sums.windows;
  const variance = Math.max(0, sums.laplacianSquared / sums.windows - mean * mean);
  return {
    sharpness: Math.sqrt(variance) / MAX_LAPLACIAN,
    // The mean magnitude of a normal distribution is its deviation × √(2/π).
    noise: (Math.sqrt(Math.PI / 2) * sums.noiseMagnitude) / (NOISE_GAIN * sums.windows),
  };
}
