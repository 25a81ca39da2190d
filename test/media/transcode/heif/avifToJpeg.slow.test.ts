import { describe, expect, it } from "vitest";
import { avifToJpeg } from "../../../../src/media/transcode/heif/avifToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { expectColour, limits, meanColour, shown } from "../../../support/media/renderedImage.ts";

describe("an AVIF", () => {
  it("becomes a JPEG of the same size and colours", async () => {
    const avif = await sampleBytes("0020_8bit-sRGB.avif");
    const jpeg = await avifToJpeg(avif, limits);
    expect(jpeg).toMatchObject({ width: 1617, height: 1080 });
    expect(jpeg.heapBytes).toBeLessThan(72 * 1024 * 1024);
    // What Images, which reads AVIF in local development, makes of the original.
    expectColour(meanColour(await shown(jpeg.pieces)), meanColour(await shown([avif])));
  }, 30_000);

  it("is refused with a reason where it is cut short or more than memory allows", async () => {
    const avif = await sampleBytes("0020_8bit-sRGB.avif");
    await expect(avifToJpeg(avif.subarray(0, 100_000), limits)).rejects.toThrow("the AVIF is broken");
    const huge = Uint8Array.from(avif);
    const at = huge.findIndex((_, i) => String.fromCharCode(...huge.subarray(i, i + 4)) === "ispe");
    new DataView(huge.buffer).setUint32(at + 8, 40_000);
    await expect(avifToJpeg(huge, limits)).rejects.toThrow("40000 × 1080 is more than can be decoded here");
  });
});
