import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { lengthPrefixedUnits } from "../../../../../src/media/transcode/h264/nalUnits.ts";
import { hevcSample } from "../../../../../src/media/transcode/video/samples/hevcSample.ts";
import { separateUnits } from "../../../../../src/media/transcode/video/hevc/hevcUnits.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";
import { bytesOf, u32 } from "../../../../support/media/buildImage.ts";

const NONE = new Uint8Array();

interface KeyFrame {
  track: KeyFrameTrack;
  sample: Uint8Array;
  /** Parameter sets, then the slices. */
  units: Uint8Array[];
}

async function keyFrameOf(name: string): Promise<KeyFrame> {
  const track = await openKeyFrames(memorySource(await sampleBytes(`test/fixtures/hevc/${name}`)));
  const sample = await track?.readKeyFrame(0, 1_000_000);
  if (track === null || !(sample instanceof Uint8Array)) throw new Error(`${name} has no key frame`);
  // Each array of hvcC has one unit of up to 255 bytes: 0, 1, 0, its length.
  const { configuration } = track;
  const units: Uint8Array[] = [];
  for (let at = 23; at < configuration.length;) {
    const length = configuration[at + 4] ?? 0;
    units.push(configuration.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return { track, sample, units: [...units, ...lengthPrefixedUnits(sample, 4)] };
}

async function decode(sample: Uint8Array, track: KeyFrameTrack) {
  const result = await hevcSample.decode(sample, track, 160);
  return result.kind === "image" ? result.image : result.reason;
}

describe.each(["bars-8-bits.mp4", "bars-10-bits.mp4"])("%s", (name) => {
  it("decodes as a byte stream to the same picture", async () => {
    const { track, sample, units } = await keyFrameOf(name);
    const stream = bytesOf(...units.map((unit) => bytesOf([0, 0, 0, 1], unit)));
    expect(await decode(stream, { ...track, configuration: NONE })).toEqual(await decode(sample, track));
  });

  it("decodes with parameter sets in the sample only", async () => {
    const { track, sample, units } = await keyFrameOf(name);
    const configuration = bytesOf(track.configuration.subarray(0, 22), [0]);
    const withSets = bytesOf(...units.map((unit) => bytesOf(u32(unit.length), unit)));
    expect(await decode(withSets, { ...track, configuration })).toEqual(await decode(sample, track));
  });

  it("has a configuration with the formats of its samples", async () => {
    const { track, units } = await keyFrameOf(name);
    const configuration = separateUnits(units)?.configuration ?? NONE;
    // Profile, level, chroma format, bit depths and the size of lengths.
    for (const [from, to] of [
      [0, 13],
      [16, 19],
    ])
      expect(configuration.subarray(from, to)).toEqual(track.configuration.subarray(from, to));
    expect((configuration[21] ?? 0) & 3).toBe(3);
  });

  it("leaves out units of other layers", async () => {
    const { track, sample, units } = await keyFrameOf(name);
    const other = (units.at(-1) ?? NONE).map((byte, at) => (at === 1 ? 0x09 : byte));
    const stream = bytesOf(...[...units, other].map((unit) => bytesOf([0, 0, 1], unit)));
    expect(await decode(stream, { ...track, configuration: NONE })).toEqual(await decode(sample, track));
  });

  it("is refused without a whole sequence parameter set", async () => {
    const { track, units } = await keyFrameOf(name);
    const streamOf = (parts: Uint8Array[]) => bytesOf(...parts.map((unit) => bytesOf([0, 0, 1], unit)));
    const isSequence = (unit: Uint8Array) => (unit[0] ?? 0) >> 1 === 33;
    const cut = units.map((unit) => (isSequence(unit) ? unit.subarray(0, 15) : unit));
    for (const parts of [[], units.filter((unit) => !isSequence(unit)), cut])
      expect(await decode(streamOf(parts), { ...track, configuration: NONE })).toBe(
        "the HEVC configuration is damaged",
      );
  });
});
