import { describe, expect, it } from "vitest";
import { avifToJpeg } from "../../../src/media/transcode/heif/avifToJpeg.ts";
import { heicToJpeg } from "../../../src/media/transcode/heif/heicToJpeg.ts";
import { jxlToJpeg } from "../../../src/media/transcode/jxl/jxlToJpeg.ts";
import { mutate, seededRandom } from "../../support/media/mutations.ts";
import { limits } from "../../support/media/renderedImage.ts";
import { stillBytes, type DecodeToJpeg } from "../../support/media/stills.ts";

const MUTATIONS = 150;
/** Two cores run the tests: a decoding of these small pictures takes some ten milliseconds. */
const MAX_MS = 5000;

const files: [string, DecodeToJpeg][] = [
  ...["4-2-0", "4-4-4-10-bits", "grid", "alpha", "rgb-lossless"].map((name): [string, DecodeToJpeg] => [
    `${name}.avif`,
    avifToJpeg,
  ]),
  ...["lossy", "lossless-16-bits", "lossy-alpha", "progressive", "from-jpeg", "animated", "photon-noise"].map(
    (name): [string, DecodeToJpeg] => [`${name}.jxl`, jxlToJpeg],
  ),
  ...["one-tile", "4-4-4"].map((name): [string, DecodeToJpeg] => [`${name}.heic`, heicToJpeg]),
];

describe("damaged stills", () => {
  it.each(files)(
    "end with a picture or a reason: %s",
    async (name, decode) => {
      const file = await stillBytes(name);
      const random = seededRandom(name.length);
      let reasons = 0;
      for (let i = 0; i < MUTATIONS; i++) {
        const damaged = mutate(file, random, file);
        const startedMs = Date.now();
        try {
          await decode(damaged, limits);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(WebAssembly.RuntimeError);
          reasons++;
        }
        expect(Date.now() - startedMs, `mutation ${i}`).toBeLessThan(MAX_MS);
      }
      expect(reasons).toBeGreaterThan(MUTATIONS / 10);
    },
    300_000,
  );
});
