import { describe, expect, it } from "vitest";
import { av1Sample } from "../../../../../src/media/transcode/video/samples/av1Sample.ts";
import { mjpegSample } from "../../../../../src/media/transcode/video/samples/mjpegSample.ts";
import { proResSample } from "../../../../../src/media/transcode/video/samples/proResSample.ts";
import { vp8Sample } from "../../../../../src/media/transcode/video/samples/vp8Sample.ts";
import { vp9Sample } from "../../../../../src/media/transcode/video/samples/vp9Sample.ts";
import {
  decodeFrame,
  expectedPicture,
  keyFrame,
  meanDifference,
  refusalOf,
  trackOf,
} from "../../../../support/media/keyFrameFixtures.ts";
import { bytesOf } from "../../../../support/media/buildImage.ts";
import { KEY_FRAME_SAMPLES } from "../../../../support/media/keyFrameSamples.ts";
import { ssim } from "../../../../support/media/ssim.ts";

describe.each(KEY_FRAME_SAMPLES)("the decoder of %s", (name, decoder, maxDifference) => {
  it("shows what ffmpeg shows", async () => {
    const [actual, expected] = [await decodeFrame(decoder, await keyFrame(name)), await expectedPicture(name)];
    expect(ssim(actual, expected)).toBeGreaterThan(0.98);
    expect(meanDifference(actual, expected)).toBeLessThan(maxDifference);
  });

  it("shrinks to the edge and applies the pixel aspect", async () => {
    const sample = await keyFrame(name);
    expect(await decodeFrame(decoder, sample, {}, 80)).toMatchObject({ width: 80, height: 48 });
    const narrow = await decodeFrame(decoder, sample, { pixelAspect: { width: 1, height: 2 } });
    expect(narrow.width).toBeCloseTo(80, -1);
    expect(narrow.height).toBeGreaterThan(95);
  });

  it("decodes several key frames of a film, a damaged one among them", async () => {
    const track = trackOf();
    const sample = await keyFrame(name);
    const results = [];
    for (const bytes of [sample, sample.subarray(0, sample.length >> 1), sample])
      results.push(await decoder.decode(bytes, track, 100));
    expect(results[0]).toMatchObject({ kind: "image" });
    expect(results[2]).toEqual(results[0]);
  });

  it("says that a sample without a key frame can't be decoded", async () => {
    for (const bytes of [0, 1, 9, 10]) expect(await refusalOf(decoder, new Uint8Array(bytes))).not.toBe("");
    const sample = await keyFrame(name);
    expect(await refusalOf(decoder, sample.subarray(0, 20))).not.toBe("");
  });
});

describe("vp9Sample", () => {
  it("decodes the first frame of a superframe, even if it is hidden", async () => {
    const frame = await keyFrame("vp9.ivf");
    const hidden = frame.slice();
    hidden[0] = (hidden[0] ?? 0) & ~0x02;
    const other = new Uint8Array([0x84, 1, 2, 3]);
    const sizes = [frame.length & 255, frame.length >> 8, other.length, 0];
    const superframe = bytesOf(hidden, other, [0xc9, ...sizes, 0xc9]);
    expect(await decodeFrame(vp9Sample, superframe)).toEqual(await decodeFrame(vp9Sample, frame));
  });

  it("decodes several key frames of a film with one decoder", async () => {
    const track = trackOf();
    const frame = await keyFrame("vp9.ivf");
    const results = [];
    for (const sample of [frame, await keyFrame("vp9-odd.ivf"), frame])
      results.push(await vp9Sample.decode(sample, track, 4096));
    expect(results[0]).toMatchObject({ kind: "image", image: { width: 160 } });
    expect(results[1]).toMatchObject({ kind: "image", image: { width: 161, height: 97 } });
    expect(results[2]).toEqual(results[0]);
  });

  it("decodes a key frame after a damaged one of the same film", async () => {
    const track = trackOf();
    const frame = await keyFrame("vp9.ivf");
    const damaged = frame.slice(0, 200);
    expect(await vp9Sample.decode(damaged, track, 100)).toMatchObject({ kind: "unsupported" });
    expect(await vp9Sample.decode(frame, track, 100)).toMatchObject({ kind: "image" });
  });

  it("shows HDR as the track says", async () => {
    const frame = await keyFrame("vp9.ivf");
    const colour = { primaries: 9, transfer: 16, matrix: 9, isFullRange: false };
    const [hdr, sdr] = [await decodeFrame(vp9Sample, frame, { colour }), await decodeFrame(vp9Sample, frame)];
    expect(meanDifference(hdr, sdr)).toBeGreaterThan(5);
  });

  it("refuses 10 bits, inter frames and pictures of more than 4K", async () => {
    expect(await refusalOf(vp9Sample, await keyFrame("vp9-10-bits.ivf"))).toBe("VP9 with 10 bits a sample");
    const frame = await keyFrame("vp9.ivf");
    const inter = frame.slice();
    inter[0] = (inter[0] ?? 0) | 0x04;
    expect(await refusalOf(vp9Sample, inter)).toBe("the VP9 sample begins with no key frame");
    const large = frame.slice();
    large.fill(0xff, 5, 8);
    expect(await refusalOf(vp9Sample, large)).toMatch(/^VP9 of \d+ × \d+ pixels is too large to decode$/);
  });
});

/** Removes the segment that defines Huffman tables. */
function withoutTables(jpeg: Uint8Array): Uint8Array {
  const at = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc4);
  const length = 2 + (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0);
  return bytesOf(jpeg.subarray(0, at), jpeg.subarray(at + length));
}

/** The segment of AVI that tells whether frames are fields. */
function aviSegment(polarity: number): number[] {
  return [0xff, 0xe0, 0, 16, ...new TextEncoder().encode("AVI1"), polarity, ...Array<number>(9).fill(0)];
}

/** The segment of Motion JPEG A, whose sizes and offsets aren't read. */
const QUICKTIME_SEGMENT = [
  0xff,
  0xe1,
  0,
  42,
  0,
  0,
  0,
  0,
  ...new TextEncoder().encode("mjpg"),
  ...Array<number>(32).fill(0),
];

describe("mjpegSample", () => {
  it("knows the Huffman tables that Motion JPEG leaves out", async () => {
    const frame = await keyFrame("mjpeg.jpg");
    const short = withoutTables(frame);
    expect(short.length).toBeLessThan(frame.length - 400);
    expect(await decodeFrame(mjpegSample, short)).toEqual(await decodeFrame(mjpegSample, frame));
  });

  it("finds a JPEG behind a few other bytes", async () => {
    const frame = await keyFrame("mjpeg.jpg");
    const late = bytesOf([0, 0, 1, 2], frame);
    expect(await decodeFrame(mjpegSample, late)).toEqual(await decodeFrame(mjpegSample, frame));
  });

  it("shows the first of two fields in full height", async () => {
    const frame = await keyFrame("mjpeg.jpg");
    const field = bytesOf(frame.subarray(0, 2), aviSegment(1), frame.subarray(2));
    const pair = await decodeFrame(mjpegSample, bytesOf(field, [0, 0, 0], frame));
    expect(pair).toMatchObject({ width: 160, height: 192 });
    expect(pair.rgba.subarray(640, 1280)).toEqual(pair.rgba.subarray(0, 640));
    expect(await decodeFrame(mjpegSample, field)).toMatchObject({ width: 160, height: 96 });
    const quickTime = bytesOf(frame.subarray(0, 2), QUICKTIME_SEGMENT, frame.subarray(2));
    expect(await decodeFrame(mjpegSample, bytesOf(quickTime, frame))).toEqual(pair);
    expect(await decodeFrame(mjpegSample, quickTime)).toMatchObject({ width: 160, height: 96 });
    const progressive = bytesOf(frame.subarray(0, 2), aviSegment(0), frame.subarray(2), frame);
    expect(await decodeFrame(mjpegSample, progressive)).toMatchObject({ width: 160, height: 96 });
  });
});

describe("proResSample", () => {
  it("shows HDR as the frame or the track says", async () => {
    const frame = await keyFrame("prores-proxy.prores");
    const sdr = await decodeFrame(proResSample, frame);
    const colour = { primaries: 9, transfer: 18, matrix: 9, isFullRange: false };
    const told = await decodeFrame(proResSample, frame, { colour });
    const stated = frame.slice();
    stated.set([9, 18, 9], 8 + 14);
    expect(meanDifference(told, sdr)).toBeGreaterThan(5);
    // The frame states its matrix.
    expect(meanDifference(await decodeFrame(proResSample, stated), sdr)).toBeGreaterThan(5);
  });

  it("says why a frame can't be decoded", async () => {
    const frame = await keyFrame("prores-proxy.prores");
    const withByte = (at: number, value: number) => bytesOf(frame.subarray(0, at), [value], frame.subarray(at + 1));
    expect(await refusalOf(proResSample, withByte(8 + 12, 0xc0))).toBe("ProRes of 4:4:4");
    expect(await refusalOf(proResSample, withByte(8 + 8, 0xff))).toMatch(/^(the ProRes frame is damaged|ProRes of)/);
    expect(await refusalOf(proResSample, frame.subarray(0, frame.length - 100))).toBe("the ProRes frame is damaged");
  });
});

describe("vp8Sample", () => {
  it("ignores the scaling of the header and shows a hidden frame", async () => {
    const frame = await keyFrame("vp8.ivf");
    const scaled = frame.slice();
    scaled[0] = (scaled[0] ?? 0) & ~0x10;
    scaled[7] = (scaled[7] ?? 0) | 0x40;
    scaled[9] = (scaled[9] ?? 0) | 0x80;
    expect(await decodeFrame(vp8Sample, scaled)).toEqual(await decodeFrame(vp8Sample, frame));
  });

  it("refuses pictures of more than 4K", async () => {
    const frame = (await keyFrame("vp8.ivf")).slice();
    frame.set([0xff, 0x3f, 0xff, 0x3f], 6);
    expect(await refusalOf(vp8Sample, frame)).toBe("VP8 of 16383 × 16383 pixels is too large to decode");
  });
});

describe("av1Sample", () => {
  it("takes the sequence header from the configuration", async () => {
    const frame = await keyFrame("av1.ivf");
    // A temporal delimiter of two bytes, and the sequence header with its size.
    const headerEnd = 4 + (frame[3] ?? 0);
    const configuration = bytesOf([0x81, 0, 0, 0], frame.subarray(2, headerEnd));
    const sample = frame.subarray(headerEnd);
    expect(await refusalOf(av1Sample, sample)).not.toBe("");
    expect(await decodeFrame(av1Sample, sample, { configuration })).toEqual(await decodeFrame(av1Sample, frame));
  });

  it("decodes several key frames of a film, damaged ones among them", async () => {
    const track = trackOf();
    const frame = await keyFrame("av1.ivf");
    const results = [];
    for (const sample of [frame, frame.subarray(0, 300), await keyFrame("av1-10-bits.ivf"), frame])
      results.push(await av1Sample.decode(sample, track, 4096));
    expect(results[1]).toMatchObject({ kind: "unsupported" });
    expect(results[2]).toMatchObject({ kind: "image" });
    expect(results[3]).toEqual(results[0]);
  });

  it("shows HDR as the track says", async () => {
    const frame = await keyFrame("av1.ivf");
    const colour = { primaries: 9, transfer: 18, matrix: 9, isFullRange: false };
    const [hdr, sdr] = [await decodeFrame(av1Sample, frame, { colour }), await decodeFrame(av1Sample, frame)];
    expect(meanDifference(hdr, sdr)).toBeGreaterThan(5);
  });
});
