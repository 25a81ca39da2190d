/** Decodes thousands of corrupt streams: each is a picture or has a reason, in bounded time and memory. */
import { describe, expect, it } from "vitest";
import { decodeKeyFrame, MAX_H264_MEMORY_BYTES } from "../../../../src/media/transcode/h264/decodeKeyFrame.ts";
import { annexBUnits } from "../../../../src/media/transcode/h264/nalUnits.ts";
import { mutate, nowMs, scatter, seededRandom, type Random } from "../../../support/media/mutations.ts";
import { streamBytes, streamDigests } from "../../../support/media/h264Pictures.ts";
import { annexBStream, pictureUnit, sequenceUnit } from "../../../support/media/h264Streams.ts";

const CASES_PER_STREAM = 100;
const SEED = 20_261_129;
/** Wall-clock time; the slowest case takes some tens of milliseconds of CPU. */
const MAX_MS = 1000;

/** Takes some parameter sets or slices from another stream. */
function mixUnits(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const [units, others] = [annexBUnits(bytes), annexBUnits(other)];
  return annexBStream(units.map((unit) => (random(3) === 0 ? (others[random(others.length)] ?? unit) : unit)));
}

function corrupt(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const choice = random(4);
  if (choice === 0) return mutate(bytes, random, other);
  return choice === 1 ? mixUnits(bytes, other, random) : scatter(bytes, random);
}

const names = [...streamDigests.keys()];

describe(`${CASES_PER_STREAM * names.length} corrupt streams`, () => {
  it.each(names.map((name, number) => ({ name, number })))(
    "decodes mutations of $name or says why not",
    async ({ name, number }) => {
      const original = await streamBytes(name);
      const other = await streamBytes(names[(number + 7) % names.length] ?? name);
      const random = seededRandom(SEED + number);
      let refused = 0;
      for (let i = 0; i < CASES_PER_STREAM; i++) {
        const units = annexBUnits(corrupt(original, other, random));
        const startedMs = await nowMs();
        const result = await decodeKeyFrame(units);
        expect((await nowMs()) - startedMs).toBeLessThan(MAX_MS);
        if (result.kind === "unsupported") {
          refused++;
          expect(result.reason).toMatch(/H\.264|memory limit/);
        } else expect(result.peakBytes).toBeLessThanOrEqual(MAX_H264_MEMORY_BYTES);
      }
      expect(refused).toBeGreaterThan(0);
    },
  );
});

describe("streams that promise a large picture", () => {
  it.each([
    ["empty slices", new Uint8Array([0x65, 0x88, 0x84, 0x00])],
    ["slices of zeros", new Uint8Array(100_000).fill(0, 1)],
    ["slices of ones", new Uint8Array(100_000).fill(0xff)],
    ["slices of noise", new Uint8Array(100_000).map((_, i) => Math.imul(i, 2_654_435_761) >>> 24)],
  ])("end with a reason: %s", async (_name, data) => {
    const slice = data.slice();
    // An IDR slice from the first macroblock on.
    slice.set([0x65, 0x88, 0x84, 0x0a]);
    const size = { width: 256, height: 256 };
    for (const isCabac of [true, false]) {
      const startedMs = await nowMs();
      const units = [sequenceUnit(size), pictureUnit({ isCabac }), ...Array.from({ length: 50 }, () => slice)];
      expect(await decodeKeyFrame(units)).toMatchObject({ kind: "unsupported" });
      expect((await nowMs()) - startedMs).toBeLessThan(MAX_MS);
    }
  });
});
