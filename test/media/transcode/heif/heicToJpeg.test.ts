import { describe, expect, it } from "vitest";
import { MAX_WHOLE_IMAGE_BYTES } from "../../../../src/media/transcode/decoderMemory.ts";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { heicOfFilm } from "../../../support/media/heics.ts";
import { limits } from "../../../support/media/renderedImage.ts";
import { ssim } from "../../../support/media/ssim.ts";
import {
  decodedStill,
  decodedBytes,
  greyOf,
  meanDifference,
  referenceStill,
  stillBytes,
} from "../../../support/media/stills.ts";

const same = (image: RgbaImage) => image;

describe("heicToJpeg", () => {
  it.each<[string, (reference: RgbaImage) => RgbaImage]>([
    ["one-tile", same],
    ["grey", greyOf],
    ["4-4-4", same],
  ])("shows %s like the picture that it was made from", async (name, expected) => {
    const image = await decodedStill(`${name}.heic`, heicToJpeg);
    const reference = expected(await referenceStill());
    expect(ssim(image, reference)).toBeGreaterThan(0.98);
    expect(meanDifference(image, reference)).toBeLessThan(3);
  });

  it.each([
    ["stream", "pq-hevc.mp4", null],
    ["container", "hlg-hevc.mp4", { primaries: 9, transfer: 18, matrix: 9, isFullRange: true }],
  ])("shows HDR of 10 bits with the tones of the SDR picture, told by the %s", async (_by, name, colour) => {
    const file = heicOfFilm(await stillBytes(name), { width: 320, height: 214 }, colour);
    const image = await decodedBytes(file, heicToJpeg);
    const reference = await referenceStill();
    expect(ssim(image, reference)).toBeGreaterThan(0.95);
    expect(meanDifference(image, reference)).toBeLessThan(13);
  });

  it("decodes 12 megapixels in one tile within its memory", async () => {
    const jpeg = await heicToJpeg(await stillBytes("12-megapixels.heic"), limits);
    expect(jpeg).toMatchObject({ width: 4000, height: 3000 });
    expect(jpeg.heapBytes).toBeLessThan(62 * 2 ** 20);
    expect(jpeg.peakBytes).toBeLessThan(MAX_WHOLE_IMAGE_BYTES);
  });

  it("ends with a reason if the image needs more than its memory", async () => {
    const file = new Uint8Array(24 * 2 ** 20);
    file.set(await stillBytes("12-megapixels.heic"));
    await expect(heicToJpeg(file, limits)).rejects.toThrow("the HEIC needs more than the memory limit");
  });
});
