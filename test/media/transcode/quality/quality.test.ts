import { describe, expect, it } from "vitest";
import { env } from "cloudflare:workers";
import { decodePng, type Picture } from "../../../../src/media/transcode/png/decodePng.ts";
import { measureQuality, qualityKeys } from "../../../../src/media/transcode/quality/quality.ts";
import { shrinkToPng } from "../../../../src/providers/renderers/renderPng.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { blurred, noisy, painted, randoms } from "../../../support/media/qualityImages.ts";

const checkerboard = painted(64, 64, (x, y) => ((x + y) % 2) * 255);

async function photo(name: string): Promise<Picture> {
  const body = new Blob([await sampleBytes(name)]).stream();
  const png = await shrinkToPng(env.IMAGES, body, 512);
  if (png.kind !== "rendered") throw new Error(png.reason);
  return await decodePng(png.bytes);
}

describe("quality figures of pictures that are known", () => {
  it("are zero for a flat grey, but for its brightness", () => {
    expect(measureQuality(painted(50, 40, () => 51))).toEqual({
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

  it("reach their ends for a checkerboard of black and white", () => {
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

  it("count clipping by share: all black, all white", () => {
    expect(measureQuality(painted(9, 9, () => 2))).toMatchObject({ clipped_shadows: 1, clipped_highlights: 0 });
    expect(measureQuality(painted(9, 9, () => 253))).toMatchObject({ clipped_shadows: 0, clipped_highlights: 1 });
    expect(measureQuality(painted(9, 9, () => 3))).toMatchObject({ clipped_shadows: 0 });
  });

  it("give a gradient of all 256 greys 8 bits of entropy, the most there is", () => {
    const { entropy, exposure } = measureQuality(painted(256, 16, (x) => x));
    expect(entropy).toBe(8);
    expect(exposure).toBe(0.5);
  });

  it.each([2, 5, 10, 20])("recover noise of deviation %i within a tenth", (sigma) => {
    const { noise } = measureQuality(noisy(256, sigma, sigma));
    expect(noise).toBeGreaterThan(sigma * 0.9);
    expect(noise).toBeLessThan(sigma * 1.1);
  });

  it("find no noise in a smooth slope", () => {
    expect(measureQuality(painted(128, 128, (x, y) => x + y)).noise).toBe(0);
  });

  it("lose sharpness with every blur", () => {
    const next = randoms(7);
    let picture = painted(128, 128, () => Math.floor(next() * 256));
    let sharpness = measureQuality(picture).sharpness ?? 0;
    for (let pass = 0; pass < 5; pass++) {
      picture = blurred(picture);
      const softer = measureQuality(picture).sharpness ?? 1;
      expect(softer).toBeLessThan(sharpness);
      sharpness = softer;
    }
  });

  it("follow the formula of Hasler and Süsstrunk for two flat colours", () => {
    // Half red (rg 255, yb 127.5), half blue (rg 0, yb -255): deviations 127.5 and 191.25, means 127.5 and -63.75.
    const halves = painted(10, 10, (x) => (x < 5 ? [255, 0, 0] : [0, 0, 255]));
    const expected = Math.hypot(127.5, 191.25) + 0.3 * Math.hypot(127.5, -63.75);
    expect(measureQuality(halves).colourfulness).toBeCloseTo(expected, 4);
  });

  it("weigh green most and blue least, as BT.709 does", () => {
    expect(measureQuality(painted(3, 3, () => [255, 0, 0])).exposure).toBe(0.2126);
    expect(measureQuality(painted(3, 3, () => [0, 255, 0])).exposure).toBe(0.7152);
    expect(measureQuality(painted(3, 3, () => [0, 0, 255])).exposure).toBe(0.0722);
  });
});

describe("quality figures where there is little to see", () => {
  it("a picture of one pixel has brightness, and neither sharpness nor noise", () => {
    expect(measureQuality(painted(1, 1, () => 255))).toEqual({
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

  it("a strip one pixel wide is measured as far as it goes", () => {
    const figures = measureQuality(painted(1, 512, (_x, y) => y / 2));
    expect(figures).toMatchObject({ sharpness: null, noise: null });
    expect(figures.entropy).toBeGreaterThan(7.9);
  });

  it("what is transparent does not count, whatever colour hides there", () => {
    const half = (hidden: number) => painted(40, 40, (x) => (x < 20 ? [100, 150, 200, 255] : [hidden, 0, 0, 0]));
    const figures = measureQuality(half(255));
    expect(figures).toEqual(measureQuality(half(0)));
    expect(figures).toMatchObject({ sharpness: 0, contrast: 0, noise: 0, entropy: 0 });
  });

  it("a picture that is all transparent has no figures", () => {
    const figures = measureQuality(painted(20, 20, () => [9, 9, 9, 0]));
    expect(Object.values(figures)).toEqual(qualityKeys.map(() => null));
  });

  it("a picture that was not shrunk first is refused", () => {
    expect(() => measureQuality({ width: 513, height: 513, rgba: new Uint8Array(513 * 513 * 4) })).toThrow("too large");
  });
});

describe("quality figures of photos", () => {
  it.each(["0003_cyclamen_persicum.jpg", "0016_prairie_falcon.jpg", "0024_denali.webp", "0013_new_location_shown.png"])(
    "are within their ranges and the same every time: %s",
    async (name) => {
      const picture = await photo(name);
      const figures = measureQuality(picture);
      expect(measureQuality(picture)).toEqual(figures);
      for (const key of ["sharpness", "exposure", "clipped_shadows", "clipped_highlights"] as const) {
        expect(figures[key], key).toBeGreaterThanOrEqual(0);
        expect(figures[key], key).toBeLessThanOrEqual(1);
      }
      expect(figures.contrast).toBeLessThanOrEqual(0.5);
      expect(figures.entropy).toBeGreaterThan(3);
      expect(figures.entropy).toBeLessThanOrEqual(8);
      expect(figures.noise).toBeGreaterThan(0);
    },
  );

  it("a flower is more colourful than a snowy mountain, and a falcon sharper than its blurred copy", async () => {
    const flower = measureQuality(await photo("0003_cyclamen_persicum.jpg"));
    const mountain = measureQuality(await photo("0024_denali.webp"));
    expect(flower.colourfulness).toBeGreaterThan(mountain.colourfulness ?? 0);

    const sharp = await photo("0016_prairie_falcon.jpg");
    expect(measureQuality(blurred(sharp)).sharpness).toBeLessThan(measureQuality(sharp).sharpness ?? 0);
  });
});
