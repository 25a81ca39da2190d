import { expect, it } from "vitest";
import { parseToneCurve } from "../../../../src/media/transcode/colour/toneCurve.ts";
import { curveTag, gammaTag, parametricTag } from "../../../support/media/iccProfiles.ts";

function valuesOf(tag: Uint8Array, encoded: number[]): (number | undefined)[] {
  const curve = parseToneCurve(tag);
  return encoded.map((value) => curve?.(value));
}

function expectValues(tag: Uint8Array, encoded: number[], linear: number[]): void {
  expect(valuesOf(tag, encoded)).toEqual(linear.map((value) => expect.closeTo(value, 4)));
}

it("reads an empty curve as linear, one entry as a gamma and more as a table with interpolation", () => {
  expectValues(curveTag(), [0, 0.3, 1], [0, 0.3, 1]);
  expectValues(gammaTag(2), [0, 0.5, 1], [0, 0.25, 1]);
  expectValues(curveTag(0, 6553.5, 65_535), [0, 0.25, 0.5, 0.75, 1], [0, 0.05, 0.1, 0.55, 1]);
});

it("reads the five parametric functions on both sides of their break", () => {
  expectValues(parametricTag(0, 3), [0, 0.5, 1], [0, 0.125, 1]);
  expectValues(parametricTag(1, 2, 2, -1), [0.2, 0.5, 1], [0, 0, 1]);
  expectValues(parametricTag(2, 2, 1, -0.5, 0.25), [0, 0.5, 1], [0.25, 0.25, 0.5]);
  expectValues(parametricTag(3, 2, 1, 0, 0.5, 0.25), [0.1, 0.25, 0.5], [0.05, 0.0625, 0.25]);
  expectValues(parametricTag(4, 2, 1, 0, 0.5, 0.25, 0.1, 0.01), [0.1, 0.25, 0.5], [0.06, 0.1625, 0.35]);
});

it("returns null for damaged tags and other types", () => {
  const damaged = [
    new Uint8Array(),
    curveTag(1, 2, 3).subarray(0, 17),
    curveTag(1).subarray(0, 12),
    parametricTag(3, 2, 1, 0, 0.5, 0.25).subarray(0, 31),
    parametricTag(5, 1, 1, 1, 1, 1, 1, 1),
    parametricTag(1, 2, 0, 1),
    new TextEncoder().encode("XYZ and more than twelve bytes"),
  ];
  for (const tag of damaged) expect(parseToneCurve(tag)).toBeNull();
});
