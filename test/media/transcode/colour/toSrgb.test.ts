import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { toSrgb } from "../../../../src/media/transcode/colour/toSrgb.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import {
  adobeRgb,
  buildProfile,
  curveTag,
  displayP3,
  gammaTag,
  parametricTag,
  proPhoto,
  rgbProfile,
  srgb,
  srgbCurve,
} from "../../../support/media/iccProfiles.ts";
import { difference, pixelAt } from "../../../support/media/pixelImages.ts";
import { encodePng } from "../../../support/media/pngs.ts";
import { paintImage } from "../../../support/media/qualityImages.ts";

/** Colours from a cube of 16 levels a side. */
function colourCube(): RgbaImage {
  return paintImage(64, 64, (x, y) => [(x % 16) * 17, (y % 16) * 17, ((x >> 4) + (y >> 4) * 4) * 17]);
}

function copyOf(image: RgbaImage): RgbaImage {
  return { ...image, rgba: image.rgba.slice() };
}

/** The Images binding of local development converts with littlecms. */
async function referenceOf(image: RgbaImage, icc: Uint8Array, colourType: 0 | 6): Promise<RgbaImage> {
  const { width, height, rgba } = image;
  const channels = colourType === 0 ? 1 : 4;
  const rows = new Uint8Array(height * (1 + width * channels));
  for (let i = 0; i < width * height; i++) {
    const at = Math.floor(i / width) * (1 + width * channels) + 1 + (i % width) * channels;
    rows.set(rgba.subarray(i * 4, i * 4 + channels), at);
  }
  const png = await encodePng({ width, height, colourType, icc }, rows);
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/png" });
  return await decodePng(new Uint8Array(await output.response().arrayBuffer()));
}

const adobeGamma = gammaTag(563 / 256);
/** A table of gamma 1.8, like those of older profiles. */
const gammaTable = curveTag(...Array.from({ length: 1024 }, (_, i) => Math.round(65_535 * (i / 1023) ** 1.8)));

describe("toSrgb", () => {
  it.each([
    ["Display P3", rgbProfile(displayP3, srgbCurve)],
    ["Adobe RGB", rgbProfile(adobeRgb, adobeGamma)],
    ["ProPhoto", rgbProfile(proPhoto, parametricTag(3, 1.8, 1, 0, 1 / 16, 1 / 32))],
    ["a table", rgbProfile(displayP3, gammaTable)],
    ["linear light", rgbProfile(srgb, curveTag())],
    ["function type 0", rgbProfile(srgb, parametricTag(0, 1.5))],
    ["function type 1", rgbProfile(srgb, parametricTag(1, 2, 1.1, -0.1))],
    ["function type 2", rgbProfile(srgb, parametricTag(2, 2.2, 1.1, -0.1, 0))],
    ["function type 4", rgbProfile(srgb, parametricTag(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.01, 0))],
  ])("converts as littlecms does: %s", async (_name, icc) => {
    const image = colourCube();
    const converted = toSrgb(copyOf(image), icc);
    if (converted === null) throw new Error("not supported");
    expect(difference(converted, image).mean).toBeGreaterThan(1);
    const { mean, largest } = difference(converted, await referenceOf(image, icc, 6));
    expect(mean).toBeLessThan(0.5);
    expect(largest).toBeLessThanOrEqual(3);
  });

  it.each([
    ["gamma 1.4", buildProfile({ colourSpace: "GRAY", tags: { kTRC: gammaTag(1.4) } })],
    ["lightness", buildProfile({ colourSpace: "GRAY", connectionSpace: "Lab ", tags: { kTRC: curveTag() } })],
  ])("converts grey profiles: %s", async (_name, icc) => {
    const image = paintImage(256, 2, (x) => x);
    const converted = toSrgb(copyOf(image), icc);
    if (converted === null) throw new Error("not supported");
    const { mean, largest } = difference(converted, await referenceOf(image, icc, 0));
    expect(mean).toBeLessThan(0.5);
    expect(largest).toBeLessThanOrEqual(3);
  });

  it("leaves the pixels of sRGB profiles as they are", () => {
    const image = colourCube();
    expect(toSrgb(copyOf(image), rgbProfile(srgb, srgbCurve))).toEqual(image);
    const table = curveTag(
      ...Array.from({ length: 1024 }, (_, i) => {
        const encoded = i / 1023;
        return Math.round(65_535 * (encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4));
      }),
    );
    expect(toSrgb(copyOf(image), rgbProfile(srgb, table))).toEqual(image);
  });

  it("converts in place, keeps transparency and clips colours outside sRGB", () => {
    const image = paintImage(2, 1, (x) => (x === 0 ? [0, 255, 0, 77] : [255, 0, 0, 0]));
    expect(toSrgb(image, rgbProfile(displayP3, srgbCurve))).toBe(image);
    expect(pixelAt(image, 0, 0)).toEqual([0, 255, 0, 77]);
    expect(pixelAt(image, 1, 0)).toEqual([255, 0, 0, 0]);
  });

  it("returns null for other kinds of profile and leaves the pixels unchanged", () => {
    const image = colourCube();
    const p3 = rgbProfile(displayP3, srgbCurve);
    const unsupported = {
      cmyk: buildProfile({ colourSpace: "CMYK", connectionSpace: "Lab ", tags: { A2B0: gammaTag(1) } }),
      table: buildProfile({ colourSpace: "RGB ", tags: { A2B0: gammaTag(1), rTRC: gammaTag(2) } }),
      "no matrix": buildProfile({
        colourSpace: "RGB ",
        tags: { rTRC: gammaTag(2), gTRC: gammaTag(2), bTRC: gammaTag(2) },
      }),
      "no grey curve": buildProfile({ colourSpace: "GRAY", tags: {} }),
      "unknown function": rgbProfile(displayP3, parametricTag(5, 1, 1, 1)),
      "table beyond the tag": rgbProfile(displayP3, curveTag(0, 1, 2, 3).subarray(0, 14)),
      "not a profile": new TextEncoder().encode("x".repeat(300)),
      empty: new Uint8Array(),
    };
    for (const [name, icc] of Object.entries(unsupported)) {
      const before = copyOf(image);
      expect(toSrgb(before, icc), name).toBeNull();
      expect(before, name).toEqual(image);
    }
    expect(toSrgb(copyOf(image), p3)).not.toBeNull();
  });

  it("survives every truncation and byte change of a profile", () => {
    const profile = rgbProfile(displayP3, parametricTag(4, 2.4, 1, 0, 1, 0.1, 0, 0));
    const pixel = () => paintImage(1, 1, () => [10, 200, 90, 40]);
    for (let length = 0; length < profile.length; length += 3) toSrgb(pixel(), profile.slice(0, length));
    for (let at = 0; at < profile.length; at++) {
      const damaged = profile.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      expect(toSrgb(pixel(), damaged)?.rgba[3] ?? 40).toBe(40);
    }
  });
});
