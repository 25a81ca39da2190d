import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { bmpToJpeg } from "../../../../src/media/transcode/bmpToJpeg.ts";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import { JpegTooLargeError } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { pngToJpeg } from "../../../../src/media/transcode/png/pngToJpeg.ts";
import {
  MAX_SCALED_ROWS_BYTES,
  scaledRows,
  type ScaledRows,
} from "../../../../src/media/transcode/scaled/scaledRows.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { nearestColour, quadrantPng } from "../../../support/media/images.ts";
import { largeBmp } from "../../../support/media/largeLayouts.ts";
import { difference } from "../../../support/media/pixelImages.ts";
import { limits, renderJpeg } from "../../../support/media/renderedImage.ts";

function imageOf(rows: ScaledRows): RgbaImage {
  const result = rows.finish();
  if (result.kind === "unsupported") throw new Error(result.reason);
  expect(result.peakBytes).toBeLessThanOrEqual(MAX_SCALED_ROWS_BYTES);
  return result.image;
}

function cornersOf({ width, height, rgba }: RgbaImage): string[] {
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => {
      const at = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
      return nearestColour(rgba.subarray(at, at + 4));
    }),
  );
}

describe("scaledRows", () => {
  it("makes a HEIC's small image in the pass that makes its JPEG", async () => {
    const rows = scaledRows(100);
    const jpeg = await heicToJpeg(await sampleBytes("IMG_7943.HEIC"), limits, rows.openSink);
    // The JPEG has the same colour profile, Display P3, and its own losses.
    expect(difference(imageOf(rows), await renderJpeg(jpeg.pieces)).mean).toBeLessThan(3);
  });

  it("turns rows upright", async () => {
    const turned = async (orientation?: number) => {
      const rows = scaledRows(32, orientation);
      await pngToJpeg(memorySource(await quadrantPng(96, 64)), limits, rows.openSink);
      return imageOf(rows);
    };
    const plain = await turned();
    expect(plain).toMatchObject({ width: 32, height: 21 });
    expect(cornersOf(plain)).toEqual(["red", "green", "blue", "white"]);
    const rotated = await turned(6);
    expect(rotated).toMatchObject({ width: 21, height: 32 });
    expect(cornersOf(rotated)).toEqual(["blue", "red", "white", "green"]);
  });

  it("has the image of the last pass", async () => {
    const rows = scaledRows(100);
    await expect(bmpToJpeg(largeBmp(64, 48, 24), { quality: 90, maxBytes: 10 }, rows.openSink)).rejects.toThrow(
      JpegTooLargeError,
    );
    await bmpToJpeg(largeBmp(64, 48, 24), limits, rows.openSink);
    expect(imageOf(rows)).toMatchObject({ width: 64, height: 48 });
  });

  it("has no image before the last row", async () => {
    const none = { kind: "unsupported", reason: "the decoder made no small image" };
    const unfinished = { kind: "unsupported", reason: "the decoder ended before its last row" };
    const rows = scaledRows(100);
    expect(rows.finish()).toEqual(none);
    const sink = rows.openSink({ width: 2, height: 2, orientation: 1, icc: null });
    sink.addRow(new Uint8Array(6), 0);
    expect(rows.finish()).toEqual(unfinished);
  });

  it("reports a colour profile that can't be converted", async () => {
    const rows = scaledRows(100);
    const sink = rows.openSink({ width: 1, height: 1, orientation: 1, icc: new Uint8Array(200) });
    sink.addRow(new Uint8Array(3), 0);
    expect(rows.finish()).toMatchObject({ kind: "unsupported", reason: expect.stringContaining("colour profile") });
  });

  it("leaves the JPEG alone if the small image exceeds the memory", () => {
    const rows = scaledRows(4000);
    const sink = rows.openSink({ width: 4000, height: 3000, orientation: 1, icc: null });
    sink.addRow(new Uint8Array(12_000), 0);
    expect(rows.finish()).toEqual({ kind: "unsupported", reason: "the decoder made no small image" });
  });

  it("holds the largest preview of the widest image", () => {
    const rows = scaledRows(1440);
    const sink = rows.openSink({ width: 65_535, height: 2, orientation: 1, icc: null });
    const row = new Uint8Array(65_535 * 3);
    sink.addRow(row, 0);
    sink.addRow(row, 0);
    expect(imageOf(rows)).toMatchObject({ width: 1440, height: 1 });
    const square = rows.openSink({ width: 1440, height: 1440, orientation: 8, icc: null });
    for (let y = 0; y < 1440; y++) square.addRow(row, 0);
    expect(imageOf(rows)).toMatchObject({ width: 1440, height: 1440 });
  });
});
