import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../../src/media/transcode/png/decodePng.ts";
import { shrinkToPng } from "../../../src/providers/renderers/renderPng.ts";
import { brokenImages } from "../../support/bindings/images.ts";
import { plainPng } from "../../support/media/pngs.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";

function streamOf(bytes: Uint8Array | string): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream();
}

async function sizeOf(bytes: Uint8Array, edgePx = 100): Promise<[number, number]> {
  const made = await shrinkToPng(env.IMAGES, streamOf(bytes), edgePx);
  if (made.kind === "unreadable") throw new Error(made.reason);
  const { width, height } = await decodePng(made.bytes);
  return [width, height];
}

describe("a picture shrunk to a small PNG", () => {
  it("keeps its shape, and its longest edge is what was asked for", async () => {
    expect(Math.max(...(await sizeOf(await sampleBytes("0003_cyclamen_persicum.jpg"))))).toBe(100);
    expect(await sizeOf(await plainPng(400, 200, [1, 2, 3, 255]))).toEqual([100, 50]);
  });

  it("is never enlarged", async () => {
    expect(await sizeOf(await plainPng(20, 10, [1, 2, 3, 255]))).toEqual([20, 10]);
  });

  it("stands upright: a photo that was taken sideways comes out turned", async () => {
    const [width, height] = await sizeOf(await sampleBytes("0023_Portrait_8.jpg"));
    expect(height).toBeGreaterThan(width);
  });

  it("keeps what can be seen through", async () => {
    const made = await shrinkToPng(env.IMAGES, streamOf(await plainPng(200, 200, [200, 100, 50, 128])), 100);
    if (made.kind === "unreadable") throw new Error(made.reason);
    expect((await decodePng(made.bytes)).rgba[3]).toBe(128);
  });

  it.each(["0024_denali.webp", "0010_test.gif", "0025_density_plot.png", "0020_8bit-sRGB.avif"])(
    "can be made of %s",
    async (name) => {
      expect(Math.max(...(await sizeOf(await sampleBytes(name))))).toBe(100);
    },
  );
});

describe("what Images cannot make a picture of", () => {
  it.each([
    ["text", () => "Dear diary, this is no picture."],
    ["a photo cut in half", async () => (await sampleBytes("0003_cyclamen_persicum.jpg")).slice(0, 20_000)],
    ["a picture cut in half", async () => (await sampleBytes("0025_density_plot.png")).slice(0, 12_000)],
    ["a video", async () => await sampleBytes("0026_video_rotate.mp4")],
    ["a JPEG's first bytes", () => new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
  ])("is called unreadable, with the reason in a line: %s", async (_, bytes) => {
    const made = await shrinkToPng(env.IMAGES, streamOf(await bytes()), 100);
    expect(made).toMatchObject({
      kind: "unreadable",
      reason: expect.stringMatching(/^Images cannot read it: .{1,300}$/),
    });
  });

  const refused = [
    "IMAGES_TRANSFORM_ERROR 9412: Bad image",
    "IMAGES_TRANSFORM_ERROR 9413: too many pixels",
    "unsupported image format",
  ];
  it.each(refused)("is unreadable for good when Images says so: %s", async (message) => {
    const images = brokenImages(new Error(message));
    expect(await shrinkToPng(images, streamOf("x"), 100)).toMatchObject({ kind: "unreadable" });
  });

  const passing = [
    "IMAGES_TRANSFORM_ERROR 9422: the usage limit was reached",
    "IMAGES_TRANSFORM_ERROR 9523: the transformation could not be performed",
    "IMAGES_TRANSFORM_ERROR 9402: too large, or the connection was interrupted",
    "Network connection lost.",
    "internal error; reference = 94f",
    "Too many requests",
  ];
  it.each(passing)("may be asked for again when Images was not well: %s", async (message) => {
    await expect(shrinkToPng(brokenImages(new Error(message)), streamOf("x"), 100)).rejects.toThrow(message);
  });
});
