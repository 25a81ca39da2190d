import { describe, expect, it } from "vitest";
import { recodeColour, type ColourCoding } from "../../../../src/media/transcode/colour/recodeColour.ts";
import { rowConverter } from "../../../../src/media/transcode/heif/planes.ts";

const BT_709 = 1;
const BT_601 = 6;
const BT_2020 = 9;

/** Pixels of YCbCr that no conversion clips. */
const samples = [
  [120, 128, 128],
  [100, 110, 150],
  [90, 150, 120],
  [150, 120, 118],
  [70, 126, 140],
] as const;

function toRgba(coding: ColourCoding): Uint8Array {
  const planeOf = (i: 0 | 1 | 2) => ({
    bytes: Uint8Array.from(samples, (sample) => sample[i]),
    strideBytes: samples.length,
  });
  const chroma = { blue: planeOf(1), red: planeOf(2), xShift: 0, yShift: 0 };
  const planes = { width: samples.length, height: 1, bits: 8, luma: planeOf(0), chroma, ...coding };
  const rgb = new Uint8ClampedArray(samples.length * 3);
  rowConverter(planes)(0, samples.length, rgb, 0);
  return Uint8Array.from({ length: samples.length * 4 }, (_, at) =>
    at % 4 === 3 ? 255 : (rgb[Math.floor(at / 4) * 3 + (at % 4)] ?? 0),
  );
}

const codings = [BT_601, BT_709, BT_2020].flatMap((matrix) => [
  { matrix, isFullRange: false },
  { matrix, isFullRange: true },
]);

describe("recodeColour", () => {
  it.each(codings.flatMap((decoded) => codings.map((actual) => [decoded, actual] as const)))(
    "makes of pixels decoded as %o those of %o",
    (decoded, actual) => {
      const image = { width: samples.length, height: 1, rgba: toRgba(decoded) };
      recodeColour(image, decoded, actual);
      const expected = toRgba(actual);
      // The first conversion rounds to whole numbers.
      for (const [i, value] of image.rgba.entries())
        expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual(2);
    },
  );
});
