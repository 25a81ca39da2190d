import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import {
  MAX_PLACE_SEARCH_BYTES,
  SEARCHED_PLACES,
} from "../../../../../src/media/inspect/video/keyFrames/searchedPlaces.ts";
import { bytesOf } from "../../../../support/media/buildImage.ts";
import { countingSource } from "../../../../support/media/countingSource.ts";
import { elementaryPictures, programFilm, transportFilm } from "../../../../support/media/mpegFilms.ts";

const MAX_SAMPLE_BYTES = 100_000;
const KEY_FRAMES = 20;

/** Groups of a key frame and four other pictures; the delimiter is in front of the parameter sets. */
function groups(codec: "h264" | "hevc" | "mpeg2" | "mpeg4", count = KEY_FRAMES, sizeBytes = 5000) {
  const { keyFrame, other, delimiter } = elementaryPictures(codec);
  const keyFrames = Array.from({ length: count }, (_, i) => keyFrame(i + 2, sizeBytes + i));
  const pictures = keyFrames.flatMap((frame) => [
    bytesOf(delimiter, frame),
    ...Array.from({ length: 4 }, () => bytesOf(delimiter, other(900))),
  ]);
  return { keyFrames, pictures };
}

async function open(bytes: Uint8Array): Promise<KeyFrameTrack> {
  const track = await openKeyFrames(memorySource(bytes));
  if (track === null) throw new Error("the film has no key frames");
  return track;
}

/** Numbers of the key frames at all places, from 0 on; -1 for bytes that are none. */
async function numbersOf(track: KeyFrameTrack, keyFrames: Uint8Array[]): Promise<number[]> {
  const numbers: number[] = [];
  for (let place = 0; place < SEARCHED_PLACES; place++) {
    const sample = await track.readKeyFrame(place, MAX_SAMPLE_BYTES);
    const text = sample instanceof Uint8Array ? sample.join() : "";
    numbers.push(keyFrames.findIndex((frame) => frame.join() === text));
  }
  return numbers;
}

const EVERY_SECOND = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18];

describe("key frames of a transport stream", () => {
  it.each([
    ["h264", 0x1b, 188],
    ["h264", 0x1b, 192],
    ["hevc", 0x24, 204],
    ["hevc", 0x24, 192],
    ["mpeg2", 2, 188],
    ["mpeg4", 0x10, 188],
  ] as const)(
    "are found at places of the file: %s of type %i in packets of %i bytes",
    async (codec, streamType, packetBytes) => {
      const { keyFrames, pictures } = groups(codec);
      const track = await open(transportFilm({ pictures, streamType, packetBytes }));
      expect(track).toMatchObject({ codec, keyFrames: SEARCHED_PLACES, orientation: 1, colour: null });
      expect(track.configuration).toHaveLength(0);
      const numbers = await numbersOf(track, keyFrames);
      expect(numbers[0]).toBe(0);
      for (const [place, number] of numbers.entries())
        expect(Math.abs(number - (EVERY_SECOND[place] ?? 0))).toBeLessThan(2);
    },
  );

  it("are found in the first program with video", async () => {
    const { keyFrames, pictures } = groups("h264", 1);
    const track = await open(transportFilm({ pictures, hasRadio: true }));
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toEqual(keyFrames[0]);
  });

  it("end where the file ends", async () => {
    const { keyFrames, pictures } = groups("h264", 1);
    const track = await open(transportFilm({ pictures: pictures.slice(0, 1) }));
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toEqual(keyFrames[0]);
    expect(await track.readKeyFrame(9, MAX_SAMPLE_BYTES)).toBeNull();
  });

  it("are intra pictures: parameter sets alone don't make one", async () => {
    const { keyFrame, other, delimiter } = elementaryPictures("h264");
    const sets = keyFrame(3, 0).subarray(0, 13);
    const pictures = [bytesOf(sets, other(600)), bytesOf(delimiter, keyFrame(5, 600)), bytesOf(delimiter, other(50))];
    const track = await open(transportFilm({ pictures }));
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toEqual(keyFrame(5, 600));
  });

  it("are found behind damaged packets", async () => {
    const { keyFrames, pictures } = groups("h264");
    const bytes = transportFilm({ pictures });
    const damaged = bytesOf(bytes.subarray(0, 188 * 20), new Uint8Array(77).fill(0x47), bytes.subarray(188 * 21));
    expect(await (await open(damaged)).readKeyFrame(3, MAX_SAMPLE_BYTES)).toEqual(keyFrames[6]);
  });

  it("aren't read beyond a limit", async () => {
    const { keyFrames, pictures } = groups("h264", 2, 300_000);
    const track = await open(transportFilm({ pictures }));
    expect(await track.readKeyFrame(0, 400_000)).toEqual(keyFrames[0]);
    expect(await track.readKeyFrame(0, 300_000)).toBe("too-large");
  });

  it("cost few reads in a long film", async () => {
    const { keyFrames, pictures } = groups("h264", 120, 60_000);
    const source = countingSource(transportFilm({ pictures }));
    const track = await openKeyFrames(source);
    expect(source.sizeBytes).toBeGreaterThan(7_000_000);
    expect(await track?.readKeyFrame(1, MAX_SAMPLE_BYTES)).toEqual(keyFrames[12]);
    expect(source.counts.reads).toBeLessThanOrEqual(4);
    expect(source.counts.bytes).toBeLessThan(700_000);
  });

  it("are searched in a bounded part of the file", async () => {
    const { keyFrame, other } = elementaryPictures("h264");
    const pictures = [keyFrame(2, 100), ...Array.from({ length: 400 }, () => other(50_000))];
    const source = countingSource(transportFilm({ pictures }));
    const track = await openKeyFrames(source);
    expect(await track?.readKeyFrame(1, MAX_SAMPLE_BYTES)).toBeNull();
    expect(source.counts.bytes).toBeLessThan(MAX_PLACE_SEARCH_BYTES + 2 * 1024 * 1024);
    expect(source.counts.reads).toBeLessThan(20);
  });

  it.each([
    ["VC-1", 0xea],
    ["JPEG 2000", 0x21],
  ])("don't exist for codecs without a decoder, which are named: %s", async (codec, streamType) => {
    const track = await open(transportFilm({ pictures: groups("h264", 1).pictures, streamType }));
    expect(track).toMatchObject({ codec });
    expect(await track.readKeyFrame(0, MAX_SAMPLE_BYTES)).toBeNull();
  });

  it.each([
    ["no program", new Uint8Array(188 * 20).map((_, at) => (at % 188 === 0 ? 0x47 : 0))],
    ["sync bytes only", new Uint8Array(200_000).fill(0x47)],
    [
      "a table that points nowhere",
      transportFilm({ pictures: [] }).map((byte, at) => (at > 10 && at < 40 ? 255 : byte)),
    ],
    ["sound only", transportFilm({ pictures: groups("h264", 1).pictures, streamType: 0x0f })],
  ])("don't exist in damaged files: %s", async (_name, bytes) => {
    expect(await openKeyFrames(memorySource(bytesOf(bytes)))).toBeNull();
  });

  it("don't exist in noise behind the tables", async () => {
    const noise = new Uint8Array(3_000_000).map((_, at) => (at * 31 + (at >> 7)) & 255);
    const track = await open(bytesOf(transportFilm({ pictures: groups("h264", 1).pictures }), noise));
    expect(await track.readKeyFrame(5, MAX_SAMPLE_BYTES)).toBeNull();
  });
});

describe("key frames of a program stream", () => {
  it.each([1, 2] as const)("are found at places of the file, in packets of MPEG-%i", async (version) => {
    const { keyFrames, pictures } = groups("mpeg2");
    const track = await open(programFilm(pictures, version));
    expect(track).toMatchObject({ codec: "mpeg2", keyFrames: SEARCHED_PLACES });
    const numbers = await numbersOf(track, keyFrames);
    expect(numbers[0]).toBe(0);
    for (const [place, number] of numbers.entries())
      expect(Math.abs(number - (EVERY_SECOND[place] ?? 0))).toBeLessThan(2);
  });

  it("are found in video without packets", async () => {
    const { keyFrames, pictures } = groups("mpeg2");
    const track = await open(bytesOf(...pictures).subarray(7));
    expect(await track.readKeyFrame(5, MAX_SAMPLE_BYTES)).toEqual(keyFrames[11]);
  });

  it("tell MPEG-1 by its missing extension", async () => {
    const { keyFrame } = elementaryPictures("mpeg2");
    const withoutExtension = bytesOf(keyFrame(4, 500).subarray(0, 7), keyFrame(4, 500).subarray(15));
    expect(await open(programFilm([withoutExtension], 1))).toMatchObject({ codec: "mpeg1" });
  });

  it.each([
    ["packs only", bytesOf(...Array.from({ length: 5000 }, () => [0, 0, 1, 0xba, 0x21, 0, 1, 0, 1, 0x80, 0, 1]))],
    ["packets of no size", bytesOf(...Array.from({ length: 50_000 }, () => [0, 0, 1, 0xba, 0, 0, 1, 0xe0, 0, 0]))],
    ["a header only", new Uint8Array([0, 0, 1, 0xba])],
  ])("don't exist in damaged files: %s", async (_name, bytes) => {
    expect(await openKeyFrames(memorySource(bytes))).toBeNull();
  });
});
