import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng, type Picture } from "../../../../src/media/transcode/png/decodePng.ts";
import { shrinkPicture } from "../../../../src/media/transcode/quality/downscale.ts";
import { thumbhashOf } from "../../../../src/media/transcode/thumbhash.ts";
import { shrinkToPng } from "../../../../src/providers/renderers/renderPng.ts";
import { thumbHashToRGBA } from "thumbhash";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { painted, randoms } from "../../../support/media/qualityImages.ts";

describe("shrinking a decoded picture", () => {
  it("leaves alone what is small enough", () => {
    const small = painted(100, 60, (x) => x);
    expect(shrinkPicture(small, 100)).toBe(small);
  });

  it("averages areas, also where they do not fall on whole pixels", () => {
    expect([
      ...shrinkPicture(
        painted(4, 2, (x) => (x < 2 ? 0 : 200)),
        2,
      ).rgba,
    ]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
    // Three pixels become two: each takes one and a half.
    const thirds = shrinkPicture(
      painted(3, 3, (x) => [0, 90, 180][x] ?? 0),
      2,
    );
    expect([...thirds.rgba.subarray(0, 8)]).toEqual([30, 30, 30, 255, 150, 150, 150, 255]);
  });

  it("keeps the proportions, and one pixel of the thinnest strip", () => {
    expect(
      shrinkPicture(
        painted(512, 341, () => 0),
        100,
      ),
    ).toMatchObject({ width: 100, height: 67 });
    expect(
      shrinkPicture(
        painted(1, 512, () => 0),
        100,
      ),
    ).toMatchObject({ width: 1, height: 100 });
  });

  it("keeps the mean of the picture", () => {
    const next = randoms(3);
    const picture = painted(300, 200, () => Math.floor(next() * 256));
    const mean = ({ rgba }: Picture): number => rgba.reduce((sum, value) => sum + value, 0) / rgba.length;
    expect(mean(shrinkPicture(picture, 64))).toBeCloseTo(mean(picture), 0);
  });

  it("does not let what is transparent tint its neighbours", () => {
    const edge = shrinkPicture(
      painted(2, 2, (x) => (x === 0 ? [10, 20, 30, 255] : [255, 0, 0, 0])),
      1,
    );
    expect([...edge.rgba]).toEqual([10, 20, 30, 128]);
  });
});

describe("one rendering for thumbhash and quality figures", () => {
  it.each(["0003_cyclamen_persicum.jpg", "0016_prairie_falcon.jpg", "0024_denali.webp", "0013_new_location_shown.png"])(
    "a thumbhash from the shrunk 512 pixel picture looks like that from Images' own 100 pixels: %s",
    async (name) => {
      const rendered = async (edge: number): Promise<Picture> => {
        const png = await shrinkToPng(env.IMAGES, new Blob([await sampleBytes(name)]).stream(), edge);
        if (png.kind !== "rendered") throw new Error(png.reason);
        return await decodePng(png.bytes);
      };
      const shown = (hash: string) =>
        thumbHashToRGBA(Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0))).rgba;
      const direct = shown(thumbhashOf(await rendered(100)));
      const shrunk = shown(thumbhashOf(shrinkPicture(await rendered(512), 100)));
      expect(shrunk).toHaveLength(direct.length);
      const differences = [...direct].map((value, at) => Math.abs(value - (shrunk[at] ?? 0)));
      const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
      expect(mean).toBeLessThan(2);
    },
  );
});
