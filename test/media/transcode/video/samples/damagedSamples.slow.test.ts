/** Decodes corrupt key frames of all codecs: each is a picture or has a reason, in bounded time. */
import { describe, expect, it } from "vitest";
import { h263Sample } from "../../../../../src/media/transcode/video/samples/mpegSample.ts";
import { keyFrame, trackOf } from "../../../../support/media/keyFrameFixtures.ts";
import { KEY_FRAME_SAMPLES } from "../../../../support/media/keyFrameSamples.ts";
import { mutate, seededRandom, type Random } from "../../../../support/media/mutations.ts";

const CASES_PER_SAMPLE = 150;
const SEED = 20_261_129;
/** Wall-clock time; a header that promises 4K takes some hundred milliseconds of CPU. */
const MAX_MS = 3000;
const MAX_EDGE_PX = 320;
const REASON =
  /damaged|truncated|too large|memory limit|lacks|invalid|begins with no|has no|is no|VP9|H\.263|ProRes|MPEG|JPEG|AV1/;

/** Time passes in a Worker only while it waits. */
async function nowMs(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
}

/** Changes bytes of the coded data, which the other mutations rarely reach. */
function scatter(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  for (let left = 1 + random(6); left > 0 && changed.length > 0; left--) {
    const at = random(changed.length);
    changed[at] = random(2) === 0 ? random(256) : (changed[at] ?? 0) ^ (1 << random(8));
  }
  return changed;
}

const samples = [...KEY_FRAME_SAMPLES, ["h263.h263", h263Sample] as const];

describe(`${CASES_PER_SAMPLE * samples.length} corrupt key frames`, () => {
  it.each(samples.map(([name, decoder], number) => ({ name, decoder, number })))(
    "decodes mutations of $name or says why not",
    async ({ name, decoder, number }) => {
      const original = await keyFrame(name);
      const other = await keyFrame(samples[(number + 5) % samples.length]?.[0] ?? name);
      const track = trackOf();
      const expected = await decoder.decode(original, track, MAX_EDGE_PX);
      expect(expected).toMatchObject({ kind: "image" });
      const random = seededRandom(SEED + number);
      let refused = 0;
      for (let i = 0; i < CASES_PER_SAMPLE; i++) {
        const damaged = random(3) === 0 ? mutate(original, random, other) : scatter(original, random);
        const startedMs = await nowMs();
        const result = await decoder.decode(damaged, track, MAX_EDGE_PX);
        expect((await nowMs()) - startedMs).toBeLessThan(MAX_MS);
        if (result.kind === "unsupported") {
          refused++;
          expect(result.reason).toMatch(REASON);
        } else {
          const { width, height, rgba } = result.image;
          expect(Math.max(width, height)).toBeLessThanOrEqual(MAX_EDGE_PX);
          expect(rgba.length).toBe(width * height * 4);
        }
      }
      expect(refused).toBeGreaterThan(0);
      expect(await decoder.decode(original, track, MAX_EDGE_PX)).toEqual(expected);
    },
    120_000,
  );
});
