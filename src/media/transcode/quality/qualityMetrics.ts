/** Computes image quality metrics without a model: results are deterministic. */
import type { RgbaImage } from "../rgbaImage.ts";
import { measureColourfulness } from "./colourfulness.ts";
import { measureDetail } from "./sharpnessAndNoise.ts";
import { createLumaPlane } from "./luma.ts";
import { measureTones } from "./tones.ts";

/** docs/image-quality-metrics.md has formula, range and source of each. */
export const qualityKeys = [
  "sharpness",
  "exposure",
  "clipped_shadows",
  "clipped_highlights",
  "contrast",
  "colourfulness",
  "noise",
  "entropy",
] as const;

export type QualityMetrics = Record<(typeof qualityKeys)[number], number | null>;

/** The filters visit every pixel. */
const MAX_PIXELS = 512 * 512;
const ROUNDED_DECIMALS = 4;

function roundMetric(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(ROUNDED_DECIMALS));
}

/**
 * Measures an image of at most 512 × 512 pixels. A metric is null if the image is too small or fully transparent for
 * it.
 */
export function measureQuality(image: RgbaImage): QualityMetrics {
  if (image.width * image.height > MAX_PIXELS)
    throw new Error("the image is too large to measure: downscale it to 512 × 512 pixels");
  const plane = createLumaPlane(image);
  const tones = measureTones(plane);
  const detail = measureDetail(plane);
  return {
    sharpness: roundMetric(detail?.sharpness),
    exposure: roundMetric(tones?.exposure),
    clipped_shadows: roundMetric(tones?.clippedShadows),
    clipped_highlights: roundMetric(tones?.clippedHighlights),
    contrast: roundMetric(tones?.contrast),
    colourfulness: roundMetric(measureColourfulness(image, plane)),
    noise: roundMetric(detail?.noise),
    entropy: roundMetric(tones?.entropy),
  };
}
