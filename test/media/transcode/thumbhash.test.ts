import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from "thumbhash";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../../src/media/transcode/png/decodePng.ts";
import { encodeThumbhash } from "../../../src/media/transcode/thumbhash.ts";
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
});
