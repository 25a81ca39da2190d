/** Decodes the pictures of test/fixtures/stills/ and what they are compared with. */
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import type { EncodedJpeg, JpegLimits } from "../../../src/media/transcode/jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodeScaled } from "../../../src/media/transcode/scaled/decodeScaled.ts";
import type { OpenRowSink } from "../../../src/media/transcode/scaled/rowSink.ts";
import { scaledRows } from "../../../src/media/transcode/scaled/scaledRows.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { limits } from "./renderedImage.ts";

/** More than any picture's longest edge, or that of a preview. */
const EDGE_PX = 1440;

export type DecodeToJpeg = (file: Uint8Array, limits: JpegLimits, openSink?: OpenRowSink) => Promise<EncodedJpeg>;

export async function stillBytes(name: string): Promise<Uint8Array> {
  return await sampleBytes(`test/fixtures/stills/${name}`);
}

export async function decodedStill(name: string, decode: DecodeToJpeg): Promise<RgbaImage> {
  return await decodedBytes(await stillBytes(name), decode);
}

/** The upright sRGB image that a decoder makes beside its JPEG. */
export async function decodedBytes(file: Uint8Array, decode: DecodeToJpeg): Promise<RgbaImage> {
  const rows = scaledRows(EDGE_PX);
  await decode(file, limits, rows.openSink);
  const result = rows.finish();
  if (result.kind !== "image") throw new Error(result.reason);
  return result.image;
}

/** The JPEG that the pictures were made from. */
export async function referenceStill(): Promise<RgbaImage> {
  const result = await decodeScaled(memorySource(await stillBytes("reference.jpg")), "jpeg", EDGE_PX);
  if (result.kind !== "image") throw new Error(result.reason);
  return result.image;
}

/** Makes an image of which `colourAt` gives each pixel of another image. */
export function mapPixels(
  image: RgbaImage,
  { width, height }: { width: number; height: number },
  sourceOf: (x: number, y: number) => readonly [x: number, y: number] | null,
): RgbaImage {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const source = sourceOf(x, y);
      if (source === null) continue;
      const from = (source[1] * image.width + source[0]) * 4;
      rgba.set(image.rgba.subarray(from, from + 4), (y * width + x) * 4);
    }
  return { width, height, rgba };
}

/** The middle of an image. */
export function cropped(image: RgbaImage, width: number, height: number): RgbaImage {
  const [left, top] = [(image.width - width) >> 1, (image.height - height) >> 1];
  return mapPixels(image, { width, height }, (x, y) => [left + x, top + y]);
}

export function greyOf(image: RgbaImage): RgbaImage {
  const rgba = image.rgba.slice();
  for (let at = 0; at < rgba.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(at, at + 3);
    rgba.fill(Math.round(0.299 * red + 0.587 * green + 0.114 * blue), at, at + 3);
  }
  return { ...image, rgba };
}

/** Mean difference of the colours, 0 to 255. */
export function meanDifference(a: RgbaImage, b: RgbaImage): number {
  return a.rgba.reduce((sum, value, i) => sum + Math.abs(value - (b.rgba[i] ?? 0)), 0) / a.rgba.length;
}
