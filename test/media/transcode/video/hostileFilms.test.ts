/** Films that are made to cost time, memory or reads end with a reason, after few reads. */
import { describe, expect, it } from "vitest";
import { type ByteSource, memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import { MAX_FILM_READ_BYTES, openKeyFrames } from "../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { decoders, findPosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import { refusals } from "../../../fixtures/films/refusals.ts";
import { counted } from "../../../support/media/countingSource.ts";
import { filmBytes, filmName, filmSet } from "../../../support/media/filmSet.ts";
import { hostileFilms } from "../../../support/media/hostileFilms.ts";
import { noise } from "../../../support/media/largeLayouts.ts";

/** Of one film: pages of its tables, then windows that grow at up to four places. */
const MAX_READS = 400;
const MAX_LONGEST_READ_BYTES = 12 * 1024 * 1024;

async function reasonOf(source: ByteSource): Promise<string | null> {
  const poster = await findPosterFrame(source, 720);
  return poster.kind === "frame" ? null : poster.reason;
}

describe("hostile films", () => {
  it.each(hostileFilms.map((film) => [film.name, film] as const))("end with a reason: %s", async (_name, film) => {
    const source = counted(await film.source());
    expect(await reasonOf(source)).toBe(film.reason);
    expect(source.counts.bytes).toBeLessThanOrEqual(MAX_FILM_READ_BYTES);
    expect(source.counts.reads).toBeLessThanOrEqual(MAX_READS);
    expect(source.counts.longestRead).toBeLessThanOrEqual(MAX_LONGEST_READ_BYTES);
  });
});

interface OpenedFilm {
  track: KeyFrameTrack;
  sample: Uint8Array;
}

/** The first film of the set with a codec that has a poster, and a key frame of it. */
async function openFilm(codec: string): Promise<OpenedFilm> {
  for (const film of filmSet) {
    if (refusals.has(filmName(film))) continue;
    const track = await openKeyFrames(memorySource(await filmBytes(film)));
    if (track?.codec !== codec) continue;
    const sample = await track.readKeyFrame(0, 2 ** 20);
    if (sample instanceof Uint8Array) return { track, sample };
  }
  throw new Error(`no film of ${codec}`);
}

/** Ones in place of some bytes: absurd sizes, counts and offsets. */
function withOnes(bytes: Uint8Array, from: number, count: number): Uint8Array {
  return bytes.slice().fill(0xff, from, from + count);
}

function hostileSamples(sample: Uint8Array): Uint8Array[] {
  const heads = Array.from({ length: 24 }, (_, i) => withOnes(sample, i * 2, 2 + (i % 3) * 2));
  const cuts = [0, 1, 2, 5, 10, 20, 50, 90].map((percent) => sample.slice(0, (sample.length * percent) / 100));
  return [...heads, ...cuts, new Uint8Array(5000), withOnes(sample, 20, sample.length), noise(5000)];
}

describe("hostile key frames", () => {
  it.each([...decoders.keys()])("have an image or a reason: %s", async (codec) => {
    const { track, sample } = await openFilm(codec);
    const decoder = decoders.get(codec);
    const kinds = new Set<string>();
    for (const hostile of hostileSamples(sample)) {
      const result = await decoder?.decode(hostile, track, 160);
      kinds.add(result?.kind ?? "");
      if (result?.kind === "unsupported") expect(result.reason).not.toBe("");
      else expect(result?.image.width).toBeLessThanOrEqual(160);
    }
    expect(kinds).toContain("unsupported");
    // The film's own frame is decoded afterwards.
    expect(await decoder?.decode(sample, track, 160)).toMatchObject({ kind: "image" });
  });

  it.each([...decoders.keys()])("have an image or a reason with a damaged configuration: %s", async (codec) => {
    const { track, sample } = await openFilm(codec);
    const decoder = decoders.get(codec);
    for (const configuration of hostileSamples(track.configuration.length > 0 ? track.configuration : noise(60))) {
      const result = await decoder?.decode(sample, { ...track, configuration }, 160);
      if (result?.kind === "unsupported") expect(result.reason).not.toBe("");
      else expect(result?.image.width).toBeLessThanOrEqual(160);
    }
  });
});
