import { expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { decodeScaled } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import {
  MAX_SCALED_WEBP_BYTES,
  MAX_SCALED_WEBP_FILE_BYTES,
  MAX_SCALED_WEBP_PIXELS,
} from "../../../../src/media/transcode/scaled/decodeScaledWebp.ts";
import { encodeWebp } from "../../../../src/media/transcode/webp/encodeWebp.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { difference, photoLike, pixelAt } from "../../../support/media/pixelImages.ts";
import { renderedImage, unsupportedReason } from "../../../support/media/scaledImages.ts";

async function scaled(bytes: Uint8Array, edgePx: number) {
  const result = await decodeScaled(memorySource(bytes), "webp", edgePx);
  if (result.kind === "unsupported") throw new Error(result.reason);
  expect(result.peakBytes).toBeLessThanOrEqual(MAX_SCALED_WEBP_BYTES);
  return result.image;
}

it.each([360, 200])("reduces a WebP to %i pixels as the renderer does", async (edgePx) => {
  const bytes = await sampleBytes("denali.webp");
  expect(difference(await scaled(bytes, edgePx), await renderedImage(bytes, edgePx)).mean).toBeLessThan(2);
});

it("keeps transparency", async () => {
  const bytes = await encodeWebp(
    photoLike(200, 100, (x) => (x < 100 ? 0 : 255)),
    { quality: 90 },
  );
  const image = await scaled(bytes, 50);
  expect(image).toMatchObject({ width: 50, height: 25 });
  expect(pixelAt(image, 5, 12)[3]).toBe(0);
  expect(pixelAt(image, 45, 12)[3]).toBe(255);
});

it("leaves larger and damaged files to Cloudflare Images with the reason", async () => {
  const bytes = await sampleBytes("denali.webp");
  expect(await unsupportedReason(bytes.subarray(0, 5000), "webp")).not.toBe("decoded");
  const padded = new Uint8Array(MAX_SCALED_WEBP_FILE_BYTES + 1);
  padded.set(bytes);
  expect(await unsupportedReason(padded, "webp")).toBe("WebP of more than 6 MB");
  // The canvas in the VP8X chunk: two sides of 24 bits, less one.
  const enlarged = Uint8Array.from(bytes);
  const view = new DataView(enlarged.buffer);
  view.setUint16(24, 2000, true);
  view.setUint16(27, MAX_SCALED_WEBP_PIXELS / 2000 - 1, true);
  expect(await unsupportedReason(enlarged, "webp")).toBe("WebP of more than 4 megapixels: 2001 × 2000");
});
