import { describe, expect, it } from "vitest";
import { DecoderMemoryError } from "../../../../../src/media/transcode/decoderMemory.ts";
import { blockPixels, layOutFrame, storedBytes } from "../../../../../src/media/transcode/scaled/jpeg/jpegLayout.ts";
import type { Frame, Scan } from "../../../../../src/media/transcode/scaled/jpeg/jpegSegments.ts";

const MEGABYTE = 1024 * 1024;
const scan: Scan = {
  components: [0, 1, 2].map((index) => ({ index, dc: 0, ac: 0 })),
  first: 0,
  last: 0,
  high: 0,
  low: 0,
  dataAt: 0,
};

function progressive(width: number, height: number, sampling: number): Frame {
  const factors = [sampling, 1, 1];
  const components = factors.map((factor, i) => ({ id: i + 1, horizontal: factor, vertical: factor, table: 0 }));
  return { width, height, isProgressive: true, components };
}

describe("layOutFrame", () => {
  it("leaves at least a tenth of the reduction to the filter", () => {
    const pixelsOf = (longest: number) => blockPixels({ width: 100, height: longest }, 1440);
    expect([1440, 3167, 3168, 4032, 6335, 6336, 12_671, 12_672].map(pixelsOf)).toEqual([8, 8, 4, 4, 4, 2, 2, 1]);
  });

  it.each([
    [4032, 3024, 2, 4, 19.4],
    [6000, 4000, 2, 4, 21.5],
    [8064, 6048, 2, 2, 26.2],
    [8064, 6048, 1, 2, 34.9],
    [11_500, 9000, 2, 2, 32.4],
  ])(
    "stores the coefficients of %i × %i pixels, chroma 1/%i, in %i pixels a block",
    (width, height, sampling, pixels, megabytes) => {
      const layout = layOutFrame(progressive(width, height, sampling), scan, 1440, 37 * MEGABYTE);
      expect(layout).toMatchObject({ isStored: true, pixels });
      expect(storedBytes(layout) / MEGABYTE).toBeCloseTo(megabytes, 0);
    },
  );

  it("gives up chroma first, then sharpness, then the image", () => {
    const frame = progressive(4032, 3024, 2);
    const within = (megabytes: number) => layOutFrame(frame, scan, 1440, megabytes * MEGABYTE);
    expect(within(40).kept.map(({ width }) => width)).toEqual([4, 8, 8]);
    expect(within(15).kept.map(({ width }) => width)).toEqual([4, 4, 4]);
    expect(within(10).kept.map(({ width }) => width)).toEqual([4, 2, 2]);
    expect(() => within(5)).toThrow(DecoderMemoryError);
    // 1,600 pixels are 1.11 times 1,440: less is left to the filter if that fits.
    const large = progressive(6000, 4000, 1);
    expect(layOutFrame(large, scan, 1440, 60 * MEGABYTE).pixels).toBe(4);
    expect(layOutFrame(large, scan, 1440, 20 * MEGABYTE).pixels).toBe(2);
  });

  it("stores nothing for a single scan", () => {
    const frame = { ...progressive(12_000, 8000, 2), isProgressive: false };
    expect(layOutFrame(frame, scan, 1440, 0)).toMatchObject({ isStored: false, pixels: 2 });
  });
});
