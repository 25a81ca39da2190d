import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { asciiAt } from "../../../../src/media/inspect/bytes/bytes.ts";
import { decodePng } from "../../../support/media/decodePng.ts";
import { resizeImage } from "../../../../src/media/transcode/resize/resizeImage.ts";
import {
  decodeRendition,
  decodeWebp,
  MAX_DECODED_WEBP_PIXELS,
} from "../../../../src/media/transcode/webp/decodeWebp.ts";
import {
  encodeWebp,
  MAX_COMPRESSED_ALPHA_PIXELS,
  MAX_ENCODED_WEBP_PIXELS,
} from "../../../../src/media/transcode/webp/encodeWebp.ts";
import { renderPng } from "../../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { difference, photoLike } from "../../../support/media/pixelImages.ts";
import { paintImage } from "../../../support/media/qualityImages.ts";

function alphaOf(rgba: Uint8Array): Uint8Array {
  return rgba.filter((_, at) => at % 4 === 3);
}

describe("encodeWebp", () => {
  it("encodes pixels that decode to nearly the same, smaller at a lower quality", async () => {
    const image = photoLike(300, 200);
    const [fine, coarse] = [await encodeWebp(image, { quality: 90 }), await encodeWebp(image, { quality: 40 })];
    expect(asciiAt(fine, 8, 4)).toBe("WEBP");
    expect(fine.length).toBeGreaterThan(coarse.length);
    expect(difference(await decodeWebp(fine), image).mean).toBeLessThan(4);
    expect(difference(await decodeWebp(coarse), image).mean).toBeLessThan(8);
  });

  it("writes files that the Images binding reads", async () => {
    const file = await encodeWebp(photoLike(301, 203), { quality: 80 });
    const info = await env.IMAGES.info(new Blob([file]).stream());
    expect(info).toMatchObject({ format: "image/webp", width: 301, height: 203 });
  });

  it("keeps transparency to the level and stores none for opaque images", async () => {
    const clear = photoLike(120, 90, (x, y) => (x * 2 + y) % 256);
    const decoded = await decodeWebp(await encodeWebp(clear, { quality: 50 }));
    expect(alphaOf(decoded.rgba)).toEqual(alphaOf(clear.rgba));
    const opaque = await encodeWebp(photoLike(120, 90), { quality: 50 });
    expect(Buffer.from(opaque).includes("ALPH")).toBe(false);
  });

  it("encodes images of one pixel and of the largest edge", async () => {
    const dot = await decodeWebp(
      await encodeWebp(
        paintImage(1, 1, () => [200, 100, 50]),
        { quality: 80 },
      ),
    );
    expect(dot).toMatchObject({ width: 1, height: 1 });
    const line = paintImage(16_383, 2, () => 90);
    expect(await decodeWebp(await encodeWebp(line, { quality: 80 }))).toMatchObject({ width: 16_383, height: 2 });
    await expect(
      encodeWebp(
        paintImage(16_384, 2, () => 90),
        { quality: 80 },
      ),
    ).rejects.toThrow("the WebP encoder failed");
  });

  it("encodes images side by side", async () => {
    const images = [50, 60, 70, 80].map((width) => photoLike(width, 40));
    const files = await Promise.all(images.map((image) => encodeWebp(image, { quality: 80 })));
    const decoded = await Promise.all(files.map((file) => decodeWebp(file)));
    expect(decoded.map(({ width }) => width)).toEqual([50, 60, 70, 80]);
  });

  it("encodes the largest variant with transparency within its memory", async () => {
    const noise = (x: number, y: number) => Math.imul(x * 1440 + y, 2_654_435_761) >>> 24;
    const preview = photoLike(1440, MAX_COMPRESSED_ALPHA_PIXELS / 1440, noise);
    const square = photoLike(1440, 1440, noise);
    const [small, large] = [await encodeWebp(preview, { quality: 80 }), await encodeWebp(square, { quality: 80 })];
    expect(alphaOf((await decodeWebp(large)).rgba)).toEqual(alphaOf(square.rgba));
    expect(alphaOf((await decodeWebp(small)).rgba)).toEqual(alphaOf(preview.rgba));
  });

  it("encodes the most pixels and refuses one row more", async () => {
    const height = MAX_ENCODED_WEBP_PIXELS / 2000;
    const file = await encodeWebp(photoLike(2000, height), { quality: 80 });
    expect(await decodeWebp(file)).toMatchObject({ width: 2000, height });
    const larger = { width: 2000, height: height + 1, rgba: new Uint8Array() };
    await expect(encodeWebp(larger, { quality: 80 })).rejects.toThrow("can't be encoded as WebP");
  });
});

describe("decodeWebp", () => {
  it("decodes a photo to the pixels of the Images binding", async () => {
    const file = await sampleBytes("denali.webp");
    const image = await decodeWebp(file);
    expect(image).toMatchObject({ width: 600, height: 315 });
    const rendered = await renderPng(env.IMAGES, new Blob([file]).stream(), 512);
    if (rendered.kind !== "rendered") throw new Error(rendered.reason);
    expect(difference(resizeImage(image, 512), await decodePng(rendered.bytes)).mean).toBeLessThan(2);
  });

  it.each([
    ["decodeWebp", decodeWebp],
    ["decodeRendition", decodeRendition],
  ])("refuses damaged, truncated and other files, and goes on decoding: %s", async (_name, decode) => {
    const file = await encodeWebp(photoLike(300, 200), { quality: 80 });
    await expect(decode(file.subarray(0, file.length / 2))).rejects.toThrow("the WebP is damaged");
    await expect(decode(new TextEncoder().encode("RIFF, or not"))).rejects.toThrow("the WebP is damaged");
    await expect(decode(new Uint8Array())).rejects.toThrow("the WebP is damaged");
    expect(await decode(file)).toEqual(await decodeWebp(file));
  });

  it("refuses more pixels than fit in memory before decoding", async () => {
    const file = Uint8Array.from(await encodeWebp(photoLike(300, 200), { quality: 80 }));
    // Width and height of a VP8 frame.
    new DataView(file.buffer).setUint16(26, 5000, true);
    new DataView(file.buffer).setUint16(28, MAX_DECODED_WEBP_PIXELS / 5000 + 1, true);
    await expect(decodeWebp(file)).rejects.toThrow("the WebP is too large to decode: 5000 × 1001 pixels");
  });
});
