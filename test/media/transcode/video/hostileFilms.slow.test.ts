/** Looks for posters in thousands of corrupt films: each has a frame or a reason, in bounded time and reads. */
import { describe, expect, it } from "vitest";
import type { ByteSource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { MAX_FILM_READ_BYTES } from "../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { findPosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { bytesOf } from "../../../support/media/buildImage.ts";
import { counted, countingSource } from "../../../support/media/countingSource.ts";
import { avcSample, film } from "../../../support/media/films.ts";
import { filmBytes, filmName, filmSet } from "../../../support/media/filmSet.ts";
import { fragmentedFilm } from "../../../support/media/fragmentedFilms.ts";
import { streamUnits } from "../../../support/media/h264Pictures.ts";
import { hostileFilms } from "../../../support/media/hostileFilms.ts";
import { mutate, nowMs, seededRandom, type Random } from "../../../support/media/mutations.ts";

const CASES_PER_FILM = 60;
const SEED = 20_261_129;
/** Wall-clock time on a busy machine; the slowest case takes some hundred milliseconds of CPU. */
const MAX_MS = 3000;
const EXTREMES = [0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

async function builtFilm(isMovieFirst: boolean): Promise<Uint8Array> {
  const names = ["high-bars", "main-bars", "baseline-bars", "slices-4", "high-black"];
  const samples = await Promise.all(names.map(async (name) => avcSample(await streamUnits(name))));
  const chunks = [2, 1, 2];
  const entry = [samples[0]?.configuration ?? new Uint8Array()];
  return film({ samples: samples.map(({ sample }) => sample), sync: [1, 2, 3, 4, 5], chunks, entry, isMovieFirst });
}

async function builtFragments(index: "mfra" | "sidx"): Promise<Uint8Array> {
  const { sample, configuration } = avcSample(await streamUnits("main-bars"));
  return fragmentedFilm({ fragments: [[sample], [sample], [sample], [sample]], index, entry: [configuration] });
}

const films: [string, () => Promise<Uint8Array>][] = [
  ["fragments and an index at the end", () => builtFragments("mfra")],
  ["fragments and a segment index", () => builtFragments("sidx")],
  ["with the movie first", () => builtFilm(true)],
  ["with the movie last", () => builtFilm(false)],
  ["HEVC with 8 bits", () => sampleBytes("test/fixtures/hevc/bars-8-bits.mp4")],
  ["HEVC with 10 bits", () => sampleBytes("test/fixtures/hevc/bars-10-bits.mp4")],
  ["video_rotate.mp4", () => sampleBytes("video_rotate.mp4")],
  ["0002_with-gps.mov", () => sampleBytes("0002_with-gps.mov")],
  ...filmSet.map((entry): [string, () => Promise<Uint8Array>] => [filmName(entry), () => filmBytes(entry)]),
];

/** Names of boxes, chunks and elements with sizes, counts and offsets. */
const TABLE_NAMES = [
  "stsz stsc stco stss stsd avcC hvcC av1C tkhd mdia trak trex tfhd trun tfra sidx mfro esds pasp colr",
  "avih strh strf movi idx1 indx vprp 00dc LIST",
  // Segment, seek head, tracks, settings of a track, cluster, cues, configuration, block.
  "\x18\x53\x80\x67 \x11\x4d\x9b\x74 \x16\x54\xae\x6b \xe0 \x1f\x43\xb6\x75 \x1c\x53\xbb\x6b \x63\xa2 \xa3",
  // Start codes of streams: pack, packet, sequence, picture, parameter sets; packets of a transport stream.
  "\0\0\x01\xba \0\0\x01\xe0 \0\0\x01\xb3 \0\0\x01\0 \0\0\x01\x67 \0\0\x01\x42 \x47\x40",
].flatMap((names) => names.split(" "));

function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1))
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}

/** Offsets of the tables' fields: the other mutations rarely reach them. */
function tableFields(bytes: Uint8Array): number[] {
  return TABLE_NAMES.flatMap((name) => {
    const at = indexOfBytes(bytes, bytesOf(name));
    return at < 4 ? [] : [at - 4, at + 4, at + 8, at + 12, at + 16, at + 20];
  });
}

function corrupt(bytes: Uint8Array, fields: readonly number[], random: Random, other: Uint8Array): Uint8Array {
  if (random(3) === 0) return mutate(bytes, random, other);
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  for (let left = 1 + random(3); left > 0; left--) {
    const at = fields[random(fields.length)] ?? 0;
    const value = random(2) === 0 ? (EXTREMES[random(EXTREMES.length)] ?? 0) : random(2 ** 16);
    if (at + 4 <= changed.length) view.setUint32(at, value);
  }
  return changed;
}

async function outcomeOf(file: ByteSource): Promise<"frame" | "unsupported"> {
  const source = counted(file);
  const startedMs = await nowMs();
  const poster = await findPosterFrame(source, 720);
  expect((await nowMs()) - startedMs).toBeLessThan(MAX_MS);
  expect(source.counts.bytes).toBeLessThanOrEqual(MAX_FILM_READ_BYTES);
  if (poster.kind === "unsupported") expect(poster.reason).not.toBe("");
  return poster.kind;
}

describe(`${CASES_PER_FILM * films.length} corrupt films`, () => {
  const outcomes = { frame: 0, unsupported: 0 };

  it.each(films)("have a poster or a reason: %s", async (name, intactFilm) => {
    const [intact, other] = [await intactFilm(), await builtFilm(true)];
    const fields = tableFields(intact);
    const random = seededRandom(SEED + name.length + (name.codePointAt(0) ?? 0));
    for (let i = 0; i < CASES_PER_FILM; i++)
      outcomes[await outcomeOf(countingSource(corrupt(intact, fields, random, other)))]++;
  });

  it("are damaged enough to be refused, and little enough to be shown", () => {
    const cases = CASES_PER_FILM * films.length;
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(cases / 5);
  });
});

describe("films made to cost time or memory", () => {
  it.each(hostileFilms.map((one) => [one.name, one] as const))("end in time: %s", async (_name, { reason, source }) => {
    expect(await outcomeOf(await source())).toBe(reason === null ? "frame" : "unsupported");
  });
});
