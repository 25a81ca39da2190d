import { describe, expect, it } from "vitest";
import { decodeKeyFrame, MAX_KEY_FRAME_BYTES } from "../../../../src/media/transcode/h264/decodeKeyFrame.ts";
import { MAX_NAL_UNITS } from "../../../../src/media/transcode/h264/nalUnits.ts";
import { MAX_H264_EDGE_PX, parseSequenceParameters } from "../../../../src/media/transcode/h264/sequenceParameters.ts";
import {
  decodedPicture,
  digestOf,
  reasonOf,
  samplesOf,
  streamDigests,
  streamUnits,
} from "../../../support/media/h264Pictures.ts";
import { bitWriter, pictureUnit, sequenceUnit, type BitWriter } from "../../../support/media/h264Streams.ts";

const I_SLICE = 7;
const P_SLICE = 5;

/** Header of an IDR slice for the default parameter sets, up to the field that follows frame_num. */
function sliceStart(type = I_SLICE): BitWriter {
  return bitWriter().ue(0).ue(type).ue(0).u(4, 0);
}

/** An IDR slice whose data breaks off behind the header. */
function emptySlice(type = I_SLICE): Uint8Array {
  return sliceStart(type).ue(0).u(2, 0).se(0).ue(1).unit(0x65);
}

async function reasonFor(...units: Uint8Array[]): Promise<string> {
  return reasonOf(await decodeKeyFrame(units));
}

/** Cuts bytes off the last unit. */
function shortened(units: readonly Uint8Array[], bytes: number): Uint8Array[] {
  return units.map((unit, i) => (i === units.length - 1 ? unit.subarray(0, unit.length - bytes) : unit));
}

/** Overwrites some bytes in the middle of the last unit. */
function damaged(units: readonly Uint8Array[]): Uint8Array[] {
  const last = (units.at(-1) ?? new Uint8Array()).slice();
  last.fill(0xff, last.length >> 1, (last.length >> 1) + 8);
  return [...units.slice(0, -1), last];
}

describe("decodeKeyFrame", () => {
  it("has at least 40 streams to compare with ffmpeg", () => {
    expect(streamDigests.size).toBeGreaterThanOrEqual(40);
  });

  it.each([...streamDigests])("decodes %s to the samples of ffmpeg", async (name, digest) => {
    expect(await digestOf(await decodedPicture(await streamUnits(name)))).toBe(digest);
  });

  it("decodes the first of several pictures", async () => {
    const first = await streamUnits("baseline-bars");
    const second = await streamUnits("main-bars");
    const digest = streamDigests.get("baseline-bars");
    expect(await digestOf(await decodedPicture([...first, ...second]))).toBe(digest);
  });

  it("shows the cropped part", async () => {
    const { planes } = await decodedPicture(await streamUnits("size-322x182"));
    expect(planes).toMatchObject({ width: 322, height: 182, luma: { strideBytes: 336 } });
  });

  it("crops the left and the top", async () => {
    const units = await streamUnits("pcm-only");
    const [sequence = new Uint8Array(), ...others] = units;
    const { pictureOrder, ...fields } = parseSequenceParameters(sequence);
    const order = { orderType: pictureOrder.type, lsbBits: pictureOrder.lsbBits };
    const cropped = sequenceUnit({ ...fields, ...order, crop: [1, 2, 3, 4], lists: null });
    const whole = samplesOf(await decodedPicture(units));
    const { planes } = await decodedPicture([cropped, ...others]);
    expect(planes).toMatchObject({ width: 26, height: 18 });
    expect([...planes.luma.bytes.subarray(0, 26)]).toEqual([...whole.subarray(6 * 32 + 2, 6 * 32 + 28)]);
    const blue = whole.subarray(32 * 32, 32 * 32 + 16 * 16);
    expect([...(planes.chroma?.blue.bytes.subarray(0, 13) ?? [])]).toEqual([...blue.subarray(49, 62)]);
  });

  it("returns the colour description and the shape of pixels", async () => {
    const full = await decodedPicture(await streamUnits("full-range"));
    expect(full).toMatchObject({ isFullRange: true, primaries: 1, transfer: 1, matrix: 1 });
    expect(full.planes).toMatchObject({ isFullRange: true, matrix: 1 });
    const wide = await decodedPicture(await streamUnits("wide-pixels"));
    expect(wide).toMatchObject({ pixelAspect: { width: 16, height: 11 }, isFullRange: false, matrix: 2 });
  });

  it("has no chroma in grey pictures", async () => {
    expect((await decodedPicture(await streamUnits("grey-cabac"))).planes.chroma).toBeNull();
  });
});

describe("decodeKeyFrame refuses", () => {
  it.each([
    ["4:2:2", { profile: 122, chroma: 2 }],
    ["4:4:4", { profile: 244, chroma: 3 }],
    ["10 bits", { profile: 110, depth: 10 }],
    ["without loss", { profile: 244, isLossless: true }],
    ["MBAFF", { hasFramesOnly: false, isMbaff: true }],
    [`more than ${MAX_H264_EDGE_PX} pixels`, { width: MAX_H264_EDGE_PX / 16 + 1 }],
    [`more than ${MAX_H264_EDGE_PX} pixels`, { height: 2 ** 31 }],
    ["memory limit of 64 MB", { width: MAX_H264_EDGE_PX / 16, height: MAX_H264_EDGE_PX / 16 }],
    ["cropping rectangle is empty", { crop: [8, 8, 0, 0] }],
  ] as const)("%s", async (reason, fields) => {
    expect(await reasonFor(sequenceUnit(fields), pictureUnit(), emptySlice())).toContain(reason);
  });

  it("interlaced fields", async () => {
    const field = sliceStart().u(1, 1).u(1, 0).ue(0).u(2, 0).se(0).ue(1).unit(0x65);
    expect(await reasonFor(sequenceUnit({ hasFramesOnly: false }), pictureUnit(), field)).toContain(
      "interlaced fields",
    );
  });

  it("slice groups and data partitions", async () => {
    expect(await reasonFor(sequenceUnit(), pictureUnit({ sliceGroups: 2 }), emptySlice())).toContain("slice groups");
    const partition = new Uint8Array([0x62, 0x88]);
    expect(await reasonFor(sequenceUnit(), pictureUnit(), partition)).toContain("data partitioning");
  });

  it("pictures with other than I slices", async () => {
    expect(await reasonFor(sequenceUnit(), pictureUnit(), emptySlice(P_SLICE))).toContain("isn't a key frame");
  });

  it("data without slices or parameter sets", async () => {
    expect(await reasonFor(sequenceUnit(), pictureUnit())).toContain("contains no slice");
    expect(await reasonFor(sequenceUnit(), emptySlice())).toContain(
      "picture parameter set of the H.264 stream is missing",
    );
    expect(await reasonFor(pictureUnit(), emptySlice())).toContain(
      "sequence parameter set of the H.264 stream is missing",
    );
    expect(await reasonFor(sequenceUnit().subarray(0, 5), pictureUnit(), emptySlice())).toContain(
      "headers are damaged",
    );
  });

  it("missing and damaged slices", async () => {
    const units = await streamUnits("slices-4");
    expect(reasonOf(await decodeKeyFrame(units.slice(0, -1)))).toContain("lacks slices");
    expect(reasonOf(await decodeKeyFrame(units.map((unit) => unit.subarray(0, 100))))).toContain("slice is damaged");
    for (const name of ["pcm-cavlc", "high-cavlc-qp5", "high-cabac-qp5"]) {
      const result = await decodeKeyFrame(shortened(await streamUnits(name), 40));
      expect(reasonOf(result)).toContain("slice is damaged");
    }
    expect(reasonOf(await decodeKeyFrame(damaged(await streamUnits("high-cavlc-qp5"))))).toContain("slice is damaged");
  });

  it("a slice that comes twice", async () => {
    const units = await streamUnits("slices-4");
    const last = units.length - 1;
    const repeated = [...units.slice(0, last), ...units.slice(last - 1)];
    expect(reasonOf(await decodeKeyFrame(repeated))).toContain("slice is damaged");
  });

  it("more data than a key frame has", async () => {
    const large = new Uint8Array(MAX_KEY_FRAME_BYTES + 1);
    expect(await reasonFor(large)).toContain("too large");
    const many = Array.from({ length: MAX_NAL_UNITS + 1 }, () => new Uint8Array([9]));
    expect(await reasonFor(...many)).toContain("too large");
  });
});
