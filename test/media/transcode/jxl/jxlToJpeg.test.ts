import { describe, expect, it } from "vitest";
import { MAX_WHOLE_IMAGE_BYTES } from "../../../../src/media/transcode/decoderMemory.ts";
import { jxlToJpeg, MAX_JXL_BYTES } from "../../../../src/media/transcode/jxl/jxlToJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { seededRandom } from "../../../support/media/mutations.ts";
import { limits } from "../../../support/media/renderedImage.ts";
import { ssim } from "../../../support/media/ssim.ts";
import {
  cropped,
  decodedStill,
  greyOf,
  mapPixels,
  meanDifference,
  referenceStill,
  stillBytes,
} from "../../../support/media/stills.ts";

const same = (image: RgbaImage) => image;
const middle = (image: RgbaImage) => cropped(image, 128, 96);

/** The right half is transparent. */
function halfOnWhite(image: RgbaImage): RgbaImage {
  return mapPixels(middle(image), { width: 128, height: 96 }, (x, y) => (x < 64 ? [x, y] : null));
}

function turnedRight(image: RgbaImage): RgbaImage {
  return mapPixels(image, { width: image.height, height: image.width }, (x, y) => [y, image.height - 1 - x]);
}

describe("jxlToJpeg", () => {
  it.each<[string, (reference: RgbaImage) => RgbaImage]>([
    ["lossy", same],
    ["lossless", middle],
    ["lossless-16-bits", middle],
    ["lossy-16-bits", middle],
    ["lossy-alpha", halfOnWhite],
    ["lossless-alpha", halfOnWhite],
    ["grey", (image) => greyOf(middle(image))],
    ["grey-lossless", (image) => greyOf(middle(image))],
    ["progressive", same],
    ["progressive-dc", same],
    ["centre-first", same],
    ["from-jpeg", turnedRight],
    ["animated", (image) => cropped(image, 96, 64)],
  ])("shows %s like the picture that it was made from", async (name, expected) => {
    const image = await decodedStill(`${name}.jxl`, jxlToJpeg);
    const reference = expected(await referenceStill());
    expect(ssim(image, reference)).toBeGreaterThan(0.98);
    expect(meanDifference(image, reference)).toBeLessThan(3);
  });

  it("shows photon noise", async () => {
    const image = await decodedStill("photon-noise.jxl", jxlToJpeg);
    expect(ssim(image, await referenceStill())).toBeGreaterThan(0.95);
  });

  it.each(["pq", "hlg"])("shows %s with the tones of the SDR picture", async (name) => {
    const image = await decodedStill(`${name}.jxl`, jxlToJpeg);
    const reference = await referenceStill();
    expect(ssim(image, reference)).toBeGreaterThan(0.95);
    expect(meanDifference(image, reference)).toBeLessThan(12);
  });

  it("converts Display P3 to sRGB", async () => {
    const image = await decodedStill("display-p3.jxl", jxlToJpeg);
    const reference = middle(await referenceStill());
    const saturationOf = ({ rgba }: RgbaImage) => {
      let sum = 0;
      for (let at = 0; at < rgba.length; at += 4) {
        const rgb = rgba.subarray(at, at + 3);
        sum += Math.max(...rgb) - Math.min(...rgb);
      }
      return sum;
    };
    // The values of sRGB, taken for those of P3, are more saturated colours.
    expect(saturationOf(image)).toBeGreaterThan(1.05 * saturationOf(reference));
    expect(ssim(image, reference)).toBeGreaterThan(0.97);
  });

  it("decodes 12 megapixels within its memory", async () => {
    const jpeg = await jxlToJpeg(await stillBytes("12-megapixels.jxl"), limits);
    expect(jpeg).toMatchObject({ width: 4000, height: 3000 });
    expect(jpeg.heapBytes).toBeLessThan(50 * 2 ** 20);
    expect(jpeg.peakBytes).toBeLessThan(MAX_WHOLE_IMAGE_BYTES);
  });

  it("ends with a reason for truncated, damaged and large files", async () => {
    const file = await stillBytes("lossy.jxl");
    for (const length of [2, 10, 100, file.length >> 1, file.length - 1])
      await expect(jxlToJpeg(file.subarray(0, length), limits)).rejects.toThrow("the JPEG XL is");
    const random = seededRandom(17);
    const damaged = Uint8Array.from(file, (byte, i) => (i > 200 && random(20) === 0 ? random(256) : byte));
    await expect(jxlToJpeg(damaged, limits)).rejects.toThrow("the JPEG XL is");
    await expect(jxlToJpeg(new Uint8Array(MAX_JXL_BYTES + 1), limits)).rejects.toThrow("more than 24 MB");
  });

  it("ends with a reason if the image needs more than its memory", async () => {
    const file = await stillBytes("12-megapixels.jxl");
    const padded = new Uint8Array(MAX_JXL_BYTES);
    padded.set(file);
    await expect(jxlToJpeg(padded, limits)).rejects.toThrow("memory limit");
  });
});
