import { describe, expect, it } from "vitest";
import { env } from "cloudflare:workers";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import { measureQuality, qualityKeys } from "../../../../src/media/transcode/quality/qualityMetrics.ts";
import { renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { blurImage, noiseImage, paintImage, seededRandom } from "../../../support/media/qualityImages.ts";

const checkerboard = paintImage(64, 64, (x, y) => ((x + y) % 2) * 255);

async function photo(name: string): Promise<RgbaImage> {
  const body = new Blob([await sampleBytes(name)]).stream();
  const png = await renderPng(env.IMAGES, body, 512);
  if (png.kind !== "rendered") throw new Error(png.reason);
  return await decodePng(png.bytes);
}

describe("measureQuality of known images", () => {
  it("returns only exposure for flat grey", () => {
    expect(measureQuality(paintImage(50, 40, () => 51))).toEqual({
      sharpness: 0,
      exposure: 0.2,
      clipped_shadows: 0,
      clipped_highlights: 0,
      contrast: 0,
      colourfulness: 0,
      noise: 0,
      entropy: 0,
    });
  });

  it("returns the extremes for a checkerboard", () => {
    expect(measureQuality(checkerboard)).toMatchObject({
      sharpness: 1,
      exposure: 0.5,
      clipped_shadows: 0.5,
      clipped_highlights: 0.5,
      contrast: 0.5,
      colourfulness: 0,
      noise: 426.1268,
      entropy: 1,
    });
  });

  it("counts clipped shadows and highlights as shares", () => {
    expect(measureQuality(paintImage(9, 9, () => 2))).toMatchObject({ clipped_shadows: 1, clipped_highlights: 0 });
    expect(measureQuality(paintImage(9, 9, () => 253))).toMatchObject({ clipped_shadows: 0, clipped_highlights: 1 });
    expect(measureQuality(paintImage(9, 9, () => 3))).toMatchObject({ clipped_shadows: 0 });
  });

  it("returns 8 bits of entropy for all 256 greys", () => {
    const { entropy, exposure } = measureQuality(paintImage(256, 16, (x) => x));
    expect(entropy).toBe(8);
    expect(exposure).toBe(0.5);
  });

  it.each([2, 5, 10, 20])("measures noise of deviation %i within a tenth", (sigma) => {
    const { noise } = measureQuality(noiseImage(256, sigma, sigma));
    expect(noise).toBeGreaterThan(sigma * 0.9);
    expect(noise).toBeLessThan(sigma * 1.1);
  });

  it("measures no noise in a smooth gradient", () => {
    expect(measureQuality(paintImage(128, 128, (x, y) => x + y)).noise).toBe(0);
  });

  it("measures less sharpness after every blur", () => {
    const next = seededRandom(7);
    let image = paintImage(128, 128, () => Math.floor(next() * 256));
    let sharpness = measureQuality(image).sharpness ?? 0;
    for (let pass = 0; pass < 5; pass++) {
      image = blurImage(image);
      const softer = measureQuality(image).sharpness ?? 1;
      expect(softer).toBeLessThan(sharpness);
      sharpness = softer;
    }
  });

  it("matches Hasler and Süsstrunk's formula for two flat colours", () => {
    // Half red (rg 255, yb 127.5), half blue (rg 0, yb -255): deviations 127.5 and 191.25, means 127.5 and -63.75.
    const halves = paintImage(10, 10, (x) => (x < 5 ? [255, 0, 0] : [0, 0, 255]));
    const expected = Math.hypot(127.5, 191.25) + 0.3 * Math.hypot(127.5, -63.75);
    expect(measureQuality(halves).colourfulness).toBeCloseTo(expected, 4);
  });

  it("weighs colours like BT.709", () => {
    expect(measureQuality(paintImage(3, 3, () => [255, 0, 0])).exposure).toBe(0.2126);
    expect(measureQuality(paintImage(3, 3, () => [0, 255, 0])).exposure).toBe(0.7152);
    expect(measureQuality(paintImage(3, 3, () => [0, 0, 255])).exposure).toBe(0.0722);
  });
});

describe("measureQuality of extreme images", () => {
  it("returns no sharpness or noise for one pixel", () => {
    expect(measureQuality(paintImage(1, 1, () => 255))).toEqual({
      sharpness: null,
      exposure: 1,
      clipped_shadows: 0,
      clipped_highlights: 1,
      contrast: 0,
      colourfulness: 0,
      noise: null,
      entropy: 0,
    });
  });

  it("measures a strip one pixel wide", () => {
    const metrics = measureQuality(paintImage(1, 512, (_x, y) => y / 2));
    expect(metrics).toMatchObject({ sharpness: null, noise: null });
    expect(metrics.entropy).toBeGreaterThan(7.9);
  });

  it("ignores the colour of transparent pixels", () => {
    const half = (hidden: number) => paintImage(40, 40, (x) => (x < 20 ? [100, 150, 200, 255] : [hidden, 0, 0, 0]));
    const metrics = measureQuality(half(255));
    expect(metrics).toEqual(measureQuality(half(0)));
    expect(metrics).toMatchObject({ sharpness: 0, contrast: 0, noise: 0, entropy: 0 });
  });

  it("returns null for a fully transparent image", () => {
    const metrics = measureQuality(paintImage(20, 20, () => [9, 9, 9, 0]));
    expect(Object.values(metrics)).toEqual(qualityKeys.map(() => null));
  });

  it("throws for an image over 512 × 512 pixels", () => {
    expect(() => measureQuality({ width: 513, height: 513, rgba: new Uint8Array(513 * 513 * 4) })).toThrow("too large");
  });
});

describe("measureQuality of photos", () => {
  it.each(["cyclamen_persicum.jpg", "prairie_falcon.jpg", "denali.webp", "new_location_shown.png"])(
    "returns values in range, the same every time: %s",
    async (name) => {
      const image = await photo(name);
      const metrics = measureQuality(image);
      expect(measureQuality(image)).toEqual(metrics);
      for (const key of ["sharpness", "exposure", "clipped_shadows", "clipped_highlights"] as const) {
        expect(metrics[key], key).toBeGreaterThanOrEqual(0);
        expect(metrics[key], key).toBeLessThanOrEqual(1);
      }
      expect(metrics.contrast).toBeLessThanOrEqual(0.5);
      expect(metrics.entropy).toBeGreaterThan(3);
      expect(metrics.entropy).toBeLessThanOrEqual(8);
      expect(metrics.noise).toBeGreaterThan(0);
    },
  );

  it("ranks colourfulness and sharpness of photos", async () => {
    const flower = measureQuality(await photo("cyclamen_persicum.jpg"));
    const mountain = measureQuality(await photo("denali.webp"));
    expect(flower.colourfulness).toBeGreaterThan(mountain.colourfulness ?? 0);

    const sharp = await photo("prairie_falcon.jpg");
    expect(measureQuality(blurImage(sharp)).sharpness).toBeLessThan(measureQuality(sharp).sharpness ?? 0);
  });
});
