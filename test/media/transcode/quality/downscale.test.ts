import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng, type RgbaImage } from "../../../../src/media/transcode/png/decodePng.ts";
import { downscale } from "../../../../src/media/transcode/quality/downscale.ts";
import { encodeThumbhash } from "../../../../src/media/transcode/thumbhash.ts";
import { renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import { thumbHashToRGBA } from "thumbhash";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { paintImage, seededRandom } from "../../../support/media/qualityImages.ts";

describe("downscale", () => {
  it("returns a small image unchanged", () => {
    const small = paintImage(100, 60, (x) => x);
    expect(downscale(small, 100)).toBe(small);
  });

  it("averages areas that don't align with pixels", () => {
    expect([
      ...downscale(
        paintImage(4, 2, (x) => (x < 2 ? 0 : 200)),
        2,
      ).rgba,
    ]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
    // Three pixels become two, each covering one and a half.
    const thirds = downscale(
      paintImage(3, 3, (x) => [0, 90, 180][x] ?? 0),
      2,
    );
    expect([...thirds.rgba.subarray(0, 8)]).toEqual([30, 30, 30, 255, 150, 150, 150, 255]);
  });

  it("keeps the aspect ratio and at least one pixel", () => {
    expect(
      downscale(
        paintImage(512, 341, () => 0),
        100,
      ),
    ).toMatchObject({ width: 100, height: 67 });
    expect(
      downscale(
        paintImage(1, 512, () => 0),
        100,
      ),
    ).toMatchObject({ width: 1, height: 100 });
  });

  it("keeps the mean colour", () => {
    const next = seededRandom(3);
    const image = paintImage(300, 200, () => Math.floor(next() * 256));
    const mean = ({ rgba }: RgbaImage): number => rgba.reduce((sum, value) => sum + value, 0) / rgba.length;
    expect(mean(downscale(image, 64))).toBeCloseTo(mean(image), 0);
  });

  it("ignores the colour of transparent pixels", () => {
    const edge = downscale(
      paintImage(2, 2, (x) => (x === 0 ? [10, 20, 30, 255] : [255, 0, 0, 0])),
      1,
    );
    expect([...edge.rgba]).toEqual([10, 20, 30, 128]);
  });
});

describe("thumbhash of a shared rendering", () => {
  it.each(["cyclamen_persicum.jpg", "prairie_falcon.jpg", "denali.webp", "new_location_shown.png"])(
    "matches that of a 100 pixel rendering: %s",
    async (name) => {
      const rendered = async (edge: number): Promise<RgbaImage> => {
        const png = await renderPng(env.IMAGES, new Blob([await sampleBytes(name)]).stream(), edge);
        if (png.kind !== "rendered") throw new Error(png.reason);
        return await decodePng(png.bytes);
      };
      const decodeThumbhash = (hash: string) =>
        thumbHashToRGBA(Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0))).rgba;
      const direct = decodeThumbhash(encodeThumbhash(await rendered(100)));
      const shared = decodeThumbhash(encodeThumbhash(downscale(await rendered(512), 100)));
      expect(shared).toHaveLength(direct.length);
      const differences = [...direct].map((value, at) => Math.abs(value - (shared[at] ?? 0)));
      const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
      expect(mean).toBeLessThan(2);
    },
  );
});
