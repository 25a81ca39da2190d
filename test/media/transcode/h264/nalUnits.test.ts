import { describe, expect, it } from "vitest";
import {
  annexBUnits,
  lengthPrefixedUnits,
  MAX_NAL_UNITS,
  parseAvcConfiguration,
} from "../../../../src/media/transcode/h264/nalUnits.ts";
import { decodedPicture, digestOf, streamDigests, streamUnits } from "../../../support/media/h264Pictures.ts";

function withLengths(units: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const lengthOf = (size: number) =>
    Array.from({ length: lengthBytes }, (_, i) => (size >>> (8 * (lengthBytes - 1 - i))) & 255);
  return new Uint8Array(units.flatMap((unit) => [...lengthOf(unit.length), ...unit]));
}

/** avcC with lengths of two bytes. */
function configuration([sequence, picture]: Uint8Array[]): Uint8Array {
  const setOf = (unit: Uint8Array | undefined) => [0, unit?.length ?? 0, ...(unit ?? [])];
  return new Uint8Array([1, 100, 0, 30, 0xfd, 0xe1, ...setOf(sequence), 1, ...setOf(picture)]);
}

describe("NAL units of MP4", () => {
  it("are decoded with the parameter sets of the configuration", async () => {
    const units = await streamUnits("slices-4");
    const [sets, slices] = [units.slice(0, 2), units.slice(2)];
    const parsed = parseAvcConfiguration(configuration(sets));
    expect(parsed).toMatchObject({ lengthBytes: 2, parameterSets: sets });
    const sample = lengthPrefixedUnits(withLengths(slices, 2), 2);
    const picture = await decodedPicture([...(parsed?.parameterSets ?? []), ...sample]);
    expect(await digestOf(picture)).toBe(streamDigests.get("slices-4"));
  });

  it.each([1, 2, 3, 4])("have lengths of %i bytes", (lengthBytes) => {
    const units = [new Uint8Array([0x65, 1]), new Uint8Array([0x65, 2, 3])];
    expect(lengthPrefixedUnits(withLengths(units, lengthBytes), lengthBytes)).toEqual(units);
  });

  it("end with the sample", () => {
    expect(lengthPrefixedUnits(new Uint8Array([0, 0, 0, 99, 1, 2]), 4)).toEqual([new Uint8Array([1, 2])]);
    expect(lengthPrefixedUnits(new Uint8Array([255, 255, 255, 255, 7]), 4)).toEqual([new Uint8Array([7])]);
    expect(lengthPrefixedUnits(new Uint8Array(3), 4)).toEqual([]);
  });

  it("have no truncated configuration", async () => {
    const whole = configuration((await streamUnits("slices-4")).slice(0, 2));
    for (let length = 0; length < whole.length; length++)
      expect(parseAvcConfiguration(whole.subarray(0, length))).toBeNull();
  });
});

describe("NAL units of byte streams", () => {
  it("are separated by start codes of three and four bytes", () => {
    const stream = new Uint8Array([0, 0, 0, 1, 0x67, 5, 0, 0, 1, 0x68, 6, 0, 0, 1]);
    expect(annexBUnits(stream)).toEqual([new Uint8Array([0x67, 5]), new Uint8Array([0x68, 6])]);
  });

  it("are at most MAX_NAL_UNITS", () => {
    const stream = new Uint8Array((MAX_NAL_UNITS + 10) * 4).map((_, i) => (i % 4 === 2 ? 1 : i % 4 === 3 ? 9 : 0));
    expect(annexBUnits(stream)).toHaveLength(MAX_NAL_UNITS);
  });
});
