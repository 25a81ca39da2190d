/** What neighbouring pixels say of each other: sharpness and noise, each from one 3 × 3 filter over the luma. */
import type { LumaPlane } from "./luma.ts";

export interface Detail {
  sharpness: number;
  noise: number;
}

/** The Laplacian of a checkerboard of black and white: the largest there is. */
const LARGEST_LAPLACIAN = 4 * 255;
/** Immerkær's mask turns noise of deviation 1 into responses of deviation 6: the root of its squared weights. */
const NOISE_GAIN = 6;

interface Responses {
  /** Windows of which all nine pixels count. */
  windows: number;
  laplacian: number;
  laplacianSquared: number;
  noiseMagnitude: number;
}

function isWhole(plane: LumaPlane, at: number): boolean {
  const { counted, width } = plane;
  for (let row = at - width; row <= at + width; row += width) {
    if (counted[row - 1] === 0 || counted[row] === 0 || counted[row + 1] === 0) return false;
  }
  return true;
}

function addWindow(sums: Responses, plane: LumaPlane, at: number): void {
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

/** Null where no pixel has eight neighbours, as in a picture two pixels wide. */
export function detailOf(plane: LumaPlane): Detail | null {
  const sums: Responses = { windows: 0, laplacian: 0, laplacianSquared: 0, noiseMagnitude: 0 };
  for (let y = 1; y < plane.height - 1; y++) {
    for (let x = 1; x < plane.width - 1; x++) {
      const at = y * plane.width + x;
      if (isWhole(plane, at)) addWindow(sums, plane, at);
    }
  }
  if (sums.windows === 0) return null;
  const mean = sums.laplacian / sums.windows;
  const variance = Math.max(0, sums.laplacianSquared / sums.windows - mean * mean);
  return {
    sharpness: Math.sqrt(variance) / LARGEST_LAPLACIAN,
    // The mean magnitude of a normal distribution is its deviation × √(2/π).
    noise: (Math.sqrt(Math.PI / 2) * sums.noiseMagnitude) / (NOISE_GAIN * sums.windows),
  };
}
