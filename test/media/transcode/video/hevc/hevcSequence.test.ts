import { describe, expect, it } from "vitest";
import { parseHevcSequence } from "../../../../../src/media/transcode/video/hevc/hevcSequence.ts";
import { bitWriter } from "../../../../support/media/h264Streams.ts";

type Bits = ReturnType<typeof bitWriter>;

/** Profile, size and bit depths; `subLayers` is their number less 1. */
function head(subLayers = 0): Bits {
  const bits = bitWriter().u(4, 0).u(3, subLayers).u(1, 1).u(32, 0).u(32, 0).u(32, 0);
  // Sub-layers state neither profile nor level; two bits each up to eight.
  if (subLayers > 0) bits.u(16, 0);
  return bits.ue(0).ue(1).ue(1920).ue(1088).u(1, 1).ue(0).ue(0).ue(0).ue(4).ue(0).ue(0);
}

/** Picture order, sub-layers and sizes of blocks. */
function blocks(bits: Bits, orderings = 1): Bits {
  bits.ue(4).u(1, 1);
  for (let left = 3 * orderings; left > 0; left--) bits.ue(2);
  for (let left = 6; left > 0; left--) bits.ue(1);
  return bits;
}

/** Everything but scaling lists, PCM and references, then the usability: 4:3 pixels, full range, BT.2020 with PQ. */
function usability(bits: Bits): Bits {
  bits.u(2, 0).u(1, 1).u(1, 1).u(8, 14).u(1, 0);
  return bits.u(1, 1).u(3, 5).u(1, 1).u(1, 1).u(8, 9).u(8, 16).u(8, 9).u(8, 0);
}

const expected = {
  width: 1920,
  height: 1080,
  pixelAspect: { width: 4, height: 3 },
  isFullRange: true,
  primaries: 9,
  transfer: 16,
  matrix: 9,
};

/** Without the byte of the header that `unit` writes. */
function parse(bits: Bits) {
  return parseHevcSequence(bits.unit(1).subarray(1));
}

describe("parseHevcSequence", () => {
  it("reads size and colour of a set without optional parts", () => {
    const bits = blocks(head()).u(1, 0).u(2, 0).u(1, 0).ue(0).u(1, 0);
    expect(parse(usability(bits))).toMatchObject(expected);
  });

  it("skips sub-layers, scaling lists, PCM and references", () => {
    const bits = blocks(head(2), 3).u(1, 1).u(1, 1);
    for (const [size, matrices] of [6, 6, 6, 2].entries()) {
      // The first list of a size is copied, the others are written out.
      bits.u(1, 0).ue(0);
      const weights = Math.min(64, 16 << (2 * size)) + (size > 1 ? 1 : 0);
      for (let matrix = 1; matrix < matrices; matrix++) {
        bits.u(1, 1);
        for (let left = weights; left > 0; left--) bits.ue(3);
      }
    }
    bits.u(2, 3).u(1, 1).u(8, 0).ue(0).ue(1).u(1, 0);
    // Two pictures before and one after; then a set predicted from these three, which keeps two of four.
    bits.ue(2).ue(2).ue(1).ue(0).u(1, 1).ue(0).u(1, 1).ue(0).u(1, 0);
    bits.u(1, 1).u(1, 0).ue(0).u(1, 1).u(2, 0).u(2, 1).u(2, 0);
    // One long-term picture with an order of 8 bits.
    bits.u(1, 1).ue(1).u(8, 77).u(1, 1);
    expect(parse(usability(bits))).toMatchObject(expected);
  });

  it("leaves the colour unspecified where the set breaks off or has absurd counts", () => {
    const unspecified = { width: 1920, height: 1080, matrix: 2, transfer: 2, isFullRange: false };
    const whole = usability(blocks(head()).u(1, 0).u(2, 0).u(1, 0).ue(0).u(1, 0)).unit(1).subarray(1);
    expect(parseHevcSequence(whole.subarray(0, whole.length - 9))).toMatchObject(unspecified);
    expect(parse(blocks(head()).u(1, 0).u(2, 0).u(1, 0).ue(65))).toMatchObject(unspecified);
    expect(
      parse(
        blocks(head())
          .u(1, 0)
          .u(2, 0)
          .u(1, 0)
          .ue(1)
          .ue(2 ** 30),
      ),
    ).toMatchObject(unspecified);
    expect(() => parseHevcSequence(whole.subarray(0, 12))).toThrow(RangeError);
  });
});
