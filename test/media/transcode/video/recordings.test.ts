import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { findPosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";

/** Left and right half of the canvas. */
const RED = [0xc0, 0x20, 0x20];
const BLUE = [0x20, 0x40, 0xc0];
/** Encoders at some kilobits a frame change colours. */
const MAX_DIFFERENCE = 24;

function pixelAt({ rgba, width }: RgbaImage, x: number, y: number): number[] {
  return [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
}

describe("posters of recordings by a browser", () => {
  it.each([
    ["chromium-h264.webm", "H.264"],
    ["chromium-h264.mkv", "H.264"],
    ["chromium-h264.mp4", "H.264"],
    ["chromium-vp8.webm", "VP8"],
    ["chromium-vp9.webm", "VP9"],
    ["chromium-av1.webm", "AV1"],
  ])("show the canvas: %s", async (name, codec) => {
    const poster = await findPosterFrame(memorySource(await sampleBytes(`test/fixtures/recordings/${name}`)), 1440);
    expect(poster).toMatchObject({ kind: "frame", description: `decoded a key frame of ${codec}` });
    if (poster.kind !== "frame") return;
    expect(poster.image).toMatchObject({ width: 160, height: 96 });
    for (const [x, colour] of [
      [20, RED],
      [140, BLUE],
    ] as const) {
      const pixel = pixelAt(poster.image, x, 80);
      for (const [i, value] of colour.entries()) expect(Math.abs((pixel[i] ?? 0) - value)).toBeLessThan(MAX_DIFFERENCE);
    }
  });
});
