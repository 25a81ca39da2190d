import { describe, expect, it } from "vitest";
import { toneMap } from "../../../../src/media/transcode/colour/toneMap.ts";

const [PQ, HLG, BT_709, BT_2020] = [16, 18, 1, 9];

function shown(rgb: readonly number[], transfer: number, primaries = BT_2020): number[] {
  const rgba = new Uint8Array([...rgb, 255]);
  toneMap({ width: 1, height: 1, rgba }, { primaries, transfer });
  expect(rgba[3]).toBe(255);
  return [...rgba.subarray(0, 3)];
}

const greys = Array.from({ length: 256 }, (_, i) => [i, i, i]);

describe("toneMap", () => {
  it.each([
    ["HLG", HLG, 0.75],
    ["PQ", PQ, 0.58],
  ])("shows black, diffuse white and the peak of %s", (_name, transfer, white) => {
    expect(shown([0, 0, 0], transfer)).toEqual([0, 0, 0]);
    const [level = 0] = shown(
      [white, white, white].map((value) => Math.round(value * 255)),
      transfer,
    );
    expect(level).toBeGreaterThan(215);
    expect(level).toBeLessThan(242);
    expect(Math.min(...shown([255, 255, 255], transfer))).toBeGreaterThanOrEqual(253);
  });

  it.each([
    ["HLG", HLG],
    ["PQ", PQ],
  ])("keeps greys of %s grey and in order", (_name, transfer) => {
    const levels = greys.map((grey) => shown(grey, transfer));
    for (const [i, [red = 0, green = 0, blue = 0]] of levels.entries()) {
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThanOrEqual(1);
      expect(red).toBeGreaterThanOrEqual(levels[i - 1]?.[0] ?? 0);
    }
  });

  it("converts the primaries of BT.2020", () => {
    const muted = [180, 120, 120];
    const [wideRed = 0, wideGreen = 0] = shown(muted, HLG, BT_2020);
    const [red = 0, green = 0] = shown(muted, HLG, BT_709);
    expect(wideRed - wideGreen).toBeGreaterThan(red - green);
  });

  it.each([
    // Computed from the chromaticities of the primaries, with the curve of sRGB.
    [
      "Display P3",
      12,
      [
        [234, 51, 35],
        [255, 0, 0],
      ],
    ],
    [
      "Display P3",
      12,
      [
        [120, 160, 90],
        [108, 161, 80],
      ],
    ],
    [
      "BT.2020",
      9,
      [
        [120, 160, 90],
        [88, 165, 78],
      ],
    ],
  ])("converts SDR of %s to sRGB", (_name, primaries, [from = [], to = []]) => {
    for (const [channel, level] of shown(from, 13, primaries).entries())
      expect(Math.abs(level - (to[channel] ?? 0))).toBeLessThanOrEqual(2);
    expect(shown([128, 128, 128], 13, primaries)).toEqual([128, 128, 128]);
  });

  it("leaves other pictures as they are", () => {
    expect(shown([10, 100, 200], 1, BT_709)).toEqual([10, 100, 200]);
    expect(shown([10, 100, 200], 2, 2)).toEqual([10, 100, 200]);
  });
});
