import { describe, expect, it } from "vitest";
import { avifToJpeg } from "../../../../src/media/transcode/heif/avifToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { expectColour, limits, meanColour, renderJpeg } from "../../../support/media/renderedImage.ts";

describe("avifToJpeg", () => {
  it("keeps size and colours", async () => {
    const avif = await sampleBytes("8bit-sRGB.avif");
    const jpeg = await avifToJpeg(avif, limits);
    expect(jpeg).toMatchObject({ width: 1617, height: 1080 });
    expect(jpeg.heapBytes).toBeLessThan(72 * 1024 * 1024);
    // The Images binding of local development reads AVIF too.
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), meanColour(await renderJpeg([avif])));
  }, 30_000);

  it("rejects truncated and oversized files with a reason", async () => {
    const avif = await sampleBytes("8bit-sRGB.avif");
    await expect(avifToJpeg(avif.subarray(0, 100_000), limits)).rejects.toThrow("the AV1 data is damaged");
    const huge = Uint8Array.from(avif);
    const at = huge.findIndex((_, i) => String.fromCharCode(...huge.subarray(i, i + 4)) === "ispe");
    new DataView(huge.buffer).setUint32(at + 8, 40_000);
    await expect(avifToJpeg(huge, limits)).rejects.toThrow("tiles of 40000 × 1080");
  });
});
