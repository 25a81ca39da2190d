/** Decodes corrupt key frames of all codecs: each is a picture or has a reason, in bounded time. */
import { describe, expect, it } from "vitest";
import { h263Sample } from "../../../../../src/media/transcode/video/samples/mpegSample.ts";
import { keyFrame, trackOf } from "../../../../support/media/keyFrameFixtures.ts";
import { KEY_FRAME_SAMPLES } from "../../../../support/media/keyFrameSamples.ts";
import { mutate, nowMs, scatter, seededRandom } from "../../../../support/media/mutations.ts";

const CASES_PER_SAMPLE = 150;
const SEED = 20_261_129;
/** Wall-clock time; a header that promises 4K takes some hundred milliseconds of CPU. */
const MAX_MS = 3000;
const MAX_EDGE_PX = 320;
const REASON =
  /damaged|truncated|too large|memory limit|lacks|invalid|begins with no|has no|is no|VP9|H\.263|ProRes|MPEG|JPEG|AV1/;

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
