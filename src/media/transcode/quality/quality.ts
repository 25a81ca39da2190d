/** Image-quality figures of a small picture, computed without a model: the same picture always gives the same numbers. */
import type { Picture } from "../png/decodePng.ts";
import { colourfulnessOf } from "./colourfulness.ts";
import { detailOf } from "./detail.ts";
import { lumaPlane } from "./luma.ts";
import { tonesOf } from "./tones.ts";

/** Formula, range and source of each: docs/image-quality-metrics.md. Null where the picture is too small or nothing of it is seen. */
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

/** Bounds the work: the filters visit every pixel. */
const MAX_PIXELS = 512 * 512;
const DECIMALS = 4;

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(DECIMALS));
}

export function measureQuality(picture: Picture): QualityMetrics {
  if (picture.width * picture.height > MAX_PIXELS) throw new Error("too large to be measured: shrink it first");
  const plane = lumaPlane(picture);
  const tones = tonesOf(plane);
  const detail = detailOf(plane);
  return {
    sharpness: rounded(detail?.sharpness),
    exposure: rounded(tones?.exposure),
    clipped_shadows: rounded(tones?.clippedShadows),
    clipped_highlights: rounded(tones?.clippedHighlights),
    contrast: rounded(tones?.contrast),
    colourfulness: rounded(colourfulnessOf(picture, plane)),
    noise: rounded(detail?.noise),
    entropy: rounded(tones?.entropy),
  };
}
