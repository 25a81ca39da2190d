import { describe, expect, it } from "vitest";
import { bmpToJpeg } from "../../../src/media/transcode/bmpToJpeg.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { colourAt, expectColour, limits, renderJpeg } from "../../support/media/renderedImage.ts";

interface BmpOptions {
  bits: number;
  width?: number;
  height?: number;
  compression?: number;
  palette?: number[];
  masks?: number[];
  /** Bytes of a row without padding; `y` counts from the top. */
  row: (y: number) => number[];
}

const WIDTH = 20;
const HEIGHT = 12;

function bmp({
  bits,
  width = WIDTH,
  height = HEIGHT,
  compression = 0,
  palette = [],
  masks = [],
  row,
}: BmpOptions): Uint8Array {
  const stride = Math.ceil((width * bits) / 32) * 4;
  const pixelsAt = 54 + masks.length * 4 + palette.length;
  const bytes = new Uint8Array(pixelsAt + stride * Math.abs(height));
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, pixelsAt, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  masks.forEach((mask, i) => view.setUint32(54 + i * 4, mask, true));
  bytes.set(palette, 54 + masks.length * 4);
  for (let y = 0; y < Math.abs(height); y++) {
    bytes.set(row(y), pixelsAt + (height < 0 ? y : height - 1 - y) * stride);
  }
  return bytes;
}

const repeated = (pixel: number[]) => Array.from({ length: WIDTH }, () => pixel).flat();
/** Red in the upper half, green in the lower. */
const halves = (red: number[], green: number[]) => (y: number) => repeated(y < HEIGHT / 2 ? red : green);

async function expectHalves(bytes: Uint8Array): Promise<void> {
  const jpeg = await bmpToJpeg(memorySource(bytes), limits);
  expect(jpeg).toMatchObject({ width: WIDTH, height: HEIGHT });
  const image = await renderJpeg(jpeg.pieces);
  expectColour(colourAt(image, 5, 1), [220, 30, 20], 12);
  expectColour(colourAt(image, 5, 10), [20, 180, 40], 12);
}

describe("bmpToJpeg", () => {
  it("converts 24 bits, bottom-up and top-down", async () => {
    const row = halves([20, 30, 220], [40, 180, 20]);
    await expectHalves(bmp({ bits: 24, row }));
    await expectHalves(bmp({ bits: 24, height: -HEIGHT, row }));
  });

  it("converts 32 bits with default and custom masks", async () => {
    await expectHalves(bmp({ bits: 32, row: halves([20, 30, 220, 0], [40, 180, 20, 0]) }));
    const masks = [0x000000ff, 0x0000ff00, 0x00ff0000];
    await expectHalves(bmp({ bits: 32, compression: 3, masks, row: halves([220, 30, 20, 9], [20, 180, 40, 9]) }));
  });

  it("converts 16 bits as 5-5-5 and 5-6-5", async () => {
    const word = (value: number) => [value & 255, value >> 8];
    const plain = halves(word((27 << 10) | (4 << 5) | 2), word((2 << 10) | (22 << 5) | 5));
    await expectHalves(bmp({ bits: 16, row: plain }));
    const masks = [0xf800, 0x07e0, 0x001f];
    const wide = halves(word((27 << 11) | (7 << 5) | 2), word((2 << 11) | (44 << 5) | 5));
    await expectHalves(bmp({ bits: 16, compression: 3, masks, row: wide }));
  });

  it.each([
    [1, (y: number) => (y < HEIGHT / 2 ? [0, 0, 0] : [255, 255, 255])],
    [4, (y: number) => Array.from({ length: WIDTH / 2 }, () => (y < HEIGHT / 2 ? 0x00 : 0x11))],
    [8, (y: number) => repeated([y < HEIGHT / 2 ? 0 : 1])],
  ])("converts %i bits with a palette", async (bits, row) => {
    const palette = Array.from({ length: 2 ** bits * 4 }, () => 0);
    palette.splice(0, 8, 20, 30, 220, 0, 40, 180, 20, 0);
    await expectHalves(bmp({ bits, palette, row }));
  });

  it("converts a file larger than one read", async () => {
    const bytes = bmp({
      bits: 24,
      width: 3000,
      height: 1000,
      row: (y) => Array.from({ length: 9000 }, () => (y < 500 ? 250 : 10)),
    });
    const source = memorySource(bytes);
    const reads: number[] = [];
    const jpeg = await bmpToJpeg(
      { ...source, read: (at, length) => (reads.push(length), source.read(at, length)) },
      limits,
    );
    expect(Math.max(...reads)).toBeLessThanOrEqual(4 * 1024 * 1024);
    const image = await renderJpeg(jpeg.pieces);
    expectColour(colourAt(image, 50, 5), [250, 250, 250]);
    expectColour(colourAt(image, 50, 28), [10, 10, 10]);
  });

  it("rejects compressed, truncated, oversized and empty files with a reason", async () => {
    const row = halves([20, 30, 220], [40, 180, 20]);
    const expectRejection = (bytes: Uint8Array) => expect(bmpToJpeg(memorySource(bytes), limits)).rejects;
    await expectRejection(bmp({ bits: 24, row }).subarray(0, 400)).toThrow("truncated");
    await expectRejection(bmp({ bits: 24, row }).subarray(0, 20)).toThrow("header is truncated");
    await expectRejection(bmp({ bits: 8, compression: 1, row: () => [] })).toThrow("unsupported BMP compression 1");
    const huge = bmp({ bits: 24, row });
    new DataView(huge.buffer).setInt32(18, 60_000, true);
    new DataView(huge.buffer).setInt32(22, 60_000, true);
    await expectRejection(huge).toThrow("too large to decode: 60000 × 60000");
    const empty = bmp({ bits: 24, row });
    new DataView(empty.buffer).setInt32(18, 0, true);
    await expectRejection(empty).toThrow("no pixels");
  });
});
