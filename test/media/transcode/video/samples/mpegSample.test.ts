import { describe, expect, it } from "vitest";
import { h263Sample, mpeg2Sample, mpeg4Sample } from "../../../../../src/media/transcode/video/samples/mpegSample.ts";
import { bytesOf } from "../../../../support/media/buildImage.ts";
import {
  decodeFrame,
  expectedPicture,
  keyFrame,
  meanDifference,
  refusalOf,
} from "../../../../support/media/keyFrameFixtures.ts";
import { ssim } from "../../../../support/media/ssim.ts";

function indexOfCode(stream: Uint8Array, code: number, kind = -1): number {
  return stream.findIndex(
    (byte, i) =>
      byte === 0 &&
      stream[i + 1] === 0 &&
      stream[i + 2] === 1 &&
      stream[i + 3] === code &&
      (kind < 0 || (stream[i + 4] ?? 0) >> 4 === kind),
  );
}

/** Makes a field of a frame with half the lines. Both have the same slices. */
function fieldOf(frame: Uint8Array, structure: number): Uint8Array {
  const field = frame.slice();
  const [sequence, extension, coding] = [0, indexOfCode(field, 0xb5, 1), indexOfCode(field, 0xb5, 8)];
  field[sequence + 6] = (field[sequence + 6] ?? 0) * 2;
  field[extension + 5] = (field[extension + 5] ?? 0) & ~0x08;
  field[coding + 6] = ((field[coding + 6] ?? 0) & ~0x03) | structure;
  return field;
}

describe("mpeg2Sample", () => {
  it.each([1, 2])("shows field %i in all lines", async (structure) => {
    const frame = await keyFrame("mpeg2-half.m2v");
    const pixelAspect = { width: 1, height: 1 };
    const half = await decodeFrame(mpeg2Sample, frame, { pixelAspect });
    expect(half).toMatchObject({ width: 160, height: 48 });
    const whole = await decodeFrame(mpeg2Sample, fieldOf(frame, structure), { pixelAspect });
    expect(whole).toMatchObject({ width: 160, height: 96 });
    for (const line of [0, 1, 50, 95])
      expect(whole.rgba.subarray(line * 640, line * 640 + 640)).toEqual(
        half.rgba.subarray((line >> 1) * 640, (line >> 1) * 640 + 640),
      );
  });

  it("shows both fields of a frame", async () => {
    const frame = await keyFrame("mpeg2-half.m2v");
    const bottom = fieldOf(frame, 2);
    const fields = bytesOf(fieldOf(frame, 1), bottom.subarray(indexOfCode(bottom, 0)));
    expect(await decodeFrame(mpeg2Sample, fields)).toEqual(await decodeFrame(mpeg2Sample, fieldOf(frame, 1)));
  });

  it("takes the shape of pixels from the sequence header", async () => {
    const frame = (await keyFrame("mpeg2.m2v")).slice();
    frame[7] = 0x30 | ((frame[7] ?? 0) & 15);
    expect(await decodeFrame(mpeg2Sample, frame)).toMatchObject({ width: 160, height: 90 });
    expect(await decodeFrame(mpeg2Sample, frame, { pixelAspect: { width: 1, height: 1 } })).toMatchObject({
      height: 96,
    });
  });

  it("says why a picture can't be decoded", async () => {
    const frame = await keyFrame("mpeg2.m2v");
    const lastSlice = indexOfCode(frame, 6);
    expect(await refusalOf(mpeg2Sample, frame.subarray(0, lastSlice))).toBe("the MPEG picture is damaged");
    const inter = frame.slice();
    inter[indexOfCode(frame, 0) + 5] = 0x10;
    expect(await refusalOf(mpeg2Sample, inter)).toBe("the MPEG video has no intra picture");
    const large = frame.slice();
    large.fill(0xff, 4, 7);
    expect(await refusalOf(mpeg2Sample, large)).toBe("MPEG video of 4095 × 4095 pixels is too large to decode");
    const other = frame.subarray(indexOfCode(frame, 0));
    expect(await refusalOf(mpeg2Sample, other)).toBe("the MPEG video has no sequence header");
  });
});

describe("mpeg4Sample", () => {
  it("takes the headers from the configuration", async () => {
    const frame = await keyFrame("mpeg4.m4v");
    const at = indexOfCode(frame, 0xb6);
    const configuration = bytesOf([0, 0, 0, 0, 3, 25], frame.subarray(0, at));
    const sample = frame.subarray(at);
    expect(await refusalOf(mpeg4Sample, sample)).toBe("the MPEG-4 video has no layer header");
    expect(await decodeFrame(mpeg4Sample, sample, { configuration })).toEqual(await decodeFrame(mpeg4Sample, frame));
  });

  it("decodes a short header as H.263", async () => {
    const frame = await keyFrame("h263.h263");
    expect(await decodeFrame(mpeg4Sample, frame)).toEqual(await decodeFrame(h263Sample, frame));
  });

  it("says why a picture can't be decoded", async () => {
    const frame = await keyFrame("mpeg4.m4v");
    expect(await refusalOf(mpeg4Sample, frame.subarray(0, frame.length - 500))).toBe("the MPEG-4 picture is damaged");
    const inter = frame.slice();
    inter[indexOfCode(frame, 0xb6) + 4] = 0x50;
    expect(await refusalOf(mpeg4Sample, inter)).toBe("the MPEG-4 video has no intra picture");
  });
});

describe("h263Sample", () => {
  it("shows what ffmpeg shows, with square pixels", async () => {
    const expected = await expectedPicture("h263.h263");
    const frame = await keyFrame("h263.h263");
    const actual = await decodeFrame(h263Sample, frame, { pixelAspect: { width: 1, height: 1 } });
    expect(ssim(actual, expected)).toBeGreaterThan(0.98);
    expect(meanDifference(actual, expected)).toBeLessThan(0.5);
    expect(await decodeFrame(h263Sample, frame)).toMatchObject({ width: 176, height: 132 });
  });

  it("says why a picture can't be decoded", async () => {
    const frame = await keyFrame("h263.h263");
    const withByte = (at: number, value: number) => bytesOf(frame.subarray(0, at), [value], frame.subarray(at + 1));
    expect(await refusalOf(h263Sample, withByte(4, 0x1c))).toBe("H.263 with an extended header");
    expect(await refusalOf(h263Sample, withByte(4, 0x0a))).toBe("the H.263 sample begins with no intra picture");
    expect(await refusalOf(h263Sample, withByte(5, 0x80))).toBe("H.263 with optional coding modes");
    expect(await refusalOf(h263Sample, frame.subarray(0, 300))).toBe("the H.263 picture is damaged");
    expect(await refusalOf(h263Sample, new Uint8Array(20))).toBe("the H.263 sample begins with no picture");
  });
});
