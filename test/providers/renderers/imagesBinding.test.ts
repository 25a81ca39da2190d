import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../support/media/decodePng.ts";
import { imagesBindingRenderer, renderPng } from "../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { failingImages, recordingImages } from "../../support/bindings/images.ts";
import { plainPng } from "../../support/media/pngs.ts";

function streamOf(bytes: Uint8Array | string): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream();
}

async function pngSizeOf(bytes: Uint8Array, edgePx = 100): Promise<[number, number]> {
  const result = await renderPng(env.IMAGES, streamOf(bytes), edgePx);
  if (result.kind === "unreadable") throw new Error(result.reason);
  const { width, height } = await decodePng(result.bytes);
  return [width, height];
}

const truncatedSamples = [
  ["0001_exif.tif", 600],
  ["cyclamen_persicum.jpg", 20_000],
  ["8bit-sRGB.avif", 300],
  ["8bit-sRGB.avif", 431_212],
  ["0025_density_plot.png", 10_000],
] as const;

describe("imagesBindingRenderer", () => {
  it.each(truncatedSamples)(
    "returns unreadable in every format for %s truncated to %i bytes",
    async (name, sizeBytes) => {
      const bytes = (await sampleBytes(name)).slice(0, sizeBytes);
      for (const format of ["webp", "jpeg", "png"] as const) {
        const source = { body: streamOf(bytes), url: () => Promise.reject(new Error("needs no URL")) };
        const result = await imagesBindingRenderer(env.IMAGES)(source, { edgePx: 360, format });
        expect(result).toMatchObject({ kind: "unreadable", reason: expect.stringMatching(/^Images cannot read it: /) });
      }
    },
  );
});

/** Encodes as JPEG whatever is requested, as Cloudflare Images may do for a large image. */
function imagesThatEncodeJpeg(): ImagesBinding {
  const wrap = (transformer: ImageTransformer): ImageTransformer => ({
    transform: (transform) => wrap(transformer.transform(transform)),
    draw: (image, options) => wrap(transformer.draw(image, options)),
    output: async () => {
      const result = await transformer.output({ format: "image/jpeg" });
      return {
        ...result,
        response: () => result.response(),
        contentType: () => "image/webp",
        image: () => result.image(),
      };
    },
  });
  return {
    ...env.IMAGES,
    input: (stream) => wrap(env.IMAGES.input(stream)),
    info: (stream) => env.IMAGES.info(stream),
  };
}

describe("the type of a rendition", () => {
  const png = async () => await plainPng(20, 10, [1, 2, 3, 255]);
  const url = () => Promise.reject(new Error("needs no URL"));

  it("is that of its bytes when Images encodes another format than requested", async () => {
    const source = { body: streamOf(await png()), url };
    const result = await imagesBindingRenderer(imagesThatEncodeJpeg())(source, { edgePx: null, format: "webp" });
    expect(result).toMatchObject({ kind: "rendered", contentType: "image/jpeg" });
  });

  it.each(["webp", "jpeg", "png"] as const)("is the requested one: %s", async (format) => {
    const source = { body: streamOf(await png()), url };
    const result = await imagesBindingRenderer(env.IMAGES)(source, { edgePx: 10, format });
    expect(result).toMatchObject({ kind: "rendered", contentType: `image/${format}` });
  });
});

describe("the quality of a rendition", () => {
  it.each([
    ["webp", 85],
    ["jpeg", 85],
    ["png", undefined],
  ] as const)("is stated for lossy formats: %s", async (format, quality) => {
    const { images, outputs } = recordingImages();
    const source = { body: streamOf(await plainPng(20, 10, [1, 2, 3, 255])), url: () => Promise.reject(new Error("")) };
    expect(await imagesBindingRenderer(images)(source, { edgePx: 10, format })).toMatchObject({ kind: "rendered" });
    expect(outputs.map((options) => options.quality)).toEqual([quality]);
  });
});

describe("renderPng", () => {
  it("keeps the aspect ratio with the requested longest edge", async () => {
    expect(Math.max(...(await pngSizeOf(await sampleBytes("cyclamen_persicum.jpg"))))).toBe(100);
    expect(await pngSizeOf(await plainPng(400, 200, [1, 2, 3, 255]))).toEqual([100, 50]);
  });

  it("never enlarges", async () => {
    expect(await pngSizeOf(await plainPng(20, 10, [1, 2, 3, 255]))).toEqual([20, 10]);
  });

  it("applies the EXIF orientation", async () => {
    const [width, height] = await pngSizeOf(await sampleBytes("Portrait_8.jpg"));
    expect(height).toBeGreaterThan(width);
  });

  it("keeps transparency", async () => {
    const result = await renderPng(env.IMAGES, streamOf(await plainPng(200, 200, [200, 100, 50, 128])), 100);
    if (result.kind === "unreadable") throw new Error(result.reason);
    expect((await decodePng(result.bytes)).rgba[3]).toBe(128);
  });

  it.each(["denali.webp", "0010_test.gif", "0025_density_plot.png", "8bit-sRGB.avif"])("renders %s", async (name) => {
    expect(Math.max(...(await pngSizeOf(await sampleBytes(name))))).toBe(100);
  });

  it.each([
    ["text", () => "Dear diary, this is not an image."],
    ["a truncated JPEG", async () => (await sampleBytes("cyclamen_persicum.jpg")).slice(0, 20_000)],
    ["a truncated PNG", async () => (await sampleBytes("0025_density_plot.png")).slice(0, 12_000)],
    ["a video", async () => await sampleBytes("video_rotate.mp4")],
    ["the first bytes of a JPEG", () => new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
  ])("returns unreadable with a one-line reason for %s", async (_, bytes) => {
    const result = await renderPng(env.IMAGES, streamOf(await bytes()), 100);
    expect(result).toMatchObject({
      kind: "unreadable",
      reason: expect.stringMatching(/^Images cannot read it: .{1,300}$/),
    });
  });

  const permanentErrors = [
    "IMAGES_TRANSFORM_ERROR 9412: Bad image",
    "IMAGES_TRANSFORM_ERROR 9413: too many pixels",
    "unsupported image format",
    "Unexpected error response 500: Error: Processed image is too large for the WebP format",
    "Unexpected error response 500: Error: Input image exceeds pixel limit",
  ];
  it.each(permanentErrors)("returns unreadable for the permanent error %s", async (message) => {
    const images = failingImages(new Error(message));
    expect(await renderPng(images, streamOf("x"), 100)).toMatchObject({ kind: "unreadable" });
  });

  const transientErrors = [
    "IMAGES_TRANSFORM_ERROR 9422: the usage limit was reached",
    "IMAGES_TRANSFORM_ERROR 9523: the transformation could not be performed",
    "IMAGES_TRANSFORM_ERROR 9402: too large, or the connection was interrupted",
    "Network connection lost.",
    "internal error; reference = 94f",
    "Too many requests",
  ];
  it.each(transientErrors)("throws for the transient error %s", async (message) => {
    await expect(renderPng(failingImages(new Error(message)), streamOf("x"), 100)).rejects.toThrow(message);
  });
});
