/** Looks for posters in thousands of corrupt films: each has a frame or a reason, in bounded time and reads. */
import { describe, expect, it } from "vitest";
import { findPosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { box, bytesOf, u32 } from "../../../support/media/buildImage.ts";
import { movieHeader } from "../../../support/media/buildVideo.ts";
import { countingSource } from "../../../support/media/countingSource.ts";
import { avcSample, film } from "../../../support/media/films.ts";
import { fragmentedFilm } from "../../../support/media/fragmentedFilms.ts";
import { streamUnits } from "../../../support/media/h264Pictures.ts";
import { mutate, seededRandom, type Random } from "../../../support/media/mutations.ts";

const CASES_PER_FILM = 250;
const SEED = 20_261_129;
const MAX_READ_BYTES = 64 * 1024 * 1024;
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
];

/** Offsets of the tables' fields: the other mutations rarely reach them. */
function tableFields(bytes: Uint8Array): number[] {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return [
    "stsz",
    "stsc",
    "stco",
    "stss",
    "stsd",
    "avcC",
    "tkhd",
    "mdia",
    "trak",
    "trex",
    "tfhd",
    "trun",
    "tfra",
    "sidx",
    "mfro",
  ].flatMap((type) => {
    const at = text.indexOf(type);
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

/** Time passes in a Worker only while it waits. */
async function nowMs(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
}

async function outcomeOf(bytes: Uint8Array): Promise<"frame" | "unsupported"> {
  const source = countingSource(bytes);
  const startedMs = await nowMs();
  const poster = await findPosterFrame(source, 720);
  expect((await nowMs()) - startedMs).toBeLessThan(MAX_MS);
  expect(source.counts.bytes).toBeLessThanOrEqual(MAX_READ_BYTES);
  if (poster.kind === "unsupported") expect(poster.reason).not.toBe("");
  return poster.kind;
}

describe(`${CASES_PER_FILM * films.length} corrupt films`, () => {
  it.each(films)("have a poster or a reason: %s", async (name, intactFilm) => {
    const [intact, other] = [await intactFilm(), await builtFilm(true)];
    const fields = tableFields(intact);
    const random = seededRandom(SEED + name.length);
    const kinds: string[] = [];
    for (let i = 0; i < CASES_PER_FILM; i++) kinds.push(await outcomeOf(corrupt(intact, fields, random, other)));
    expect(new Set(kinds)).toEqual(new Set(["frame", "unsupported"]));
  });
});

describe("films made to cost time or memory", () => {
  const table = (type: string, count: number, entries: number) =>
    box(type, [0, 0, 0, 0], u32(count), new Uint8Array(4 * entries).fill(1));

  it.each([
    ["no tables", []],
    ["2 ** 32 entries", [table("stsz", 0xffffffff, 2), table("stsc", 0xffffffff, 3), table("stco", 0xffffffff, 1)]],
    [
      "chunks of nothing",
      [table("stsz", 1, 4), box("stsc", [0, 0, 0, 0], u32(1), u32(1), u32(0), u32(1)), table("stco", 1, 1)],
    ],
    ["a table of megabytes", [table("stsz", 1, 4), table("stsc", 500_000, 1_500_000), table("stco", 1, 1)]],
  ])("end with a reason: %s", async (_name, tables) => {
    const hdlr = box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12));
    const stbl = box("stbl", box("stsd", [0, 0, 0, 0], u32(1), box("avc1", new Uint8Array(78))), ...tables);
    const tkhd = box("tkhd", [0, 0, 0, 7], new Uint8Array(80));
    const trak = box("trak", tkhd, box("mdia", hdlr, box("minf", stbl)));
    const bytes = bytesOf(box("ftyp", "isom", u32(0)), box("moov", movieHeader(0, 600), trak));
    expect(await outcomeOf(bytes)).toBe("unsupported");
  });
});
