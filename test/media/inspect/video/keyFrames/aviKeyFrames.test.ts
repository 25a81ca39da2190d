import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import {
  MAX_PLACE_SEARCH_BYTES,
  SEARCHED_PLACES,
} from "../../../../../src/media/inspect/video/keyFrames/searchedPlaces.ts";
import { aviFilm, type AviFilm } from "../../../../support/media/aviFilms.ts";
import { bytesOf, chunk, u16, u32 } from "../../../../support/media/buildImage.ts";
import { countingSource } from "../../../../support/media/countingSource.ts";

const MAX_SAMPLE_BYTES = 100_000;
const none = new Uint8Array();
const shared = new Uint8Array(200);
const little = (value: number) => u32(value, true);

/** Every fifth frame is a key frame. All have different sizes, also odd ones. */
const frames = Array.from({ length: 60 }, (_, i) => ({
  bytes: new Uint8Array(300 + i).fill(i + 1),
  isKey: i % 5 === 0,
}));
const keyFrames = frames.filter(({ isKey }) => isKey).map(({ bytes }) => bytes);

async function open(bytes: Uint8Array): Promise<KeyFrameTrack> {
  const track = await openKeyFrames(memorySource(bytes));
  if (track === null) throw new Error("the film has no key frames");
  return track;
}

const openFilm = (film: Partial<AviFilm> = {}) => open(aviFilm({ frames, code: "XVID", ...film }));

describe("key frames of an AVI", () => {
  const layouts: [string, Partial<AviFilm>][] = [
    ["offsets from the list of frames", { index: "movi" }],
    ["offsets from the start of the file", { index: "file" }],
    ["the sound first", { index: "movi", isSecond: true }],
    ["records", { index: "movi", hasRecords: true }],
  ];

  it.each(layouts)("are read by an index with %s", async (_name, layout) => {
    const track = await openFilm(layout);
    expect(track).toMatchObject({ codec: "mpeg4", keyFrames: keyFrames.length, orientation: 1, colour: null });
    for (const [index, frame] of keyFrames.entries())
      expect(await track.readKeyFrame(index, MAX_SAMPLE_BYTES)).toEqual(frame);
    expect(await track.readKeyFrame(keyFrames.length, MAX_SAMPLE_BYTES)).toBeNull();
  });

  it("are read by the indexes of OpenDML at places of the film", async () => {
    const track = await openFilm({ index: "openDml" });
    expect(track.keyFrames).toBe(SEARCHED_PLACES);
    // A tenth of the film has six frames; the next key frame follows.
    for (const [place, index] of [0, 2, 3, 4, 5, 6, 8, 9, 10, 11].entries())
      expect(await track.readKeyFrame(place, MAX_SAMPLE_BYTES)).toEqual(keyFrames[index]);
  });

  it("are all frames of codecs that have no others, whatever the flags are", async () => {
    const unflagged = frames.map(({ bytes }) => ({ bytes, isKey: false }));
    const track = await openFilm({ frames: unflagged, code: "mjpg" });
    expect(track).toMatchObject({ codec: "mjpeg", keyFrames: frames.length });
    expect(await track.readKeyFrame(33, MAX_SAMPLE_BYTES)).toEqual(frames[33]?.bytes);
  });

  it.each([false, true])("are searched at places of the file without an index (records: %s)", async (hasRecords) => {
    const track = await openFilm({ index: "none", code: "MJPG", hasRecords });
    expect(track.keyFrames).toBe(SEARCHED_PLACES);
    for (let place = 0; place < SEARCHED_PLACES; place++) {
      const sample = await track.readKeyFrame(place, MAX_SAMPLE_BYTES);
      const number = frames.findIndex(({ bytes }) => sample instanceof Uint8Array && bytes[0] === sample[0]);
      expect(sample).toEqual(frames[number]?.bytes);
      expect(Math.abs(number - place * 6)).toBeLessThan(4);
    }
  });

  const startsWith = (...head: number[]) => bytesOf(head, new Uint8Array(400).fill(9));

  it.each([
    ["H264", startsWith(0, 0, 1, 0x41, 0x9a), startsWith(0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 0x88)],
    ["XVID", startsWith(0, 0, 1, 0xb6, 0x50), startsWith(0, 0, 1, 0xb0, 1, 0, 0, 1, 0xb6, 0x10)],
    ["VP80", startsWith(0x31), startsWith(0x30)],
  ])("are told by their first bytes without an index: %s", async (code, other, key) => {
    const mixed = Array.from({ length: 40 }, (_, i) => ({ bytes: i === 25 ? key : other, isKey: false }));
    const track = await openFilm({ frames: mixed, code, index: "none" });
    expect(await track.readKeyFrame(2, MAX_SAMPLE_BYTES)).toEqual(key);
    expect(await track.readKeyFrame(8, MAX_SAMPLE_BYTES)).toBeNull();
  });

  it("aren't read beyond a limit", async () => {
    const track = await openFilm();
    expect(await track.readKeyFrame(0, 300)).toEqual(keyFrames[0]);
    expect(await track.readKeyFrame(0, 299)).toBe("too-large");
  });

  it("cost few reads in a long film", async () => {
    const long = Array.from({ length: 36_000 }, (_, i) => ({
      bytes: i % 50 === 0 ? u16Bytes(i) : shared,
      isKey: i % 50 === 0,
    }));
    const source = countingSource(aviFilm({ frames: long, code: "XVID" }));
    const track = await openKeyFrames(source);
    expect(track?.keyFrames).toBe(SEARCHED_PLACES);
    expect(await track?.readKeyFrame(1, MAX_SAMPLE_BYTES)).toEqual(u16Bytes(3600));
    expect(source.counts.reads).toBeLessThanOrEqual(6);
    expect(source.counts.bytes).toBeLessThan(256 * 1024);
  });

  it("are found behind thousands of other frames in a long index", async () => {
    const long = Array.from({ length: 36_000 }, (_, i) => ({
      bytes: i === 7000 ? u16Bytes(i) : shared,
      isKey: i === 0 || i === 7000,
    }));
    const track = await open(aviFilm({ frames: long, code: "XVID" }));
    expect(await track.readKeyFrame(1, MAX_SAMPLE_BYTES)).toEqual(u16Bytes(7000));
  });

  it("are searched in a bounded part of the file", async () => {
    const other = { bytes: startsWith(0x31), isKey: false };
    const many = Array.from({ length: 40_000 }, () => other);
    const source = countingSource(aviFilm({ frames: many, code: "VP80", index: "none" }));
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(1, MAX_SAMPLE_BYTES)).toBeNull();
    expect(source.counts.bytes).toBeLessThan(MAX_PLACE_SEARCH_BYTES + 512 * 1024);
    expect(source.counts.reads).toBeLessThan(40);
  });
});

const u16Bytes = (value: number) => bytesOf(u16(value), new Uint8Array(198).fill(3));

describe("the stream of an AVI", () => {
  it("has the parameter sets of its format in front of key frames", async () => {
    const sets = bytesOf([0, 0, 0, 1, 0x67, 9]);
    const track = await openFilm({ code: "H264", extra: sets });
    expect(track).toMatchObject({ codec: "h264", configuration: none });
    expect(await track.readKeyFrame(1, MAX_SAMPLE_BYTES)).toEqual(bytesOf(sets, keyFrames[1] ?? none));
  });

  it("has the configuration of its format", async () => {
    const record = bytesOf([1, 100, 0, 30]);
    expect(await openFilm({ code: "avc1", extra: record })).toMatchObject({ codec: "h264", configuration: record });
  });

  it.each([
    ["dvsd", "dvsd"],
    ["cvid", "cvid"],
    ["HFYU", "HFYU"],
  ])("is named by its code if no decoder may exist: %s", async (codec, code) => {
    expect(await openFilm({ code })).toMatchObject({ codec });
  });

  it("has the pixel aspect of its properties", async () => {
    const shape = (height: number, width: number) =>
      chunk("vprp", new Uint8Array(20), u16(height, true), u16(width, true), little(64), little(48), new Uint8Array(4));
    const ratioOf = async (stream: Uint8Array[]) => {
      const { pixelAspect } = await openFilm({ stream });
      return pixelAspect && pixelAspect.width / pixelAspect.height;
    };
    expect(await ratioOf([])).toBeNull();
    expect(await ratioOf([shape(3, 4)])).toBe(1);
    expect(await ratioOf([shape(9, 16)])).toBeCloseTo(4 / 3);
    expect(await ratioOf([shape(0, 16)])).toBeNull();
  });
});

describe("damaged AVI files", () => {
  it("have no key frames without a stream or frames", async () => {
    const bytes = aviFilm({ frames, index: "none" });
    for (const length of [0, 12, 30, 100, 200])
      expect(await openKeyFrames(memorySource(bytes.subarray(0, length)))).toBeNull();
  });

  it("have no key frame behind the end of the file", async () => {
    const bytes = aviFilm({ frames, index: "openDml", code: "XVID" });
    const indexOffset = bytes.length - 2000;
    const track = await open(bytes.subarray(0, indexOffset));
    expect(await track.readKeyFrame(9, MAX_SAMPLE_BYTES)).toBeNull();
  });

  const film = (index: Uint8Array, stream: Uint8Array[] = []) =>
    bytesOf(aviFilm({ frames: frames.slice(0, 2), index: "none", code: "XVID", stream }), index);
  const entry = (offset: number, size: number) => bytesOf("00dc", little(0x10), little(offset), little(size));
  const indexes = (entries: number, ...rows: Uint8Array[]) =>
    chunk("indx", u16(4, true), [0, 0], little(entries), "00dc", new Uint8Array(12), ...rows);

  it.each([
    ["an index of offsets beyond the end", film(chunk("idx1", entry(0xffffffff, 100)))],
    ["an index of frames of 4 GB", film(chunk("idx1", entry(4, 0xffffffff)))],
    ["an index of frames of no size", film(chunk("idx1", entry(4, 0), entry(4, 0)))],
    [
      "2 ** 32 indexes",
      film(none, [indexes(0xffffffff, bytesOf(little(0xffffffff), little(0xffffffff), little(1), little(9)))]),
    ],
    [
      "an index that is its own index",
      film(none, [indexes(1, bytesOf(little(200), little(0), little(100), little(9)))]),
    ],
    ["indexes of no frames", film(none, [indexes(2, new Uint8Array(32))])],
  ])("end with a key frame or none: %s", async (_name, bytes) => {
    const source = countingSource(bytes);
    const track = await openKeyFrames(source);
    for (let index = 0; index < SEARCHED_PLACES; index++) {
      const sample = (await track?.readKeyFrame(index, MAX_SAMPLE_BYTES)) ?? null;
      if (sample !== null) expect(frames.map(({ bytes: frame }) => frame)).toContainEqual(sample);
    }
    expect(source.counts.reads).toBeLessThan(100);
  });
});
