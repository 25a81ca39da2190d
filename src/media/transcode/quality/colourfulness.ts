/** How colourful a picture looks to people, after Hasler and Süsstrunk (2003). Knows nothing of single hues. */
import type { Picture } from "../png/decodePng.ts";
import type { LumaPlane } from "./luma.ts";

interface Opponents {
  /** Sums of red − green and of yellow − blue, and of their squares. */
  rg: number;
  yb: number;
  rgSquared: number;
  ybSquared: number;
}

function sumOpponents(picture: Picture, counted: Uint8Array): Opponents {
  const sums: Opponents = { rg: 0, yb: 0, rgSquared: 0, ybSquared: 0 };
  for (let i = 0; i < counted.length; i++) {
    if (counted[i] === 0) continue;
    const red = picture.rgba[i * 4] ?? 0;
    const green = picture.rgba[i * 4 + 1] ?? 0;
    const blue = picture.rgba[i * 4 + 2] ?? 0;
    const rg = red - green;
    const yb = (red + green) / 2 - blue;
    sums.rg += rg;
    sums.yb += yb;
    sums.rgSquared += rg * rg;
    sums.ybSquared += yb * yb;
  }
  return sums;
}

/** Their measure M⁽³⁾: 0 grey, 15 slightly, 33 moderately, 59 quite, 109 extremely colourful. Null where nothing is seen. */
export function colourfulnessOf(picture: Picture, plane: LumaPlane): number | null {
  const count = plane.countedPixels;
  if (count === 0) return null;
  const sums = sumOpponents(picture, plane.counted);
  const [meanRg, meanYb] = [sums.rg / count, sums.yb / count];
  const variance = sums.rgSquared / count - meanRg ** 2 + sums.ybSquared / count - meanYb ** 2;
  return Math.sqrt(Math.max(0, variance)) + 0.3 * Math.hypot(meanRg, meanYb);
}
