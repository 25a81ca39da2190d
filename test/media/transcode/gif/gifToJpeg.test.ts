import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { MAX_DECODER_BYTES } from "../../../../src/media/transcode/decoderMemory.ts";
import { gifToJpeg } from "../../../../src/media/transcode/gif/gifToJpeg.ts";
import { scaledRows } from "../../../../src/media/transcode/scaled/scaledRows.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { animationBytes } from "../../../support/media/animations.ts";
import { buildGif, gifColour } from "../../../support/media/gifs.ts";
import { difference } from "../../../support/media/pixelImages.ts";
import { concatenate } from "../../../support/media/renderedImage.ts";
import { renderedImage, scaledImage } from "../../../support/media/scaledImages.ts";

const LIMITS = { quality: 95, maxBytes: 20 * 1024 * 1024 };

describe("gifToJpeg", () => {
  it.each(["0010_test.gif", "interlaced.gif", "parts.gif", "black-first.gif"])(
    "shows the first frame of %s as the renderer does",
    async (name) => {
      const bytes = name.startsWith("0") ? await sampleBytes(name) : await animationBytes(name);
      const jpeg = await gifToJpeg(memorySource(bytes), LIMITS);
      const image = await scaledImage(concatenate(jpeg.pieces), "jpeg", 1440);
      expect(jpeg.damage).toBeNull();
      expect(difference(image, await renderedImage(bytes, 1440)).mean).toBeLessThan(6);
    },
  );

  it("streams a screen of 64 megapixels within its memory", async () => {
    const [width, height] = [8000, 8000];
    // Wide steps, so that the compression of the JPEG shows no edge.
    const bytes = buildGif({ width, height: 1500, indexAt: (x) => x >> 6, top: 1000, screen: { width, height } });
    const rows = scaledRows(400);
    const jpeg = await gifToJpeg(memorySource(bytes), LIMITS, rows.openSink);
    expect(jpeg).toMatchObject({ width, height, damage: null });
    expect(jpeg.peakBytes).toBeLessThan(MAX_DECODER_BYTES);
    const scaled = rows.finish();
    if (scaled.kind !== "image") throw new Error(scaled.reason);
    const colourAt = (x: number, y: number) => [
      ...scaled.image.rgba.subarray((y * 400 + x) * 4, (y * 400 + x) * 4 + 3),
    ];
    expect(colourAt(200, 20)).toEqual([255, 255, 255]);
    expect(colourAt(200, 300)).toEqual([255, 255, 255]);
    const [red, green, blue] = colourAt(200, 80);
    const [r, g, b] = gifColour(4000 >> 6);
    expect(Math.max(Math.abs((red ?? 0) - r), Math.abs((green ?? 0) - g), Math.abs((blue ?? 0) - b))).toBeLessThan(4);
  }, 60_000);

  it("places a frame on its screen, which grows to it", async () => {
    const place = { width: 40, height: 30, left: 50, top: 20 };
    const bytes = buildGif({ ...place, indexAt: () => 100, screen: { width: 20, height: 20 } });
    const jpeg = await gifToJpeg(memorySource(bytes), LIMITS);
    expect(jpeg).toMatchObject({ width: 90, height: 50 });
    const { rgba } = await scaledImage(concatenate(jpeg.pieces), "jpeg", 1440);
    const at = (x: number, y: number) => [...rgba.subarray((y * 90 + x) * 4, (y * 90 + x) * 4 + 3)];
    expect(Math.min(...at(10, 10))).toBeGreaterThan(250);
    expect(at(70, 35)[2]).toBeLessThan(70);
  });

  it("shows a truncated file as far as it goes", async () => {
    const bytes = buildGif({ width: 200, height: 100, indexAt: (_, y) => y });
    const jpeg = await gifToJpeg(memorySource(bytes.subarray(0, bytes.length / 2)), LIMITS);
    expect(jpeg.damage).toMatch(/^the file is damaged: 5\d % of the image is missing$/);
    for (const length of [3, 13, 500]) {
      await expect(gifToJpeg(memorySource(bytes.subarray(0, length)), LIMITS)).rejects.toThrow("truncated");
    }
    const interlaced = await animationBytes("interlaced.gif");
    await expect(gifToJpeg(memorySource(interlaced.subarray(0, 3000)), LIMITS)).rejects.toThrow("truncated");
  });

  it("refuses sizes that no decoder has memory or time for", async () => {
    const bytes = Uint8Array.from(await animationBytes("interlaced.gif"));
    const descriptorAt = bytes.indexOf(0x2c, 13 + 3 * 128);
    bytes.set([0xff, 0xff, 0xff, 0xff], descriptorAt + 5);
    await expect(gifToJpeg(memorySource(bytes), LIMITS)).rejects.toThrow("too large to decode");
    bytes.set([0x40, 0x1f, 0x40, 0x1f], descriptorAt + 5);
    await expect(gifToJpeg(memorySource(bytes), LIMITS)).rejects.toThrow("memory limit");
  });
});
