import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { measureQuality } from "../../../../src/media/transcode/quality/qualityMetrics.ts";
import { qualityScore } from "../../../../src/media/transcode/quality/qualityScore.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import { blurImage, noiseImage, paintImage, seededRandom } from "../../../support/media/qualityImages.ts";

/** `mongolels.jpg`, measured. */
const photo = {
  sharpness: 0.0429,
  exposure: 0.5064,
  clipped_shadows: 0,
  clipped_highlights: 0,
  contrast: 0.2346,
  colourfulness: 36.4,
  noise: 6.3377,
  entropy: 7.34,
};

const scoreOf = (change: Partial<Record<keyof typeof photo, number | null>>): number | null =>
  qualityScore({ ...photo, ...change });

/** Each list is from better to worse. */
const worsening: Record<string, Partial<typeof photo>[]> = {
  "less sharpness": [0.08, 0.05, 0.04, 0.036].map((sharpness) => ({ sharpness })),
  "less sharpness without noise": [0.03, 0.01, 0.005, 0.002, 0].map((sharpness) => ({ sharpness, noise: 0 })),
  "more noise": [0, 3, 6, 9, 15, 30].map((noise) => ({ noise })),
  "more darkness": [0.2, 0.1, 0.05, 0].map((exposure) => ({ exposure })),
  "more brightness": [0.8, 0.9, 0.95, 1].map((exposure) => ({ exposure })),
  "more clipped shadows": [0, 0.1, 0.5, 1].map((share) => ({ clipped_shadows: share })),
  "more clipped highlights": [0, 0.1, 0.5, 1].map((share) => ({ clipped_highlights: share })),
  "less contrast": [0.1, 0.05, 0.01, 0].map((contrast) => ({ contrast })),
  "less varied tones": [6, 4, 2, 0].map((entropy) => ({ entropy })),
};

describe("the quality score", () => {
  it.each(Object.entries(worsening))("falls with %s", (_name, steps) => {
    const scores = steps.map((step) => scoreOf(step) ?? NaN);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(scores.length);
  });

  it("is 0 to 1 for any metrics, and never rises when one of them gets worse", () => {
    const next = seededRandom(5);
    for (let i = 0; i < 2000; i++) {
      const metrics = {
        sharpness: next() ** 4,
        exposure: next(),
        clipped_shadows: next() / 2,
        clipped_highlights: next() / 2,
        contrast: next() / 2,
        noise: next() ** 4 * 426.2,
        entropy: next() * 8,
      };
      const score = qualityScore(metrics) ?? NaN;
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      const worse = [
        { sharpness: metrics.sharpness * next() },
        { noise: metrics.noise * (1 + next()) },
        { clipped_shadows: metrics.clipped_shadows + next() / 2 },
        { contrast: metrics.contrast * next() },
        { entropy: metrics.entropy * next() },
      ];
      for (const change of worse) expect(qualityScore({ ...metrics, ...change })).toBeLessThanOrEqual(score);
    }
  });

  it("ignores colour, and keys of models", () => {
    expect(scoreOf({ colourfulness: 0 })).toBe(scoreOf({}));
    expect(qualityScore({ ...photo, aesthetic_score: 0 })).toBe(scoreOf({}));
  });

  it.each(["sharpness", "noise", "exposure", "contrast", "entropy", "clipped_shadows", "clipped_highlights"] as const)(
    "is null without %s",
    (key) => {
      expect(scoreOf({ [key]: null })).toBeNull();
      const { [key]: _removed, ...rest } = photo;
      expect(qualityScore(rest)).toBeNull();
    },
  );

  it("is 0 for one tone, and low for pure noise", () => {
    expect(qualityScore(measureQuality(paintImage(64, 64, () => 128)))).toBe(0);
    expect(qualityScore(measureQuality(noiseImage(128, 40, 1)))).toBeLessThan(0.35);
  });

  it("falls with every blur of a pattern", () => {
    const next = seededRandom(7);
    const blocks = Array.from({ length: 16 * 16 }, () => Math.floor(next() * 256));
    let image = paintImage(128, 128, (x, y) => blocks[Math.floor(y / 8) * 16 + Math.floor(x / 8)] ?? 0);
    let score = qualityScore(measureQuality(image)) ?? NaN;
    for (let pass = 0; pass < 6; pass++) {
      image = blurImage(image);
      const softer = qualityScore(measureQuality(image)) ?? NaN;
      expect(softer).toBeLessThanOrEqual(score);
      score = softer;
    }
    expect(score).toBeLessThan(0.9);
  });
});

async function photoOf(name: string): Promise<RgbaImage> {
  const png = await renderPng(env.IMAGES, new Blob([await sampleBytes(name)]).stream(), 512);
  if (png.kind !== "rendered") throw new Error(png.reason);
  return await decodePng(png.bytes);
}

/** Changes each level of a copy. */
function withLevels(image: RgbaImage, change: (level: number, i: number) => number): RgbaImage {
  const rgba = image.rgba.map((level, i) =>
    i % 4 === 3 ? level : Math.round(Math.min(255, Math.max(0, change(level, i)))),
  );
  return { ...image, rgba };
}

function withNoise(image: RgbaImage, sigma: number): RgbaImage {
  const noise = noiseImage(Math.max(image.width, image.height), sigma, 3).rgba;
  const { width } = image;
  const edge = Math.max(width, image.height);
  return withLevels(image, (level, i) => {
    const pixel = Math.floor(i / 4);
    return level + (noise[(Math.floor(pixel / width) * edge + (pixel % width)) * 4] ?? 128) - 128;
  });
}

function blurred(image: RgbaImage, passes: number): RgbaImage {
  let result = image;
  for (let pass = 0; pass < passes; pass++) result = blurImage(result);
  return result;
}

/** Series from better to worse: the first is the photo itself. */
const damages: Record<string, (image: RgbaImage) => RgbaImage[]> = {
  blur: (image) => [2, 5, 12].map((passes) => blurred(image, passes)),
  darkness: (image) => [0.4, 0.2, 0.1].map((factor) => withLevels(image, (level) => level * factor)),
  overexposure: (image) => [2, 4, 8].map((factor) => withLevels(image, (level) => 60 + level * factor)),
  noise: (image) => [12, 30, 60].map((sigma) => withNoise(image, sigma)),
  "lost contrast": (image) => [0.3, 0.15, 0.05].map((factor) => withLevels(image, (level) => 110 + level * factor)),
};

describe.each(["mongolels.jpg", "prairie_falcon.jpg", "Portrait_8.jpg", "el_torcal_rocks.jpg", "denali.webp"])(
  "the quality score of %s",
  (name) => {
    it.each(Object.entries(damages))("falls with every step of %s", async (_name, damage) => {
      const image = await photoOf(name);
      const scores = [image, ...damage(image)].map((step) => qualityScore(measureQuality(step)) ?? NaN);
      expect(scores[0]).toBeGreaterThan(0.85);
      for (const [i, score] of scores.slice(1).entries()) expect(score).toBeLessThan(scores[i] ?? 0);
      expect(scores.at(-1)).toBeLessThan(0.8 * (scores[0] ?? 0));
    });
  },
);
