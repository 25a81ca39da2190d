import { expect, it } from "vitest";
import {
  decodeRendition,
  decodeWebp,
  MAX_DECODED_WEBP_PIXELS,
} from "../../../../src/media/transcode/webp/decodeWebp.ts";
import { encodeWebp } from "../../../../src/media/transcode/webp/encodeWebp.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { mutate, seededRandom } from "../../../support/media/mutations.ts";
import { photoLike } from "../../../support/media/pixelImages.ts";

const MUTATIONS = 400;
/** The slowest takes a few hundred milliseconds on a busy machine. */
const MAX_MS = 10_000;

/** Lossy; and lossy with transparency, which is coded by the lossless decoder. */
const transparent = async () =>
  await encodeWebp(
    photoLike(240, 180, (x, y) => (x * y) % 256),
    { quality: 70 },
  );
const files: [string, () => Promise<Uint8Array>][] = [
  ["photo", async () => await sampleBytes("denali.webp")],
  ["transparent", transparent],
];

it.each(files)("decodes or refuses every damaged file, and leaves other images alone: %s", async (name, intactFile) => {
  const [intact, other] = [await intactFile(), await transparent()];
  const expected = await decodeRendition(other);
  const random = seededRandom(name.length);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const damaged = mutate(intact, random, other);
    const startedMs = Date.now();
    try {
      const { width, height, rgba } = await decodeWebp(damaged);
      expect(rgba.length).toBe(width * height * 4);
      expect(width * height).toBeLessThanOrEqual(MAX_DECODED_WEBP_PIXELS);
    } catch (error) {
      expect(String(error)).toMatch(/the WebP is (damaged|too large)|memory|RuntimeError/);
      refused += 1;
    }
    expect(Date.now() - startedMs).toBeLessThan(MAX_MS);
    if (i % 50 === 0) expect(await decodeRendition(other)).toEqual(expected);
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 20);
  expect(refused).toBeLessThan(MUTATIONS);
});
