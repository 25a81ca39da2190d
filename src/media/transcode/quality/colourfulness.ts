import type { RgbaImage } from "../rgbaImage.ts";
import type { LumaPlane } from "./luma.ts";

interface Opponents {
  /** Sums of red - green and yellow - blue, and of their squares. */
  rg: number;
  yb: number;
  rgSquared: number;
  ybSquared: number;
}

function sumOpponents(image: RgbaImage, opaque: Uint8Array): Opponents {
  const sums: Opponents = { rg: 0, yb: 0, rgSquared: 0, ybSquared: 0 };
  for (let i = 0; i < opaque.length; i++) {
    if (opaque[i] === 0) continue;
    const red = image.rgba[i * 4] ?? 0;
    const green = image.rgba[i * 4 + 1] ?? 0;
    const blue = image.rgba[i * 4 + 2] ?? 0;
    const rg = red - green;
    const yb = (red + green) / 2 - blue;
    sums.rg += rg;
    sums.yb += yb;
    sums.rgSquared += rg * rg;
    sums.ybSquared += yb * yb;
  }
  return sums;
}

/**
 * Measures colourfulness M⁽³⁾ of Hasler and Süsstrunk (2003): 0 grey, 15 slight, 33 moderate, 59 high, 109 extreme.
 * Null if all pixels are transparent.
 */
export function measureColourfulness(image: RgbaImage, plane: LumaPlane): number | null {
  const count = plane.opaquePixels;
  if (count === 0) return null;
  const sums = sumOpponents(image, plane.opaque);
  const [meanRg, meanYb] = [sums.rg / count, sums.yb / count];
  const variance = sums.rgSquared / count - meanRg ** 2 + sums.ybSquared / count - meanYb ** 2;
  return Math.sqrt(Math.max(0, variance)) + 0.3 * Math.hypot(meanRg, meanYb);
}
