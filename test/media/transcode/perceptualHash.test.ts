import { describe, expect, it } from "vitest";
import { perceptualHash } from "../../../src/media/transcode/perceptualHash.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { seededRandom } from "../../support/random.ts";

/** A landscape: bright at the top, dark at the bottom, with two round spots. */
function landscape(
  width: number,
  height: number,
  change: (luma: number, x: number, y: number) => number = (l) => l,
): RgbaImage {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const spot =
        90 * Math.exp(-40 * ((u - 0.3) ** 2 + (v - 0.25) ** 2)) -
        70 * Math.exp(-60 * ((u - 0.7) ** 2 + (v - 0.6) ** 2));
      const luma = Math.min(255, Math.max(0, change(180 - 120 * v + spot, u, v)));
      rgba.set([luma, luma, luma, 255], 4 * (y * width + x));
    }
  }
  return { width, height, rgba };
}

function difference(a: RgbaImage, b: RgbaImage): number {
  const [first, second] = [perceptualHash(a), perceptualHash(b)];
  return first.reduce((sum, bit, i) => sum + (bit === second[i] ? 0 : 1), 0);
}

describe("the perceptual hash", () => {
  const photo = landscape(512, 384);

  it("has 64 bits as 1 and -1, about half of each", () => {
    const hash = perceptualHash(photo);
    expect(hash.length).toBe(64);
    expect(hash.filter((bit) => bit === 1).length).toBeGreaterThan(24);
    expect(hash.every((bit) => bit === 1 || bit === -1)).toBe(true);
  });

  it("is alike in another size, with noise, and brighter or with less contrast", () => {
    const random = seededRandom(3);
    expect(difference(photo, landscape(97, 61))).toBeLessThanOrEqual(6);
    expect(
      difference(
        photo,
        landscape(512, 384, (luma) => luma + 30 * (random() - 0.5)),
      ),
    ).toBeLessThanOrEqual(6);
    expect(
      difference(
        photo,
        landscape(512, 384, (luma) => luma * 0.7 + 30),
      ),
    ).toBeLessThanOrEqual(6);
  });

  it("differs for other images, and for a mirrored one", () => {
    expect(
      difference(
        photo,
        landscape(512, 384, (_luma, u, v) => 128 + 100 * Math.sin(9 * u + 5 * v)),
      ),
    ).toBeGreaterThan(16);
    expect(
      difference(
        photo,
        landscape(512, 384, (_luma, u, v) => ((Math.floor(6 * u) + Math.floor(5 * v)) % 2) * 255),
      ),
    ).toBeGreaterThan(16);
  });

  it("takes the smallest and the most transparent image", () => {
    expect(perceptualHash({ width: 1, height: 1, rgba: new Uint8Array(4) }).length).toBe(64);
    expect(perceptualHash({ width: 3, height: 200, rgba: new Uint8Array(2400) }).length).toBe(64);
  });
});
