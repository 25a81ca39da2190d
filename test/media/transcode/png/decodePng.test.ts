import { describe, expect, it } from "vitest";
import { decodePng } from "../../../../src/media/transcode/png/decodePng.ts";
import { plainPng, buildPng } from "../../../support/media/pngs.ts";

async function pixelsOf(bytes: Uint8Array): Promise<number[]> {
  return [...(await decodePng(bytes)).rgba];
}

describe("decodePng", () => {
  it("makes grey pixels opaque", async () => {
    const png = await buildPng({
      width: 2,
      height: 2,
      colourType: 0,
      rows: [
        [0, 10, 20],
        [0, 30, 255],
      ],
    });
    expect(await pixelsOf(png)).toEqual([10, 10, 10, 255, 20, 20, 20, 255, 30, 30, 30, 255, 255, 255, 255, 255]);
  });

  it("keeps alpha of grey pixels", async () => {
    const png = await buildPng({ width: 2, height: 1, colourType: 4, rows: [[0, 10, 0, 20, 200]] });
    expect(await pixelsOf(png)).toEqual([10, 10, 10, 0, 20, 20, 20, 200]);
  });

  it("makes RGB pixels opaque", async () => {
    const png = await buildPng({ width: 2, height: 1, colourType: 2, rows: [[0, 1, 2, 3, 4, 5, 6]] });
    expect(await pixelsOf(png)).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
  });

  it("keeps RGBA", async () => {
    const png = await buildPng({
      width: 1,
      height: 2,
      colourType: 6,
      rows: [
        [0, 1, 2, 3, 4],
        [0, 5, 6, 7, 8],
      ],
    });
    expect(await decodePng(png)).toEqual({ width: 1, height: 2, rgba: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]) });
  });

  it("applies palette and palette alpha", async () => {
    const palette = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const plan = { width: 3, height: 1, colourType: 3, rows: [[0, 2, 0, 1]], palette };
    expect(await pixelsOf(await buildPng(plan))).toEqual([7, 8, 9, 255, 1, 2, 3, 255, 4, 5, 6, 255]);
    const see = await buildPng({ ...plan, transparency: [0, 128] });
    expect(await pixelsOf(see)).toEqual([7, 8, 9, 255, 1, 2, 3, 0, 4, 5, 6, 128]);
  });

  it("joins IDAT chunks", async () => {
    const rows = Array.from({ length: 50 }, (_, y) => [0, ...Array.from({ length: 150 }, (__, x) => (x * y) % 256)]);
    const plan = { width: 50, height: 50, colourType: 2, rows };
    expect(await pixelsOf(await buildPng({ ...plan, idatChunks: 7 }))).toEqual(await pixelsOf(await buildPng(plan)));
  });

  /** Filtered rows according to PNG §9; all decode to these pixels. */
  const pixels = [
    [10, 200, 30],
    [250, 5, 60],
  ];
  const filtered: [string, number[][]][] = [
    [
      "none",
      [
        [0, 10, 200, 30],
        [0, 250, 5, 60],
      ],
    ],
    [
      "left",
      [
        [1, 10, 190, 86],
        [1, 250, 11, 55],
      ],
    ],
    [
      "above",
      [
        [2, 10, 200, 30],
        [2, 240, 61, 30],
      ],
    ],
    [
      "average",
      [
        [3, 10, 195, 186],
        [3, 245, 36, 43],
      ],
    ],
    [
      "Paeth",
      [
        [4, 10, 190, 86],
        [4, 240, 11, 55],
      ],
    ],
  ];
  it.each(filtered)("undoes the filter %s", async (_, rows) => {
    const png = await buildPng({ width: 3, height: 2, colourType: 0, rows });
    expect((await pixelsOf(png)).filter((__, i) => i % 4 === 0)).toEqual(pixels.flat());
  });

  it("accepts at most 512 × 512 pixels", async () => {
    expect((await decodePng(await plainPng(512, 512, [1, 2, 3, 4]))).rgba).toHaveLength(512 * 512 * 4);
    await expect(decodePng(await plainPng(513, 1, [1, 2, 3, 4]))).rejects.toThrow("unsupported PNG");
  });
});

describe("decodePng with unsupported or damaged data", () => {
  it.each([
    ["16 bits a channel", { bitDepth: 16 }],
    ["1 bit a channel", { bitDepth: 1 }],
    ["an unknown colour type", { colourType: 5 }],
    ["interlaced rows", { interlaced: true }],
    ["no width", { width: 0 }],
    ["no height", { height: 0 }],
    ["a height of 4 billion", { height: 0xfffffff0 }],
  ])("rejects %s", async (_, change) => {
    const png = await buildPng({ width: 1, height: 1, colourType: 0, rows: [[0, 1]], ...change });
    await expect(decodePng(png)).rejects.toThrow("unsupported PNG");
  });

  it("rejects a file truncated at any byte", async () => {
    const rows = Array.from({ length: 8 }, (_, y) =>
      [0, ...crypto.getRandomValues(new Uint8Array(32)), y].slice(0, 33),
    );
    const png = await buildPng({ width: 8, height: 8, colourType: 6, rows });
    // The last bytes are the CRC of the pixels and the IEND chunk.
    const end = png.length - 4 - 12;
    for (let length = 0; length < end; length++) {
      await expect(decodePng(png.slice(0, length)), `cut at ${length}`).rejects.toThrow();
    }
    expect((await decodePng(png.slice(0, end))).width).toBe(8);
  });

  it("rejects missing rows, missing pixels and noise", async () => {
    const short = await buildPng({ width: 4, height: 4, colourType: 0, rows: [[0, 1, 2, 3, 4]] });
    await expect(decodePng(short)).rejects.toThrow("damaged or incomplete");
    const noise = await buildPng({ width: 4, height: 4, colourType: 0, rows: [[0, 1, 2, 3, 4]] });
    noise.fill(0xa5, 8 + 25 + 8, noise.length - 12 - 4);
    await expect(decodePng(noise)).rejects.toThrow();
    await expect(decodePng(new TextEncoder().encode("this is some text and no image at all"))).rejects.toThrow();
    await expect(decodePng(new Uint8Array(5000))).rejects.toThrow("not a PNG");
    await expect(decodePng(new Uint8Array())).rejects.toThrow("not a PNG");
  });
});
