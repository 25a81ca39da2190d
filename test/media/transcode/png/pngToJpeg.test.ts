import { describe, expect, it } from "vitest";
import { pngToJpeg } from "../../../../src/media/transcode/png/pngToJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import {
  colourAt,
  expectColour,
  concatenate,
  limits,
  meanColour,
  renderJpeg,
} from "../../../support/media/renderedImage.ts";

const WIDTH = 40;
const HEIGHT = 30;

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(
    Array.from(type, (c) => c.charCodeAt(0)),
    4,
  );
  bytes.set(content, 8);
  return bytes;
}

interface PngOptions {
  bits?: number;
  colourType?: number;
  interlace?: number;
  palette?: number[];
  opacity?: number[];
  /** Filtered bytes of a row. */
  row: (y: number) => number[];
  filter?: number;
}

async function png({
  bits = 8,
  colourType = 2,
  interlace = 0,
  palette,
  opacity,
  row,
  filter = 0,
}: PngOptions): Promise<Uint8Array> {
  const raw = Uint8Array.from(Array.from({ length: HEIGHT }, (_, y) => [filter, ...row(y)]).flat());
  const packed = new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"));
  const pixels = new Uint8Array(await new Response(packed).arrayBuffer());
  const head = Uint8Array.from([0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, bits, colourType, 0, 0, interlace]);
  const half = pixels.length >> 1;
  return concatenate([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    chunk("IHDR", head),
    chunk("iTXt", new Uint8Array(300_000)),
    ...(palette ? [chunk("PLTE", Uint8Array.from(palette))] : []),
    ...(opacity ? [chunk("tRNS", Uint8Array.from(opacity))] : []),
    chunk("IDAT", pixels.subarray(0, half)),
    chunk("IDAT", pixels.subarray(half)),
    chunk("IEND", new Uint8Array()),
  ]);
}

const across = (pixel: number[]) => Array.from({ length: WIDTH }, () => pixel).flat();

async function colourOf(options: PngOptions, x = 20, y = 15): Promise<number[]> {
  const jpeg = await pngToJpeg(memorySource(await png(options)), limits);
  expect(jpeg).toMatchObject({ width: WIDTH, height: HEIGHT });
  return colourAt(await renderJpeg(jpeg.pieces), x, y);
}

describe("pngToJpeg", () => {
  it.each(["new_location_shown.png", "0025_density_plot.png"])("keeps the colours of %s", async (name) => {
    const before = await sampleBytes(name);
    const jpeg = await pngToJpeg(memorySource(before), limits);
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), meanColour(await renderJpeg([before])), 6);
  });

  it("converts every colour type", async () => {
    expectColour(await colourOf({ row: () => across([200, 40, 90]) }), [200, 40, 90]);
    expectColour(await colourOf({ bits: 16, row: () => across([200, 1, 40, 2, 90, 3]) }), [200, 40, 90]);
    expectColour(await colourOf({ colourType: 0, row: () => across([70]) }), [70, 70, 70]);
    expectColour(
      await colourOf({ colourType: 0, bits: 1, row: () => Array.from({ length: 5 }, () => 0xff) }),
      [255, 255, 255],
    );
    expectColour(await colourOf({ colourType: 4, row: () => across([70, 0]) }), [255, 255, 255]);
    expectColour(await colourOf({ colourType: 6, row: () => across([0, 0, 0, 51]) }), [204, 204, 204]);
    const palette = [1, 2, 3, 20, 160, 90];
    expectColour(await colourOf({ colourType: 3, palette, row: () => across([1]) }), [20, 160, 90]);
    expectColour(
      await colourOf({ colourType: 3, palette, opacity: [255, 0], row: () => across([1]) }),
      [255, 255, 255],
    );
    expectColour(
      await colourOf({ colourType: 3, bits: 4, palette, row: () => Array.from({ length: 20 }, () => 0x11) }),
      [20, 160, 90],
    );
  });

  it("undoes every filter", async () => {
    // The first pixel sets the colour; the filters repeat it.
    const once = (y: number) =>
      Array.from({ length: WIDTH * 3 }, (_, i) => (y === 0 && i < 3 ? ([90, 120, 150][i] ?? 0) : 0));
    expectColour(await colourOf({ filter: 4, row: once }), [90, 120, 150]);
    expectColour(
      await colourOf({ filter: 1, row: () => [90, 120, 150, ...Array.from({ length: WIDTH * 3 - 3 }, () => 0)] }),
      [90, 120, 150],
    );
    expectColour(
      await colourOf({ filter: 2, row: (y) => (y === 0 ? across([90, 120, 150]) : across([0, 0, 0])) }),
      [90, 120, 150],
    );
    const step = (y: number, x: number) => (y === 0 ? (x === 0 ? 80 : 40) : x === 0 ? 40 : 0);
    const averaged = (y: number) => Array.from({ length: WIDTH * 3 }, (_, i) => step(y, Math.floor(i / 3)));
    expectColour(await colourOf({ filter: 3, row: averaged }, 35, 25), [80, 80, 80]);
  });

  it("rejects interlaced, truncated and damaged files with a reason", async () => {
    const expectRejection = (bytes: Uint8Array) => expect(pngToJpeg(memorySource(bytes), limits)).rejects;
    const row = () => across([1, 2, 3]);
    await expectRejection(await png({ interlace: 1, row })).toThrow("interlaced");
    const whole = await png({ row });
    await expectRejection(whole.subarray(0, whole.length - 60)).toThrow("truncated");
    await expectRejection(whole.subarray(0, 200)).toThrow("truncated");
    // The chunk after the pixels and its checksum may be missing.
    const untilPixels = whole.subarray(0, whole.length - 12);
    expect(await pngToJpeg(memorySource(untilPixels), limits)).toMatchObject({ width: WIDTH, height: HEIGHT });
    await expectRejection(await png({ filter: 9, row })).toThrow("damaged");
    const noise = Uint8Array.from(whole);
    noise.fill(0xaa, 300_053, 300_059);
    await expectRejection(noise).toThrow("damaged");
    // Read errors must not be reported as damage.
    const read = (at: number, length: number) =>
      at > 0 ? Promise.reject(new Error("away")) : Promise.resolve(whole.subarray(0, Math.min(length, 300_100)));
    const failing = { sizeBytes: whole.length, read };
    await expect(pngToJpeg(failing, limits)).rejects.toThrow("away");
  });
});
