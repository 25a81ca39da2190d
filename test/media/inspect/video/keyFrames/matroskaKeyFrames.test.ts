import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import {
  MAX_PLACE_SEARCH_BYTES,
  SEARCHED_PLACES,
} from "../../../../../src/media/inspect/video/keyFrames/searchedPlaces.ts";
import { bytesOf, u16, u32 } from "../../../../support/media/buildImage.ts";
import { element } from "../../../../support/media/buildVideo.ts";
import { countingSource } from "../../../../support/media/countingSource.ts";
import { matroskaFilm, type MatroskaFilm } from "../../../../support/media/matroskaFilms.ts";

const MAX_SAMPLE_BYTES = 10_000;

/** Key frames of different sizes, filled with their numbers. */
const keyFrames = Array.from({ length: 12 }, (_, i) => new Uint8Array(300 + 10 * i).fill(i + 1));

async function open(bytes: Uint8Array): Promise<KeyFrameTrack> {
  const track = await openKeyFrames(memorySource(bytes));
  if (track === null) throw new Error("the film has no key frames");
  return track;
}

async function openFilm(film: Partial<MatroskaFilm> = {}): Promise<KeyFrameTrack> {
  return await open(matroskaFilm({ keyFrames, ...film }));
}

const float = (value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value);
  return bytes;
};

describe("key frames of a Matroska file", () => {
  const layouts: [string, Partial<MatroskaFilm>][] = [
    ["cues in front of the clusters", { cues: "first" }],
    ["cues behind the clusters", { cues: "last" }],
    ["cues with positions of blocks", { cues: "first", hasBlockPositions: true }],
    ["block groups", { cues: "last", blocks: "groups" }],
    ["clusters of unknown size", { cues: "first", isLive: true }],
    ["Xiph lacing", { cues: "first", lacing: "xiph" }],
    ["EBML lacing", { cues: "first", lacing: "ebml" }],
    ["fixed lacing", { cues: "first", lacing: "fixed", blocks: "groups" }],
  ];

  it.each(layouts)("are read with %s", async (_name, layout) => {
    const track = await openFilm(layout);
    expect(track).toMatchObject({ codec: "vp9", keyFrames: keyFrames.length });
    for (const [index, frame] of keyFrames.entries())
      expect(await track.readKeyFrame(index, MAX_SAMPLE_BYTES)).toEqual(frame);
  });

  it.each([false, true])("are searched at places of the file without cues (live: %s)", async (isLive) => {
    const track = await openFilm({ isLive, otherBytes: 4000 });
    expect(track.keyFrames).toBe(SEARCHED_PLACES);
    const places = Array.from({ length: SEARCHED_PLACES }, (_, i) => i);
    const found = await Promise.all(places.map((index) => track.readKeyFrame(index, MAX_SAMPLE_BYTES)));
    const numbers = found.map((frame) => (frame instanceof Uint8Array ? frame[0] : null));
    expect(numbers).toEqual([1, 3, 4, 5, 6, 8, 9, 10, 11, 12]);
    for (const [i, frame] of found.entries()) expect(frame).toEqual(keyFrames[(numbers[i] ?? 0) - 1]);
  });

  it("are searched if the cues lead elsewhere", async () => {
    const bytes = matroskaFilm({ keyFrames, cues: "first" });
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    // Each position of a cue points at the start of the segment.
    for (let at = text.indexOf("\xf1\x40\x04"); at >= 0; at = text.indexOf("\xf1\x40\x04", at + 1))
      bytes.fill(0, at + 3, at + 7);
    const track = await open(bytes);
    expect(track.keyFrames).toBe(keyFrames.length);
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toEqual(keyFrames[0]);
    expect(await track.readKeyFrame(6, MAX_SAMPLE_BYTES)).toEqual(keyFrames[7]);
  });

  it("aren't read beyond a limit", async () => {
    const track = await openFilm({ cues: "first" });
    expect(await track.readKeyFrame(0, 300)).toEqual(keyFrames[0]);
    expect(await track.readKeyFrame(0, 299)).toBe("too-large");
  });

  it("cost few reads in a long film", async () => {
    const long = Array.from({ length: 900 }, (_, i) => new Uint8Array(4000).fill(i));
    const source = countingSource(matroskaFilm({ keyFrames: long, cues: "last", otherBytes: 40_000 }));
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(90, MAX_SAMPLE_BYTES)).toEqual(long[90]);
    expect(source.sizeBytes).toBeGreaterThan(39_000_000);
    expect(source.counts.reads).toBeLessThanOrEqual(5);
    expect(source.counts.bytes).toBeLessThan(256 * 1024);
  });

  it("are searched in a bounded part of the file", async () => {
    const otherBytes = 3 * MAX_PLACE_SEARCH_BYTES;
    const source = countingSource(matroskaFilm({ keyFrames: keyFrames.slice(0, 2), otherBytes }));
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(1, MAX_SAMPLE_BYTES)).toBeNull();
    expect(source.counts.bytes).toBeLessThanOrEqual(MAX_PLACE_SEARCH_BYTES + 256 * 1024);
    expect(source.counts.reads).toBeLessThan(30);
  });
});

describe("the track of a Matroska file", () => {
  const header = (code: string, extra: number[] = []) =>
    bytesOf(u32(40 + extra.length, true), new Uint8Array(12), code, new Uint8Array(20), extra);
  const none = new Uint8Array();
  const record = new Uint8Array([1, 100, 0, 30]);

  it.each([
    ["V_MPEG4/ISO/AVC", record, "h264", record],
    ["V_MPEGH/ISO/HEVC", record, "hevc", record],
    ["V_AV1", record, "av1", record],
    ["V_VP8", none, "vp8", none],
    ["V_VP9", record, "vp9", none],
    ["V_MJPEG", none, "mjpeg", none],
    ["V_MPEG2", record, "mpeg2", none],
    ["V_MPEG4/ISO/ASP", record, "mpeg4", record],
    ["V_THEORA", record, "V_THEORA", none],
    ["V_MS/VFW/FOURCC", header("mjpg"), "mjpeg", none],
    ["V_MS/VFW/FOURCC", header("avc1", [...record]), "h264", record],
    ["V_MS/VFW/FOURCC", header("WMV3"), "WMV3", none],
  ])("has a codec and a configuration: %s", async (codecId, codecPrivate, codec, configuration) => {
    expect(await openFilm({ codecId, codecPrivate })).toMatchObject({ codec, configuration });
  });

  it("has parameter sets of a byte stream in front of each key frame", async () => {
    const sets = [0, 0, 0, 1, 0x67, 9];
    const codecPrivate = header("H264", sets);
    const track = await openFilm({ codecId: "V_MS/VFW/FOURCC", codecPrivate, cues: "first" });
    expect(track.configuration).toEqual(none);
    expect(await track.readKeyFrame(3, MAX_SAMPLE_BYTES)).toEqual(bytesOf(sets, keyFrames[3] ?? none));
  });

  it("has frames of ProRes as in QuickTime", async () => {
    const track = await openFilm({ codecId: "V_PRORES", cues: "first" });
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toEqual(bytesOf(u32(308), "icpf", keyFrames[0] ?? none));
  });

  const encodings = (...parts: Uint8Array[]) => element(0x6d80, element(0x6240, ...parts));

  it("has the starts of frames that header stripping left out", async () => {
    const stripped = encodings(element(0x5034, element(0x4254, [3]), element(0x4255, [9, 8, 7])));
    const track = await openFilm({ track: [stripped], cues: "first" });
    expect(await track.readKeyFrame(1, MAX_SAMPLE_BYTES)).toEqual(bytesOf([9, 8, 7], keyFrames[1] ?? none));
  });

  it.each([
    ["vp9 (compressed)", encodings(element(0x5034))],
    ["vp9 (encrypted)", encodings(element(0x5033, [1]))],
  ])("has a codec that tells what can't be undone: %s", async (codec, part) => {
    expect(await openFilm({ track: [part] })).toMatchObject({ codec });
  });

  it("has the pixel aspect of the display size", async () => {
    const display = (width: number, height: number, ...more: Uint8Array[]) => [
      element(0x54b0, u16(width)),
      element(0x54ba, u16(height)),
      ...more,
    ];
    const ratioOf = async (video: Uint8Array[]) => {
      const { pixelAspect } = await openFilm({ video });
      return pixelAspect && pixelAspect.width / pixelAspect.height;
    };
    expect(await ratioOf([])).toBeNull();
    expect(await ratioOf(display(64, 48))).toBe(1);
    expect(await ratioOf(display(16, 9, element(0x54b2, [3])))).toBeCloseTo(4 / 3);
    expect(await ratioOf(display(56, 48, element(0x54cc, [8])))).toBe(1);
    expect(await ratioOf(display(16, 9, element(0x54b2, [4])))).toBeNull();
  });

  it("has the colour of its codes", async () => {
    const colour = (...parts: Uint8Array[]) => openFilm({ video: [element(0x55b0, ...parts)] });
    expect(await openFilm()).toMatchObject({ colour: null });
    expect(
      await colour(element(0x55b1, [9]), element(0x55ba, [16]), element(0x55bb, [9]), element(0x55b9, [2])),
    ).toMatchObject({ colour: { primaries: 9, transfer: 16, matrix: 9, isFullRange: true } });
    expect(await colour(element(0x55b1, [6]), element(0x55b9, [1]))).toMatchObject({
      colour: { primaries: 2, transfer: 2, matrix: 6, isFullRange: false },
    });
  });

  it.each([
    [1, 0, 0],
    [8, 90, 0],
    [6, -90, 0],
    [3, 180, 0],
    [2, 0, 180],
    [5, 90, 180],
    [7, -90, -180],
    [4, 180, 180],
  ])("has orientation %i by a roll of %i° and a yaw of %i°", async (orientation, roll, yaw) => {
    const projection = element(0x7670, element(0x7675, float(roll)), element(0x7673, float(yaw)));
    expect(await openFilm({ video: [projection] })).toMatchObject({ orientation });
  });

  it("isn't turned if it is a panorama", async () => {
    const projection = element(0x7670, element(0x7671, [1]), element(0x7675, float(90)));
    expect(await openFilm({ video: [projection] })).toMatchObject({ orientation: 1 });
  });
});

describe("damaged Matroska files", () => {
  it("have no key frames without a segment, a track or a cluster", async () => {
    const bytes = matroskaFilm({ keyFrames });
    for (const length of [0, 4, 8, 20, 60, 100])
      expect(await openKeyFrames(memorySource(bytes.subarray(0, length)))).toBeNull();
    expect(await openKeyFrames(memorySource(matroskaFilm({ keyFrames: [] })))).toBeNull();
  });

  it("have no key frame behind the end of the file", async () => {
    const bytes = matroskaFilm({ keyFrames, cues: "first" });
    const track = await open(bytes.subarray(0, bytes.length - 200));
    expect(await track.readKeyFrame(11, MAX_SAMPLE_BYTES)).toBeNull();
    expect(await track.readKeyFrame(12, MAX_SAMPLE_BYTES)).toBeNull();
    expect(await track.readKeyFrame(10, MAX_SAMPLE_BYTES)).toEqual(keyFrames[10]);
  });

  const head = (film: Partial<MatroskaFilm>) => {
    const bytes = matroskaFilm({ keyFrames: keyFrames.slice(0, 1), ...film });
    return bytes.subarray(0, bytes.length - 50);
  };

  it.each([
    ["elements of no size", new Uint8Array(2_000_000).fill(0x80)],
    ["clusters in clusters", bytesOf(...Array.from({ length: 40_000 }, () => [0x1f, 0x43, 0xb6, 0x75, 0xff]))],
    ["blocks of no size", bytesOf(...Array.from({ length: 100_000 }, () => [0xa3, 0x80]))],
    ["groups of groups", bytesOf(...Array.from({ length: 40_000 }, () => [0xa0, 0x84, 0xa0, 0x80, 0xa0, 0x80]))],
    ["a block of 2 ** 56 bytes", new Uint8Array([0xa3, 1, 255, 255, 255, 255, 255, 255, 254, 0x81, 0, 0, 0x80])],
    ["a lace without frames", new Uint8Array([0xa3, 0x85, 0x81, 0, 0, 0x86, 0xff])],
  ])("end with no key frame: %s", async (_name, tail) => {
    // The only key frame loses its flag.
    const film = head({ isLive: true });
    const keyBlock = film.lastIndexOf(0xa3, film.length - 360);
    const source = countingSource(bytesOf(film.subarray(0, keyBlock), tail));
    const track = await openKeyFrames(source);
    for (let index = 0; index < SEARCHED_PLACES; index++)
      expect((await track?.readKeyFrame(index, MAX_SAMPLE_BYTES)) ?? null).toBeNull();
    expect(source.counts.bytes).toBeLessThan(2 * source.sizeBytes * SEARCHED_PLACES);
  });

  it("end the search of a place after many marks of clusters that are none", async () => {
    const marks = new Uint8Array(4_000_000).map((_, at) => [0x1f, 0x43, 0xb6, 0x75, 0xff][at % 5] ?? 0);
    const source = countingSource(bytesOf(matroskaFilm({ keyFrames, isLive: true }), marks));
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(5, MAX_SAMPLE_BYTES)).toBeNull();
    expect(source.counts.bytes).toBeLessThan(512 * 1024);
  });

  it("have a bounded number of cues", async () => {
    const cue = element(0xbb, element(0xb7, element(0xf7, [1]), element(0xf1, [100])));
    const index = bytesOf(...Array.from({ length: 100_000 }, () => cue));
    const bytes = matroskaFilm({ keyFrames, isLive: true });
    const cluster = bytes.findIndex((_, at) => bytes[at] === 0x1f && bytes[at + 1] === 0x43);
    const cues = bytesOf([0x1c, 0x53, 0xbb, 0x6b], u32(0x10000000 | index.length), index);
    const track = await openKeyFrames(memorySource(bytesOf(bytes.subarray(0, cluster), cues, bytes.subarray(cluster))));
    expect(track?.keyFrames).toBeGreaterThan(keyFrames.length);
    expect(track?.keyFrames).toBeLessThan(80_000);
  });
});
