/** Decodes JPEGs with the Images binding, to compare upright size and colours. */
import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodePng } from "./decodePng.ts";

/** Renders at most 100 pixels a side. */
export async function renderJpeg(pieces: Uint8Array[]): Promise<RgbaImage> {
  const output = await env.IMAGES.input(new Blob(pieces).stream())
    .transform({ width: 100, height: 100, fit: "scale-down" })
    .output({ format: "image/png" });
  return await decodePng(new Uint8Array(await output.response().arrayBuffer()));
}

export async function renderedSize(pieces: Uint8Array[]): Promise<{ width: number; height: number }> {
  const info = await env.IMAGES.info(new Blob(pieces).stream());
  if (!("width" in info)) throw new Error("no size");
  return { width: info.width, height: info.height };
}

/** Red, green and blue of a pixel. */
export function colourAt({ width, rgba }: RgbaImage, x: number, y: number): number[] {
  return [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
}

export function meanColour({ width, height, rgba }: RgbaImage): number[] {
  const sums = [0, 0, 0];
  for (let at = 0; at < rgba.length; at += 4)
    for (let i = 0; i < 3; i++) sums[i] = (sums[i] ?? 0) + (rgba[at + i] ?? 0);
  return sums.map((sum) => sum / (width * height));
}

export function expectColour(actual: number[], expected: number[], within = 4): void {
  const distance = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? 0))));
  if (distance > within) throw new Error(`${actual.map(Math.round).join()} is not ${expected.join()}`);
}

export function concatenate(pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

export const limits = { quality: 90, maxBytes: 20 * 1024 * 1024 };
