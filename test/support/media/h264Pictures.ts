/** Reads the streams of test/fixtures/h264/ and compares decoded pictures. */
import type { H264Picture, H264Result } from "../../../src/media/transcode/h264/decodeKeyFrame.ts";
import { decodeKeyFrame } from "../../../src/media/transcode/h264/decodeKeyFrame.ts";
import { annexBUnits } from "../../../src/media/transcode/h264/nalUnits.ts";
import type { Plane } from "../../../src/media/transcode/heif/planes.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import digests from "../../fixtures/h264/streams.json";

/** SHA-256 of the samples that ffmpeg decodes, by name. */
export const streamDigests: Map<string, string> = new Map(Object.entries(digests));

export async function streamBytes(name: string): Promise<Uint8Array> {
  return await sampleBytes(`test/fixtures/h264/${name}.h264`);
}

export async function streamUnits(name: string): Promise<Uint8Array[]> {
  return annexBUnits(await streamBytes(name));
}

export async function decodedPicture(units: readonly Uint8Array[]): Promise<H264Picture> {
  const result = await decodeKeyFrame(units);
  if (result.kind !== "picture") throw new Error(result.reason);
  return result.picture;
}

export function reasonOf(result: H264Result): string {
  if (result.kind === "picture") throw new Error("the stream was decoded");
  return result.reason;
}

function copyRows(
  { bytes, strideBytes }: Plane,
  width: number,
  height: number,
  target: Uint8Array,
  at: number,
): number {
  for (let y = 0; y < height; y++) target.set(bytes.subarray(y * strideBytes, y * strideBytes + width), at + y * width);
  return at + width * height;
}

/** The shown samples: luma, Cb and Cr, as ffmpeg writes them; chroma of grey pictures is 128. */
export function samplesOf({ planes }: H264Picture): Uint8Array {
  const { width, height, luma, chroma } = planes;
  const [chromaWidth, chromaHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const samples = new Uint8Array(width * height + 2 * chromaWidth * chromaHeight).fill(128);
  let at = copyRows(luma, width, height, samples, 0);
  if (chroma === null) return samples;
  at = copyRows(chroma.blue, chromaWidth, chromaHeight, samples, at);
  copyRows(chroma.red, chromaWidth, chromaHeight, samples, at);
  return samples;
}

export async function digestOf(picture: H264Picture): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", samplesOf(picture))).toHex();
}
