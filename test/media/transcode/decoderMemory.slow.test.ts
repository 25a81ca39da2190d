import { describe, expect, it } from "vitest";
import type { ByteSource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { bmpToJpeg } from "../../../src/media/transcode/bmpToJpeg.ts";
import {
  decoderMemory,
  DecoderMemoryError,
  MAX_DECODER_BYTES,
  MAX_WHOLE_IMAGE_BYTES,
} from "../../../src/media/transcode/decoderMemory.ts";
import { avifToJpeg } from "../../../src/media/transcode/heif/avifToJpeg.ts";
import { heicToJpeg } from "../../../src/media/transcode/heif/heicToJpeg.ts";
import { JpegTooLargeError, type EncodedJpeg } from "../../../src/media/transcode/jpeg/encodedJpeg.ts";
import { jpegEncoder } from "../../../src/media/transcode/jpeg/jpegEncoder.ts";
import { requantizeJpeg } from "../../../src/media/transcode/jpeg/jpegRequantizer.ts";
import { pngToJpeg } from "../../../src/media/transcode/png/pngToJpeg.ts";
import { tiffToJpeg } from "../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import {
  deflatedZeros,
  largeBmp,
  largeJpeg,
  largePng,
  largeTiff,
  lzwLiterals,
  noise,
  type TiffSpec,
} from "../../support/media/largeLayouts.ts";
import { limits } from "../../support/media/renderedImage.ts";

const MIB = 1024 * 1024;
/** Noise at this quality stays below 20 MiB. */
const coarse = { ...limits, quality: 10 };

/** Counts the bytes of the source's reads: nothing is read twice, and no read is larger than a window. */
function counted(source: ByteSource): ByteSource & { largestRead: () => number; total: () => number } {
  let [largest, total] = [0, 0];
  const read = async (offset: number, length: number) => {
    const bytes = await source.read(offset, length);
    largest = Math.max(largest, bytes.length);
    total += bytes.length;
    return bytes;
  };
  return { sizeBytes: source.sizeBytes, read, largestRead: () => largest, total: () => total };
}

const A3_ROW_BYTES = 877;
const a3 = { width: 7016, height: 9921, bits: 1, samples: 1, photometric: 0 };

function packed(pattern: Uint8Array, spec: Omit<TiffSpec, "pattern" | "segmentBytes">): ByteSource {
  return largeTiff({ ...spec, pattern, segmentBytes: pattern.length });
}

function packBitsOfZeros(length: number): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(length / 128) * 2 }, (_, i) => (i % 2 === 0 ? 129 : 0));
}

const largestTiffs: [string, () => ByteSource][] = [
  [
    "a bilevel A3 page of 600 dpi in one uncompressed strip",
    () => largeTiff({ ...a3, pattern: noise(4096), segmentBytes: A3_ROW_BYTES * a3.height }),
  ],
  ["the same page in one Deflate strip", () => packed(deflatedZeros(A3_ROW_BYTES * 9921), { ...a3, compression: 8 })],
  [
    "the same page in one PackBits strip",
    () => packed(packBitsOfZeros(A3_ROW_BYTES * 9921), { ...a3, compression: 32_773 }),
  ],
  ["the same page in one LZW strip", () => packed(lzwLiterals(A3_ROW_BYTES * 9921), { ...a3, compression: 5 })],
  [
    "the widest rows of 8 samples with 16 bits",
    () => largeTiff({ width: 65_535, height: 1586, bits: 16, samples: 8, pattern: noise(65_521), segmentBytes: 1.7e9 }),
  ],
  [
    "65,535 strips of one row",
    () => packed(deflatedZeros(4500), { width: 1500, height: 65_535, compression: 8, rowsPerStrip: 1 }),
  ],
  [
    "tiles of 512 pixels in 104 megapixels",
    () => largeTiff({ width: 10_200, height: 10_190, tile: [512, 512], pattern: noise(65_521), segmentBytes: 786_432 }),
  ],
  [
    "tiles of 2,048 pixels, whose rows don't fit the band",
    () => packed(deflatedZeros(2048 * 2048 * 3), { width: 10_200, height: 10_190, compression: 8, tile: [2048, 2048] }),
  ],
  [
    "tiles 65,520 pixels high",
    () => packed(deflatedZeros(16 * 65_520 * 3), { width: 64, height: 60_000, compression: 8, tile: [16, 65_520] }),
  ],
];

async function expectWithinCeiling(decoding: Promise<EncodedJpeg>, ceiling = MAX_DECODER_BYTES): Promise<EncodedJpeg> {
  const jpeg = await decoding;
  expect(jpeg.peakBytes).toBeGreaterThan(jpeg.sizeBytes);
  expect(jpeg.peakBytes).toBeLessThanOrEqual(ceiling);
  return jpeg;
}

describe("the largest layouts that decoders accept stay below 48 MB", () => {
  it.each(largestTiffs)("TIFF: %s", async (_name, build) => {
    const source = counted(build());
    await expectWithinCeiling(tiffToJpeg(source, coarse, 1));
    expect(source.largestRead()).toBeLessThanOrEqual(4 * MIB);
  });

  it.each([
    ["bottom-up", 1586],
    ["top-down", -1586],
  ])("BMP: the widest rows, %s", async (_name, height) => {
    const source = counted(largeBmp(65_535, height, 32));
    await expectWithinCeiling(bmpToJpeg(source, coarse));
    expect(source.total()).toBeLessThanOrEqual(source.sizeBytes + 1024);
  });

  it("PNG: the widest rows with 16 bits, whose 0.8 MB inflate to 830 MB", async () => {
    await expectWithinCeiling(pngToJpeg(largePng(65_535, 1586, 16), limits));
  });

  it("JPEG: noise, with a colour profile of 4 MB", async () => {
    await expectWithinCeiling(requantizeJpeg(largeJpeg(6000, 250, 3.9 * MIB), { ...limits, quality: 30 }, 1));
  });

  it("HEIC: an iPhone's 12 megapixels", async () => {
    await expectWithinCeiling(heicToJpeg(await sampleBytes("IMG_2682.heic"), limits));
  });

  it("AVIF has a ceiling of its own", async () => {
    await expectWithinCeiling(avifToJpeg(await sampleBytes("8bit-sRGB.avif"), limits), MAX_WHOLE_IMAGE_BYTES);
  });
});

describe("refusals of what would exceed the ceiling", () => {
  it("names the limit, and leaves the account as it was", () => {
    const memory = decoderMemory(100 * MIB);
    memory.hold("a", 60 * MIB);
    expect(() => memory.hold("b", 50 * MIB)).toThrow(DecoderMemoryError);
    expect(() => memory.hold("b", 50 * MIB)).toThrow("needs more than the memory limit of 100 MB");
    memory.hold("a", 10 * MIB);
    memory.hold("b", 50 * MIB);
    expect(memory.peakBytes()).toBe(60 * MIB);
  });

  it("asks for a lower quality when the JPEG doesn't fit beside the other buffers", () => {
    const memory = decoderMemory(2 * MIB);
    memory.hold("wasm", 1.75 * MIB);
    const encoder = jpegEncoder({ width: 512, height: 2048, ...limits, orientation: 1, icc: null, memory });
    const rows = noise(512 * 3 * 16);
    expect(() => {
      for (let y = 0; y < 2048; y++) encoder.addRow(rows, (y % 16) * 512 * 3);
    }).toThrow(JpegTooLargeError);
  });
});
