import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { decoderMemory } from "../../../../../src/media/transcode/decoderMemory.ts";
import type { RgbaImage } from "../../../../../src/media/transcode/rgbaImage.ts";
import { openJpeg } from "../../../../../src/media/transcode/scaled/jpeg/decodeScaledJpeg.ts";
import { decodeJpegRows, scaledFrame } from "../../../../../src/media/transcode/scaled/jpeg/jpegDecoding.ts";
import {
  bufferBytes,
  layOutBands,
  layOutFrame,
  storedBytes,
} from "../../../../../src/media/transcode/scaled/jpeg/jpegLayout.ts";
import { jpegToJpeg } from "../../../../../src/media/transcode/scaled/jpeg/jpegToJpeg.ts";
import { scaledRows } from "../../../../../src/media/transcode/scaled/scaledRows.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";
import { difference } from "../../../../support/media/pixelImages.ts";
import { concatenate } from "../../../../support/media/renderedImage.ts";
import { scaledImage } from "../../../../support/media/scaledImages.ts";

const LIMITS = { quality: 90, maxBytes: 20 * 1024 * 1024 };
const fixture = async (name: string) => await sampleBytes(`test/fixtures/jpeg/${name}.jpg`);

/** Decodes with room for the coefficients of `rows` rows of MCUs. */
async function inBands(bytes: Uint8Array, rows: number): Promise<{ image: RgbaImage; bands: number }> {
  const source = memorySource(bytes);
  const { segments, frame, scan } = await openJpeg(source, 0);
  const whole = layOutFrame(frame, scan, 65_535, Number.MAX_SAFE_INTEGER);
  const layout = layOutBands(frame, scan, () => bufferBytes(whole) + storedBytes({ ...whole, bandRows: rows }));
  const { width, height } = scaledFrame(layout);
  const rgba = new Uint8Array(width * height * 4);
  let at = 0;
  await decodeJpegRows({ source, segments, layout, scan, isTolerant: false }, decoderMemory(), {
    needsRow: () => true,
    skipRow: () => undefined,
    isComplete: () => false,
    addRow: (row) => {
      rgba.set(row, at);
      at += row.length;
    },
  });
  return { image: { width, height, rgba }, bands: Math.ceil(layout.mcuRows / layout.bandRows) };
}

describe("a JPEG of several scans", () => {
  it.each([
    ["progressive-420", 2, 6],
    ["progressive-444", 3, 7],
    ["progressive-grey", 4, 6],
    ["progressive-restart", 5, 5],
    ["scan-per-component", 2, 6],
    ["two-scans", 10, 2],
  ])("has the same pixels in bands: %s, %i rows of MCUs at a time", async (name, rows, expectedBands) => {
    const bytes = await fixture(name);
    const { image, bands } = await inBands(bytes, rows);
    expect(bands).toBe(expectedBands);
    expect(difference(image, await scaledImage(bytes, "jpeg", 1440)).largest).toBe(0);
  });

  it("becomes smaller if it takes too many bands", async () => {
    const bytes = await fixture("progressive-444");
    const { image, bands } = await inBands(bytes, 1);
    expect(image).toMatchObject({ width: 121, height: 82 });
    expect(bands).toBeLessThanOrEqual(8);
    await expect(inBands(bytes, -3)).rejects.toThrow("exceed the memory limit");
  });
});

describe("jpegToJpeg", () => {
  it.each(["420", "progressive-444", "progressive-grey", "two-scans", "display-p3"])(
    "encodes %s again and passes its rows on",
    async (name) => {
      const bytes = await fixture(name);
      const rows = scaledRows(100);
      const jpeg = await jpegToJpeg(memorySource(bytes), LIMITS, rows.openSink);
      expect(jpeg).toMatchObject({ width: 241, height: 163, damage: null, isReduced: false });
      const file = concatenate(jpeg.pieces);
      expect(difference(await scaledImage(file, "jpeg", 241), await scaledImage(bytes, "jpeg", 241)).mean).toBeLessThan(
        4,
      );
      const scaled = rows.finish();
      if (scaled.kind !== "image") throw new Error(scaled.reason);
      expect(difference(scaled.image, await scaledImage(bytes, "jpeg", 100)).mean).toBeLessThan(2.5);
    },
  );

  it("keeps the orientation", async () => {
    const bytes = await sampleBytes("0011_Landscape_6.jpg");
    const jpeg = await jpegToJpeg(memorySource(bytes), LIMITS);
    const [again, before] = [concatenate(jpeg.pieces), bytes];
    expect(difference(await scaledImage(again, "jpeg", 300), await scaledImage(before, "jpeg", 300)).mean).toBeLessThan(
      3,
    );
  });

  it("describes what a damaged file lacks", async () => {
    const bytes = await fixture("420");
    const jpeg = await jpegToJpeg(memorySource(bytes.subarray(0, 4000)), LIMITS);
    expect(jpeg.damage).toMatch(/^the file is damaged: \d+ % of the image is missing$/);
    await expect(jpegToJpeg(memorySource(bytes.subarray(0, 400)), LIMITS)).rejects.toThrow("truncated or damaged");
  });
});
