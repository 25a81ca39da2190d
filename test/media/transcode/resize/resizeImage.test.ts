import { describe, expect, it } from "vitest";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { resizeImage, resizeToSize } from "../../../../src/media/transcode/resize/resizeImage.ts";
import {
  createSizedResizer,
  MAX_RESIZE_EDGE_PX,
  type RowResizer,
} from "../../../../src/media/transcode/resize/rowResizer.ts";
import { scaledSize, type Size } from "../../../../src/media/transcode/resize/scaledSize.ts";
import { difference, photoLike, pixelAt } from "../../../support/media/pixelImages.ts";
import { paintImage, seededRandom } from "../../../support/media/qualityImages.ts";

function rowResizer(from: Size, edgePx: number): RowResizer {
  return createSizedResizer(from, scaledSize(from, edgePx));
}

/** Lanczos-3 by its definition, in floating point with premultiplied alpha. */
function lanczosReference(image: RgbaImage, width: number, height: number): RgbaImage {
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  const weightsOf = (from: number, to: number, target: number): number[] => {
    const scale = from / to;
    const centre = (target + 0.5) * scale;
    const weights = Array.from({ length: from }, (_, at) => {
      const x = (at + 0.5 - centre) / scale;
      return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  const across = Array.from({ length: width }, (_, x) => weightsOf(image.width, width, x));
  const down = Array.from({ length: height }, (_, y) => weightsOf(image.height, height, y));
  return paintImage(width, height, (x, y) => {
    const sums = [0, 0, 0, 0];
    for (const [sy, rowWeight] of (down[y] ?? []).entries()) {
      if (rowWeight === 0) continue;
      for (const [sx, columnWeight] of (across[x] ?? []).entries()) {
        if (columnWeight === 0) continue;
        const [red = 0, green = 0, blue = 0, alpha = 0] = pixelAt(image, sx, sy);
        const weight = rowWeight * columnWeight;
        for (const [i, value] of [red * alpha, green * alpha, blue * alpha, alpha].entries())
          sums[i] = (sums[i] ?? 0) + weight * value;
      }
    }
    const clamped = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
    const [red = 0, green = 0, blue = 0, alpha = 0] = sums;
    if (clamped(alpha) === 0) return [0, 0, 0, 0];
    return [clamped(red / alpha), clamped(green / alpha), clamped(blue / alpha), clamped(alpha)];
  });
}

describe("resizeImage", () => {
  it("returns an image within the edge unchanged", () => {
    const small = paintImage(360, 200, (x) => x % 256);
    expect(resizeImage(small, 360)).toBe(small);
  });

  it.each([
    [90, 60, 45],
    [100, 67, 33],
    [67, 100, 50],
    [128, 96, 127],
    [300, 20, 30],
  ])("filters %i × %i to %i pixels like Lanczos-3 in floating point", (width, height, edgePx) => {
    const image = photoLike(width, height);
    const small = resizeImage(image, edgePx);
    const { mean, largest } = difference(small, lanczosReference(image, small.width, small.height));
    expect(mean).toBeLessThan(0.3);
    expect(largest).toBeLessThanOrEqual(2);
  });

  it("filters transparency like Lanczos-3 with premultiplied alpha", () => {
    const image = photoLike(120, 80, (x, y) => 64 + ((x * 3 + y) % 192));
    const small = resizeImage(image, 40);
    const { mean, largest } = difference(small, lanczosReference(image, small.width, small.height));
    expect(mean).toBeLessThan(0.6);
    // Colours multiplied by an alpha of 64 have 64 levels left.
    expect(largest).toBeLessThanOrEqual(8);
  });

  it("keeps transparent pixels from tinting their neighbours", () => {
    const image = paintImage(64, 64, (x) => (x < 32 ? [10, 200, 30, 255] : [255, 0, 255, 0]));
    const small = resizeImage(image, 16);
    for (let x = 0; x < 16; x++) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = pixelAt(small, x, 8);
      // A ripple of the filter leaves some transparency with few levels for the colour.
      if (alpha > 32)
        expect([red, green, blue]).toEqual([expect.closeTo(10, -1), expect.closeTo(200, -1), expect.closeTo(30, -1)]);
    }
    expect(pixelAt(small, 15, 8)).toEqual([0, 0, 0, 0]);
  });

  it("keeps opaque flat colours to the level, and transparent ones nearly", () => {
    for (const level of [0, 1, 127, 254, 255]) {
      const flat = paintImage(97, 61, () => level);
      expect(new Set(resizeImage(flat, 31).rgba)).toEqual(new Set([level, 255]));
      const clear = paintImage(97, 61, () => [level, level, level, 128]);
      for (const value of new Set(resizeImage(clear, 31).rgba))
        expect(Math.min(Math.abs(value - level), Math.abs(value - 128))).toBeLessThanOrEqual(1);
    }
  });

  it("clamps the overshoot beside an edge", () => {
    const small = resizeImage(
      paintImage(64, 64, (x) => (x < 33 ? 0 : 255)),
      21,
    );
    expect(Math.min(...small.rgba)).toBe(0);
    expect(Math.max(...small.rgba)).toBe(255);
    expect(pixelAt(small, 0, 0)).toEqual([0, 0, 0, 255]);
    expect(pixelAt(small, 20, 0)).toEqual([255, 255, 255, 255]);
  });

  it("gives the size of the scaled aspect ratio, at least one pixel", () => {
    const sizes = [
      [1440, 1081, 720],
      [2000, 3, 360],
      [3, 2000, 360],
      [1001, 999, 500],
    ] as const;
    const small = sizes.map(([width, height, edgePx]) =>
      resizeImage(
        paintImage(width, height, () => 90),
        edgePx,
      ),
    );
    expect(small.map(({ width, height }) => [width, height])).toEqual([
      [720, 541],
      [360, 1],
      [1, 360],
      [500, 499],
    ]);
    for (const image of small) expect(image.rgba.length).toBe(image.width * image.height * 4);
  });
});

describe("a row resizer", () => {
  const rowsOf = ({ width, rgba }: RgbaImage) =>
    Array.from({ length: rgba.length / (width * 4) }, (_, y) => rgba.subarray(y * width * 4, (y + 1) * width * 4));

  it("gives the same pixels when rows of several images arrive in turn", () => {
    const images = [photoLike(200, 150), photoLike(310, 150, (x) => x % 256), photoLike(150, 150)];
    const resizers = images.map((image) => rowResizer(image, 100));
    for (let y = 0; y < 150; y++)
      for (const [at, image] of images.entries()) resizers[at]?.addRow(rowsOf(image)[y] ?? new Uint8Array());
    for (const [at, image] of images.entries()) expect(resizers[at]?.finish()).toEqual(resizeImage(image, 100));
  });

  it("gives the same pixels when a resizer is finished twice", () => {
    const [first, second] = [photoLike(200, 150), photoLike(150, 200, (x) => x % 256)];
    const resizer = rowResizer(first, 60);
    for (const row of rowsOf(first)) resizer.addRow(row);
    const expected = resizer.finish();
    const other = rowResizer(second, 70);
    const half = rowsOf(second).slice(0, 100);
    for (const row of half) other.addRow(row);
    expect(resizer.finish()).toEqual(expected);
    // Would share the kernel of `other` if finishing again had passed it on.
    const between = rowResizer(first, 60);
    for (const row of rowsOf(first)) between.addRow(row);
    for (const row of rowsOf(second).slice(100)) other.addRow(row);
    expect(other.finish()).toEqual(resizeImage(second, 70));
  });

  it("collects the rows of a small image", () => {
    const image = photoLike(20, 10);
    const resizer = rowResizer(image, 100);
    for (const row of rowsOf(image)) resizer.addRow(row);
    expect(resizer.finish()).toEqual(image);
  });

  it.each([10, 100])("refuses a missing and a surplus row: edge %i", (edgePx) => {
    const image = photoLike(20, 30);
    const resizer = rowResizer(image, edgePx);
    for (const row of rowsOf(image).slice(1)) resizer.addRow(row);
    expect(() => resizer.finish()).toThrow("the image has 30 rows");
    resizer.addRow(image.rgba);
    expect(() => resizer.addRow(image.rgba)).toThrow("the image has 30 rows: another one was added");
    expect(resizer.finish().height).toBe(Math.min(30, edgePx));
  });

  it("shrinks the longest edges that a JPEG has", () => {
    const next = seededRandom(5);
    const row = Uint8Array.from({ length: MAX_RESIZE_EDGE_PX * 4 }, () => Math.floor(next() * 256));
    const wide = rowResizer({ width: MAX_RESIZE_EDGE_PX, height: 3 }, 1440);
    for (let y = 0; y < 3; y++) wide.addRow(row);
    expect(wide.finish()).toMatchObject({ width: 1440, height: 1 });
    const tall = rowResizer({ width: 3, height: MAX_RESIZE_EDGE_PX }, 1440);
    for (let y = 0; y < MAX_RESIZE_EDGE_PX; y++) tall.addRow(row);
    expect(tall.finish()).toMatchObject({ width: 1, height: 1440 });
    // The largest need of memory: as many columns and rows as possible in both directions.
    expect(() => rowResizer({ width: MAX_RESIZE_EDGE_PX, height: MAX_RESIZE_EDGE_PX }, 1440)).not.toThrow();
    expect(() => rowResizer({ width: MAX_RESIZE_EDGE_PX, height: MAX_RESIZE_EDGE_PX }, 16_383)).not.toThrow();
  });

  it("shrinks each side to its own size and never enlarges one", () => {
    expect(resizeToSize(photoLike(40, 30), { width: 40, height: 10 })).toMatchObject({ width: 40, height: 10 });
    const sizes = [
      { width: 41, height: 10 },
      { width: 10, height: 31 },
      { width: 0, height: 10 },
    ];
    for (const size of sizes)
      expect(() => createSizedResizer({ width: 40, height: 30 }, size)).toThrow("can't be resized");
  });

  it("places the target's pixels by the extent, where the last source row and column are partly outside", () => {
    // 7.5 of 8 columns belong to the image: a ramp of 16 levels a column ends at 120 instead of 128.
    const ramp = paintImage(8, 8, (x) => x * 16 + 8);
    const rows = (resizer: RowResizer) => {
      for (let y = 0; y < 8; y++) resizer.addRow(ramp.rgba.subarray(y * 32, (y + 1) * 32));
      return [...resizer.finish().rgba.subarray(0, 8)];
    };
    const to = { width: 2, height: 2 };
    const [whole, part] = [createSizedResizer(ramp, to), createSizedResizer(ramp, to, { width: 7.5, height: 7.5 })];
    expect([rows(whole)[4], rows(part)[4]]).toEqual([95, 91]);
  });

  it("refuses longer edges and empty images", () => {
    expect(() => rowResizer({ width: MAX_RESIZE_EDGE_PX + 1, height: 1 }, 100)).toThrow("can't be resized");
    expect(() => rowResizer({ width: 0, height: 10 }, 100)).toThrow("can't be resized");
  });
});
