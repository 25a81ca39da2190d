import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { bmpToJpeg } from "../../../../src/media/transcode/bmpToJpeg.ts";
import { avifToJpeg } from "../../../../src/media/transcode/heif/avifToJpeg.ts";
import { heicToJpeg } from "../../../../src/media/transcode/heif/heicToJpeg.ts";
import { JpegTooLargeError, type JpegLimits } from "../../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { pngToJpeg } from "../../../../src/media/transcode/png/pngToJpeg.ts";
import type { DecodedRows, OpenRowSink } from "../../../../src/media/transcode/scaled/rowSink.ts";
import { tiffToJpeg } from "../../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { quadrantPng } from "../../../support/media/images.ts";
import { largeBmp, largeTiff, noise } from "../../../support/media/largeLayouts.ts";
import { expectColour, limits, meanColour, renderJpeg } from "../../../support/media/renderedImage.ts";

type Convert = (
  limits: JpegLimits,
  openSink: OpenRowSink,
) => Promise<{ pieces: Uint8Array[]; width: number; height: number }>;

const png = async () => memorySource(await quadrantPng(64, 48));
const tiff = () =>
  largeTiff({ width: 64, height: 48, rowsPerStrip: 8, pattern: noise(1021), segmentBytes: 64 * 3 * 8 });

const decoders: [string, Convert][] = [
  ["PNG", async (jpeg, sink) => await pngToJpeg(await png(), jpeg, sink)],
  ["BMP", async (jpeg, sink) => await bmpToJpeg(largeBmp(64, 48, 24), jpeg, sink)],
  ["TIFF in strips", async (jpeg, sink) => await tiffToJpeg(tiff(), jpeg, 6, sink)],
  ["HEIC", async (jpeg, sink) => await heicToJpeg(await sampleBytes("IMG_7943.HEIC"), jpeg, sink)],
  ["AVIF", async (jpeg, sink) => await avifToJpeg(await sampleBytes("8bit-sRGB.avif"), jpeg, sink)],
];

function recorder() {
  const passes: { rows: DecodedRows; colours: number[]; count: number }[] = [];
  const open: OpenRowSink = (rows) => {
    const pass = { rows, colours: [0, 0, 0], count: 0 };
    passes.push(pass);
    return {
      addRow: (rgb, at) => {
        pass.count++;
        for (let x = 0; x < rows.width; x++)
          for (let i = 0; i < 3; i++) pass.colours[i] = (pass.colours[i] ?? 0) + (rgb[at + x * 3 + i] ?? 0);
      },
    };
  };
  return { passes, open };
}

describe.each(decoders)("the decoder of %s", (_name, convert) => {
  it("passes every row of the JPEG to the sink", async () => {
    const { passes, open } = recorder();
    const jpeg = await convert(limits, open);
    expect(passes).toHaveLength(1);
    const [pass] = passes;
    expect(pass).toMatchObject({ count: jpeg.height, rows: { width: jpeg.width, height: jpeg.height } });
    const mean = (pass?.colours ?? []).map((sum) => sum / (jpeg.width * jpeg.height));
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), mean, 6);
  });

  it("starts again with the next quality", async () => {
    const { passes, open } = recorder();
    await expect(convert({ quality: 90, maxBytes: 10 }, open)).rejects.toThrow(JpegTooLargeError);
    await convert(limits, open);
    expect(passes[1]?.count).toBe(passes[1]?.rows.height);
  });
});

it("tells the sink the orientation of the rows", async () => {
  const { passes, open } = recorder();
  await tiffToJpeg(tiff(), limits, 6, open);
  expect(passes[0]?.rows).toMatchObject({ orientation: 6, icc: null });
});
