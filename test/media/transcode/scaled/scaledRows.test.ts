import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { avifToJpeg } from "../../../../src/media/transcode/heif/avifToJpeg.ts";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import type { RgbaImage } from "../../../../src/media/transcode/png/decodePng.ts";
import { pngToJpeg } from "../../../../src/media/transcode/png/pngToJpeg.ts";
import { orientImage } from "../../../../src/media/transcode/scaled/orientImage.ts";
import { scaledRows, type ScaledRows } from "../../../../src/media/transcode/scaled/scaledRows.ts";
import { tiffToJpeg } from "../../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { nearestColour, quadrantPng } from "../../../support/media/images.ts";
import { largeTiff, noise } from "../../../support/media/largeLayouts.ts";
import { expectColour, limits, meanColour, renderJpeg } from "../../../support/media/renderedImage.ts";

/** Runs a decoder with the sink, and returns the mean colours of its JPEG and of the scaled image. */
async function compare(convert: (rows: ScaledRows) => Promise<{ pieces: Uint8Array[] }>, edgePx: number) {
  const rows = scaledRows(edgePx);
  const { pieces } = await convert(rows);
  const image = rows.finish();
  if (image === null) throw new Error("the sink has no image");
  return { image, scaled: meanColour(image), jpeg: meanColour(await renderJpeg(pieces)) };
}

const cornersOf = ({ width, height, rgba }: RgbaImage) =>
  [
    [0.25, 0.25],
    [0.75, 0.25],
    [0.25, 0.75],
    [0.75, 0.75],
  ].map(([x = 0, y = 0]) => nearestColour(rgba.subarray((Math.floor(height * y) * width + Math.floor(width * x)) * 4)));

describe("the scaled rows of a decoder", () => {
  it("are the same image as the display proxy of a HEIC, upright and smaller", async () => {
    const heic = await sampleBytes("IMG_2682.heic");
    const { image, scaled, jpeg } = await compare((rows) => heicToJpeg(heic, limits, rows.open), 720);
    expect([image.width, image.height]).toEqual([720, 540]);
    expectColour(scaled, jpeg, 3);
  });

  it("are the same image as the display proxy of an AVIF", async () => {
    const avif = await sampleBytes("8bit-sRGB.avif");
    const { image, scaled, jpeg } = await compare((rows) => avifToJpeg(avif, limits, rows.open), 360);
    expect(Math.max(image.width, image.height)).toBe(360);
    expectColour(scaled, jpeg, 3);
  });

  it("keep the size of a small image and turn it by its orientation", async () => {
    const tiff = largeTiff({ width: 64, height: 48, rowsPerStrip: 8, pattern: noise(1021), segmentBytes: 64 * 3 * 8 });
    const { image } = await compare((rows) => tiffToJpeg(tiff, limits, 6, rows.open), 360);
    expect([image.width, image.height]).toEqual([48, 64]);
  });

  it("are missing after a pass that stopped early", async () => {
    const rows = scaledRows(360);
    const png = memorySource(await quadrantPng(640, 480));
    await expect(pngToJpeg(png, { ...limits, maxBytes: 700 }, rows.open)).rejects.toThrow("exceeds");
    expect(rows.finish()).toBeNull();
    await pngToJpeg(png, limits, rows.open);
    expect(cornersOf(rows.finish() ?? { width: 1, height: 1, rgba: new Uint8Array() })).toEqual([
      "red",
      "green",
      "blue",
      "white",
    ]);
  });
});

describe("orientImage", () => {
  it("turns all eight orientations upright", () => {
    // One byte a pixel, three columns and two rows; displayed order by orientation.
    const expected: [number, string][] = [
      [1, "abc/def"],
      [2, "cba/fed"],
      [3, "fed/cba"],
      [4, "def/abc"],
      [5, "ad/be/cf"],
      [6, "da/eb/fc"],
      [7, "fc/eb/da"],
      [8, "cf/be/ad"],
    ];
    const rgba = new Uint8Array([..."abcdef"].flatMap((letter) => [letter.charCodeAt(0), 0, 0, 255]));
    for (const [orientation, text] of expected) {
      const { width, height, rgba: turned } = orientImage({ width: 3, height: 2, rgba }, orientation);
      const letters = Array.from({ length: 6 }, (_, i) => String.fromCharCode(turned[i * 4] ?? 0));
      const rows = Array.from({ length: height }, (_, y) => letters.slice(y * width, (y + 1) * width).join(""));
      expect(rows.join("/"), `orientation ${orientation}`).toBe(text);
    }
  });
});
