/** Decodes originals with the Worker's scaled decoders and with the Images binding, to compare them. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../../src/media/inspect/formats.ts";
import { MAX_DECODER_BYTES } from "../../../src/media/transcode/decoderMemory.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "./decodePng.ts";
import { decodeScaled } from "../../../src/media/transcode/scaled/decodeScaled.ts";

/** The image as the Images binding shows it, at most 512 pixels a side. */
export async function renderedImage(bytes: Uint8Array, edgePx: number): Promise<RgbaImage> {
  const output = await env.IMAGES.input(new Blob([bytes]).stream())
    .transform({ width: edgePx, height: edgePx, fit: "scale-down" })
    .output({ format: "image/png" });
  return await decodePng(new Uint8Array(await output.response().arrayBuffer()));
}

/** The image as the Worker's decoder shows it, within its memory. */
export async function scaledImage(bytes: Uint8Array, family: MediaFamily, edgePx: number): Promise<RgbaImage> {
  const result = await decodeScaled(memorySource(bytes), family, edgePx);
  if (result.kind === "unsupported") throw new Error(result.reason);
  expect(result.peakBytes).toBeLessThanOrEqual(MAX_DECODER_BYTES);
  return result.image;
}

/** The reason why the Worker doesn't decode a file. */
export async function unsupportedReason(bytes: Uint8Array, family: MediaFamily, edgePx = 100): Promise<string> {
  const result = await decodeScaled(memorySource(bytes), family, edgePx);
  return result.kind === "unsupported" ? result.reason : "decoded";
}
