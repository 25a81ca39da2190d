import { describe, expect, it } from "vitest";
import { MAX_WHOLE_IMAGE_BYTES } from "../../../../src/media/transcode/decoderMemory.ts";
import { avifToJpeg } from "../../../../src/media/transcode/heif/avifToJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
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

/** The right half is transparent. */
function onWhite(image: RgbaImage): RgbaImage {
  return mapPixels(image, image, (x, y) => (x < 160 ? [x, y] : null));
}

function turnedLeft(image: RgbaImage): RgbaImage {
  const { width, height } = image;
  return mapPixels(image, { width: height, height: width }, (x, y) => [width - 1 - y, x]);
}

const same = (image: RgbaImage) => image;

describe("avifToJpeg", () => {
  it.each<[string, (reference: RgbaImage) => RgbaImage]>([
    ["4-2-0", same],
    ["4-2-2", same],
    ["4-4-4-10-bits", same],
    ["rgb-lossless", (image) => cropped(image, 128, 96)],
    ["grey", greyOf],
    ["limited-range", same],
    ["rotated", turnedLeft],
    ["grid", (image) => cropped(image, 320, 192)],
    ["alpha", onWhite],
    ["alpha-premultiplied", onWhite],
  ])("shows %s like the picture that it was made from", async (name, expected) => {
    const image = await decodedStill(`${name}.avif`, avifToJpeg);
    const reference = expected(await referenceStill());
    expect(ssim(image, reference)).toBeGreaterThan(0.98);
    expect(meanDifference(image, reference)).toBeLessThan(3);
  });

  it.each(["pq", "hlg"])("shows %s with the tones of the SDR picture", async (name) => {
    const image = await decodedStill(`${name}.avif`, avifToJpeg);
    const reference = await referenceStill();
    expect(ssim(image, reference)).toBeGreaterThan(0.95);
    expect(meanDifference(image, reference)).toBeLessThan(12);
  });

  it.each([
    ["12-megapixels", 26],
    ["12-megapixels-10-bits", 45],
    ["12-megapixels-4-4-4-10-bits", 82],
  ])("decodes %s in %i MB", async (name, megabytes) => {
    const jpeg = await avifToJpeg(await stillBytes(`${name}.avif`), limits);
    expect(jpeg).toMatchObject({ width: 4000, height: 3000 });
    expect(jpeg.heapBytes).toBeLessThan(megabytes * 2 ** 20);
    expect(jpeg.peakBytes).toBeLessThan(MAX_WHOLE_IMAGE_BYTES);
  });

  it("ends with a reason if the image needs more than its memory", async () => {
    const file = new Uint8Array(16 * 2 ** 20);
    file.set(await stillBytes("12-megapixels-4-4-4-10-bits.avif"));
    await expect(avifToJpeg(file, limits)).rejects.toThrow("memory limit");
  });
});
