import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameSample, KeyFrameTrack } from "../../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { MAX_CHUNK_SAMPLES } from "../../../../../src/media/inspect/video/keyFrames/mp4/sampleTable.ts";
import { box, u16, u32 } from "../../../../support/media/buildImage.ts";
import { movie, quarterRotation, uprightMatrix } from "../../../../support/media/buildVideo.ts";
import { countingSource } from "../../../../support/media/countingSource.ts";
import { film, type Film } from "../../../../support/media/films.ts";

/** Samples of different sizes, filled with their numbers. */
function numbered(count: number, sizeOf = (i: number) => 10 + (i % 7)): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(sizeOf(i)).fill(i + 1));
}

async function openFilm(parts: Film): Promise<KeyFrameTrack> {
  const track = await openKeyFrames(memorySource(film(parts)));
  if (track === null) throw new Error("the film has no key frames");
  return track;
}

async function located(parts: Film, index: number): Promise<KeyFrameSample> {
  return await (await openFilm(parts)).readKeyFrame(index, 1000);
}

const turned = (a: number, b: number, c: number, d: number) =>
  [a, b, 0, c, d, 0, 0, 0, 0x4000].map((value) => (value * 0x10000) >>> 0);

describe("key frames of an MP4", () => {
  const samples = numbered(40);
  const layouts: [string, Omit<Film, "samples">][] = [
    ["one chunk", {}],
    ["a chunk for each sample", { chunks: samples.map(() => 1) }],
    ["chunks of different sizes", { chunks: [3, 3, 3, 5, 1, 1, 12, 12] }],
    ["offsets of 64 bits", { chunks: [20, 20], has64BitOffsets: true }],
    ["the movie in front of the data", { chunks: [7, 7, 26], isMovieFirst: true }],
  ];

  it.each(layouts)("locates every key frame of a film with %s", async (_name, layout) => {
    const sync = [1, 2, 9, 10, 17, 30, 40];
    const parts = { ...layout, samples, sync };
    expect(await openFilm(parts)).toMatchObject({ keyFrames: sync.length, codec: "h264" });
    for (const [index, number] of sync.entries()) expect(await located(parts, index)).toEqual(samples[number - 1]);
    expect(await located(parts, sync.length)).toBeNull();
  });

  it("locates every sample of a film without other than key frames", async () => {
    expect((await openFilm({ samples })).keyFrames).toBe(40);
    for (const [index, sample] of samples.entries()) expect(await located({ samples }, index)).toEqual(sample);
  });

  it("locates samples of one size", async () => {
    const equal = numbered(12, () => 9);
    expect(await located({ samples: equal, chunks: [5, 5, 2], sync: [1, 8] }, 1)).toEqual(equal[7]);
  });

  it("reads little of a long film", async () => {
    const long = {
      samples: numbered(50_000),
      chunks: Array.from({ length: 5000 }, () => 10),
      sync: [1, 20_000, 49_999],
    };
    const bytes = film(long);
    const source = countingSource(bytes);
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(1, 1000)).toEqual(long.samples[19_999]);
    expect(source.counts.reads).toBeLessThanOrEqual(8);
    expect(source.counts.bytes).toBeLessThan(256 * 1024);
  });

  it.each([
    [1, uprightMatrix, uprightMatrix],
    [2, turned(-1, 0, 0, 1), uprightMatrix],
    [3, turned(-1, 0, 0, -1), uprightMatrix],
    [4, turned(1, 0, 0, -1), uprightMatrix],
    [5, turned(0, 1, 1, 0), uprightMatrix],
    [6, quarterRotation, uprightMatrix],
    [7, turned(0, -1, -1, 0), uprightMatrix],
    [8, turned(0, -1, 1, 0), uprightMatrix],
    [6, uprightMatrix, quarterRotation],
    [3, quarterRotation, quarterRotation],
    [1, turned(0, 0, 0, 0), uprightMatrix],
  ])("has orientation %i by the matrices of track and movie", async (orientation, matrix, movieMatrix) => {
    expect(await openFilm({ samples, matrix, movieMatrix })).toMatchObject({ orientation });
  });

  it("reads no key frame beyond a limit", async () => {
    const track = await openFilm({ samples });
    expect(await track.readKeyFrame(6, 16)).toEqual(samples[6]);
    expect(await track.readKeyFrame(6, 15)).toBe("too-large");
  });

  const esds = (objectType: number, head: number[], flags: number[]) =>
    box("esds", [0, 0, 0, 0], [3, ...head, 0, 1, ...flags], [4, ...head, objectType, 0x11]);

  it.each([
    ["h264", "avc3", []],
    ["hevc", "dvh1", []],
    ["av1", "av01", []],
    ["vp9", "vp09", []],
    ["prores", "apcn", []],
    ["mjpeg", "mjpa", []],
    ["mjpb", "mjpb", []],
    ["mpeg4", "mp4v", [esds(0x20, [0x80, 0x80, 0x80, 0x20], [0])]],
    ["mpeg2", "mp4v", [esds(0x61, [0x20], [0x80, 0, 9])]],
    ["mpeg1", "mp4v", [esds(0x6a, [0x20], [0xe0, 0, 9, 2, 65, 66, 0, 1])]],
    ["mjpeg", "mp4v", [esds(0x6c, [0x20], [0x40, 1, 65])]],
    ["mp4v", "mp4v", [esds(0xee, [0x20], [0])]],
    ["mp4v", "mp4v", [box("esds", [0, 0, 0, 0, 3, 0x80, 0x80])]],
    ["mp4v", "mp4v", []],
  ])("names the codec %s of the entry %s", async (codec, type, entry) => {
    expect(await openFilm({ samples, codec: type, entry })).toMatchObject({ codec });
  });

  it("returns configuration, pixel aspect and colour of the sample entry", async () => {
    const entry = [
      box("avcC", [1, 2, 3]),
      box("pasp", u32(4), u32(3)),
      box("colr", "nclx", u16(9), u16(16), u16(9), [0x80]),
    ];
    const expected = { configuration: new Uint8Array([1, 2, 3]), pixelAspect: { width: 4, height: 3 } };
    const colour = { primaries: 9, transfer: 16, matrix: 9, isFullRange: true };
    expect(await openFilm({ samples, entry })).toMatchObject({ ...expected, colour });
    expect(await openFilm({ samples })).toMatchObject({ pixelAspect: null, colour: null });
    const quickTime = [box("colr", "nclc", u16(1), u16(1), u16(6))];
    expect(await openFilm({ samples, entry: quickTime })).toMatchObject({ colour: { matrix: 6, isFullRange: null } });
  });

  it("finds no key frames in other files", async () => {
    expect(await openKeyFrames(memorySource(movie()))).toBeNull();
    expect(await openKeyFrames(memorySource(new Uint8Array(1000)))).toBeNull();
    expect(await openKeyFrames(memorySource(new Uint8Array()))).toBeNull();
  });

  it("locates nothing beyond the file or in too long chunks", async () => {
    const bytes = film({ samples, isMovieFirst: true });
    const cut = memorySource(bytes.subarray(0, bytes.length - 5));
    expect(await (await openKeyFrames(cut))?.readKeyFrame(39, 1000)).toBeNull();
    const crowded = { samples: numbered(MAX_CHUNK_SAMPLES + 1), sync: [MAX_CHUNK_SAMPLES, MAX_CHUNK_SAMPLES + 1] };
    expect(await located(crowded, 0)).not.toBeNull();
    expect(await located(crowded, 1)).toBeNull();
    expect(await located({ samples, sync: [0] }, 0)).toBeNull();
    expect(await located({ samples, sync: [41] }, 0)).toBeNull();
    expect(await located({ samples: numbered(3, (i) => (i === 1 ? 0 : 9)) }, 1)).toBeNull();
  });
});
