import { env } from "cloudflare:workers";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";
import { describe, expect, it } from "vitest";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "../../support/media/decodePng.ts";
import { encodeThumbhash } from "../../../src/media/transcode/thumbhash.ts";
import { renderPng } from "../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { plainPng } from "../../support/media/pngs.ts";

async function hashOf(width: number, height: number, colour: number[]): Promise<Uint8Array> {
  const hash = encodeThumbhash(await decodePng(await plainPng(width, height, colour)));
  expect(hash).toMatch(/^[A-Za-z0-9+/]+=*$/);
  return Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0));
}

describe("encodeThumbhash", () => {
  it("keeps the mean colour", async () => {
    const { r, g, b, a } = thumbHashToAverageRGBA(await hashOf(40, 40, [255, 0, 0, 255]));
    expect([r > 0.85, g < 0.15, b < 0.15, a]).toEqual([true, true, true, 1]);
  });

  it("keeps alpha", async () => {
    expect(thumbHashToAverageRGBA(await hashOf(40, 40, [0, 0, 255, 128])).a).toBeCloseTo(0.5, 1);
  });

  it("keeps the approximate aspect ratio", async () => {
    expect(thumbHashToApproximateAspectRatio(await hashOf(100, 50, [9, 9, 9, 255]))).toBeGreaterThan(1.5);
    expect(thumbHashToApproximateAspectRatio(await hashOf(50, 100, [9, 9, 9, 255]))).toBeLessThan(0.7);
  });

  it.each([
    [1, 1],
    [100, 1],
    [1, 100],
    [100, 100],
  ])("encodes %d × %d pixels in about thirty bytes", async (width, height) => {
    expect((await hashOf(width, height, [10, 20, 30, 255])).length).toBeLessThanOrEqual(40);
  });

  it.each(["cyclamen_persicum.jpg", "prairie_falcon.jpg", "denali.webp", "new_location_shown.png"])(
    "gives a larger image the hash of its 100 pixel rendering: %s",
    async (name) => {
      const rendered = async (edge: number): Promise<RgbaImage> => {
        const png = await renderPng(env.IMAGES, new Blob([await sampleBytes(name)]).stream(), edge);
        if (png.kind !== "rendered") throw new Error(png.reason);
        return await decodePng(png.bytes);
      };
      const decodedHash = (image: RgbaImage) =>
        thumbHashToRGBA(Uint8Array.from(atob(encodeThumbhash(image)), (letter) => letter.charCodeAt(0))).rgba;
      const [direct, shrunk] = [decodedHash(await rendered(100)), decodedHash(await rendered(512))];
      expect(shrunk).toHaveLength(direct.length);
      const differences = [...direct].map((value, at) => Math.abs(value - (shrunk[at] ?? 0)));
      expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(2);
    },
  );
});
