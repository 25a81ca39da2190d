import { describe, expect, it } from "vitest";
import { memorySource, type ByteSource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { decodeScaled } from "../../../../../src/media/transcode/scaled/decodeScaled.ts";
import { pngPasses } from "../../../../../src/media/transcode/scaled/png/pngPasses.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";
import { largePng } from "../../../../support/media/largeLayouts.ts";
import { seededRandom } from "../../../../support/media/mutations.ts";
import { difference } from "../../../../support/media/pixelImages.ts";
import { buildPng, type PngSpec } from "../../../../support/media/pngs.ts";
import { renderedImage, scaledImage, unsupportedReason } from "../../../../support/media/scaledImages.ts";

const WIDTH = 37;
const HEIGHT = 29;
const SAMPLES = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);

/** Random bytes under all five filters: every value of a wrong row spoils the rows below. */
async function noisePng(colourType: number, bitDepth: number, more: Partial<PngSpec> = {}): Promise<Uint8Array> {
  const random = seededRandom(colourType * 100 + bitDepth);
  const passes = pngPasses({ width: WIDTH, height: HEIGHT, isInterlaced: more.interlaced === true });
  const rows = passes.flatMap(({ width, height }) => {
    const rowBytes = Math.ceil((width * bitDepth * (SAMPLES.get(colourType) ?? 1)) / 8);
    return Array.from({ length: height }, (_, y) => [y % 5, ...Array.from({ length: rowBytes }, () => random(256))]);
  });
  return await buildPng({ width: WIDTH, height: HEIGHT, colourType, bitDepth, rows, idatChunks: 3, ...more });
}

const palette = Array.from({ length: 256 * 3 }, (_, i) => (i * 89) % 256);
const kinds: [string, number, number, Partial<PngSpec>][] = [
  ["grey of 1 bit", 0, 1, {}],
  ["grey of 2 bits", 0, 2, {}],
  ["grey of 4 bits", 0, 4, {}],
  ["grey of 8 bits", 0, 8, {}],
  ["grey with a transparent level", 0, 4, { transparency: [0, 7] }],
  ["RGB of 8 bits", 2, 8, {}],
  ["a palette of 1 bit", 3, 1, { palette: palette.slice(0, 6) }],
  ["a palette of 2 bits", 3, 2, { palette: palette.slice(0, 12) }],
  ["a palette of 4 bits", 3, 4, { palette: palette.slice(0, 48) }],
  ["a palette of 8 bits with transparency", 3, 8, { palette, transparency: [0, 40, 200] }],
  ["grey and alpha of 8 bits", 4, 8, {}],
  ["RGBA of 8 bits", 6, 8, {}],
];

describe("decodeScaled for PNG", () => {
  it.each(kinds)("decodes %s", async (_name, colourType, bits, more) => {
    const bytes = await noisePng(colourType, bits, more);
    const reference = await renderedImage(bytes, WIDTH);
    expect(difference(await scaledImage(bytes, "png", WIDTH), reference).largest).toBeLessThanOrEqual(1);
  });

  it.each(kinds)("decodes %s interlaced", async (_name, colourType, bits, more) => {
    const bytes = await noisePng(colourType, bits, { ...more, interlaced: true });
    const reference = await renderedImage(bytes, WIDTH);
    expect(difference(await scaledImage(bytes, "png", WIDTH), reference).largest).toBeLessThanOrEqual(1);
  });

  it("decodes interlaced images that lack passes", async () => {
    for (const [width, height] of [
      [1, 1],
      [4, 3],
      [2, 9],
    ] as const) {
      const rows = pngPasses({ width, height, isInterlaced: true }).flatMap((pass) =>
        Array.from({ length: pass.height }, () => [0, ...Array.from({ length: pass.width }, () => 77)]),
      );
      const bytes = await buildPng({ width, height, colourType: 0, rows, interlaced: true });
      const { rgba } = await scaledImage(bytes, "png", 100);
      expect([...new Uint32Array(rgba.buffer)]).toEqual(Array.from({ length: width * height }, () => 0xff4d4d4d));
    }
  });

  it.each([
    ["grey", 0],
    ["RGB", 2],
    ["grey and alpha", 4],
    ["RGBA", 6],
  ])("takes the high byte of %s of 16 bits", async (_name, colourType) => {
    const value = 0xc8;
    const samples = SAMPLES.get(colourType) ?? 1;
    const row = [0, ...Array.from({ length: WIDTH * samples }, () => [value, 0x7f]).flat()];
    const rows = Array.from({ length: HEIGHT }, () => row);
    const bytes = await buildPng({ width: WIDTH, height: HEIGHT, colourType, bitDepth: 16, rows });
    const alpha = colourType >= 4 ? value : 255;
    const image = await scaledImage(bytes, "png", WIDTH);
    expect([...image.rgba.subarray(0, 4)]).toEqual([value, value, value, alpha]);
    expect([...image.rgba.subarray(-4)]).toEqual([value, value, value, alpha]);
  });

  it("makes the transparent colour of RGB transparent", async () => {
    const row = [0, ...Array.from({ length: WIDTH }, (_, x) => (x % 2 === 0 ? [10, 20, 30] : [10, 20, 31])).flat()];
    const rows = Array.from({ length: HEIGHT }, () => row);
    const spec = { width: WIDTH, height: HEIGHT, colourType: 2, rows, transparency: [0, 10, 0, 20, 0, 30] };
    const { rgba } = await scaledImage(await buildPng(spec), "png", WIDTH);
    expect([...rgba.subarray(0, 8)]).toEqual([10, 20, 30, 0, 10, 20, 31, 255]);
  });

  it.each(["new_location_shown.png", "0025_density_plot.png"])("reduces %s as the renderer does", async (name) => {
    const bytes = await sampleBytes(name);
    for (const edgePx of [360, 100])
      expect(difference(await scaledImage(bytes, "png", edgePx), await renderedImage(bytes, edgePx)).mean).toBeLessThan(
        3,
      );
  });

  it("decodes 100 megapixels row by row", async () => {
    const result = await decodeScaled(largePng(10_000, 10_000, 8), "png", 1440);
    expect(result).toMatchObject({ kind: "image", image: { width: 1440, height: 1440 } });
    expect(result.kind === "image" && result.peakBytes).toBeLessThan(40 * 1024 * 1024);
  }, 120_000);

  it("leaves other forms and damaged files to Cloudflare Images with the reason", async () => {
    const whole = await noisePng(2, 8);
    const reasonFor = async (bytes: Uint8Array) => await unsupportedReason(bytes, "png");
    const tooLarge = await buildPng({ width: 4000, height: 3000, colourType: 2, rows: [[0]], interlaced: true });
    expect(await reasonFor(tooLarge)).toContain("memory limit");
    expect(await reasonFor(await noisePng(2, 16, { transparency: [0, 1, 0, 1, 0, 1] }))).toContain("16 bits");
    expect(await reasonFor(await noisePng(2, 4))).toBe("the PNG header is invalid");
    expect(await reasonFor(whole.subarray(0, 1000))).toContain("truncated");
    expect(await reasonFor(whole.subarray(0, 20))).toContain("truncated");
    expect(await reasonFor(new Uint8Array(100))).not.toBe("decoded");
    const unknownFilter = await buildPng({ width: 1, height: 1, colourType: 0, rows: [[5, 0]] });
    expect(await reasonFor(unknownFilter)).toBe("the PNG's pixel data is damaged");
  });

  it("passes read errors on", async () => {
    const bytes = await noisePng(2, 8);
    const failing: ByteSource = { ...memorySource(bytes), read: () => Promise.reject(new Error("away")) };
    await expect(decodeScaled(failing, "png", 100)).rejects.toThrow("away");
  });
});
