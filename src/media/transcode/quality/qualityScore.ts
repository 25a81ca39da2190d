/** One score of photographic quality from the metrics. docs/image-quality-metrics.md has the reasons for each number. */

/** The metrics that the score is computed from. Other keys are ignored. */
type ScoredMetrics = Readonly<Record<string, number | null | undefined>>;

/** Levels of the Laplacian for a `sharpness` of 1. */
const LAPLACIAN_LEVELS = 1020;
/** Variance of the Laplacian per variance of noise: 20 for white noise, 20 to 35 after resizing and compression. */
const LAPLACIAN_NOISE_GAIN = 30;
/** Levels of detail at which focus reaches 1 - 1/e. Photos in focus have 12 to 50, visibly blurred ones below 6. */
const DETAIL_LEVELS = 8;
/** Levels of detail that noise may hide, and their share of the Laplacian. */
const HIDDEN_DETAIL_LEVELS = 2.5;
const HIDDEN_DETAIL_SHARE = 0.1;
/** Levels of noise at which its factor falls to 1/e. Fine texture measures up to 10. */
const NOISE_LEVELS = 15;
/** Mean brightness at which a photo is no longer dark. The same distance from white is bright. */
const DARK_EXPOSURE = 0.25;
/** Standard deviation of luma from which the tones are wide enough: that of a photo in flat light. */
const FULL_CONTRAST = 0.12;
/** Bits from which the tones are varied enough. */
const FULL_ENTROPY_BITS = 6.5;
/** Clipped pixels count twice, so that half of an image falls to 1/e. */
const CLIPPING_WEIGHT = 2;

/** Exponents of the factors, which add up to 1. */
const WEIGHTS = { focus: 0.45, noise: 0.25, exposure: 0.15, tones: 0.1, clipping: 0.05 };

const ROUNDED_DECIMALS = 4;

/** Detail is what remains of the Laplacian without its noise. */
function focusOf(sharpness: number, noise: number): number {
  const laplacian = LAPLACIAN_LEVELS * sharpness;
  const detail = Math.sqrt(Math.max(0, laplacian ** 2 - LAPLACIAN_NOISE_GAIN * noise ** 2));
  const hidden = Math.min(HIDDEN_DETAIL_LEVELS, HIDDEN_DETAIL_SHARE * laplacian);
  return 1 - Math.exp(-Math.max(detail, hidden) / DETAIL_LEVELS);
}

/**
 * Returns a score from 0 (worst) to 1 (best), or null if a metric that it needs is missing. Each factor is 0 to 1, and
 * the score is their weighted geometric mean, so that one bad flaw isn't balanced by the rest.
 */
export function qualityScore(metrics: ScoredMetrics): number | null {
  const {
    sharpness,
    noise,
    exposure,
    contrast,
    entropy,
    clipped_shadows: shadows,
    clipped_highlights: highlights,
  } = metrics;
  if (sharpness == null || noise == null || exposure == null || contrast == null) return null;
  if (entropy == null || shadows == null || highlights == null) return null;
  const score =
    focusOf(sharpness, noise) ** WEIGHTS.focus *
    Math.min(1, exposure / DARK_EXPOSURE, (1 - exposure) / DARK_EXPOSURE) ** WEIGHTS.exposure *
    Math.exp(-((noise / NOISE_LEVELS) ** 2)) ** WEIGHTS.noise *
    Math.min(1, contrast / FULL_CONTRAST, entropy / FULL_ENTROPY_BITS) ** WEIGHTS.tones *
    Math.exp(-CLIPPING_WEIGHT * (shadows + highlights)) ** WEIGHTS.clipping;
  return Number(Math.min(1, Math.max(0, score)).toFixed(ROUNDED_DECIMALS));
}
