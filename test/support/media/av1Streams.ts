/** Reads the streams of test/fixtures/av1/ and compares decoded frames. */
import type { Av1Frame } from "../../../src/media/transcode/av1/decodeAv1Frame.ts";
import type { Plane } from "../../../src/media/transcode/heif/planes.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import streams from "../../fixtures/av1/streams.json";

/** Format, size and SHA-256 of the planes that ffmpeg decodes, by name. */
export const av1Streams: Map<string, { format: string; size: string; sha256: string }> = new Map(
  Object.entries(streams),
);

export async function av1Stream(name: string): Promise<Uint8Array> {
  return await sampleBytes(`test/fixtures/av1/${name}.obu`);
}

function rowsOf({ bytes, strideBytes }: Plane, rowBytes: number, height: number): Uint8Array[] {
  return Array.from({ length: height }, (_, y) => bytes.subarray(y * strideBytes, y * strideBytes + rowBytes));
}

/** Digest of the planes without the padding of their rows, as ffmpeg writes them. */
export async function planesDigest({ width, height, bits, luma, chroma }: Av1Frame): Promise<string> {
  const sampleSize = bits > 8 ? 2 : 1;
  const rows = rowsOf(luma, width * sampleSize, height);
  if (chroma !== null) {
    const { blue, red, xShift, yShift } = chroma;
    const [chromaWidth, chromaHeight] = [Math.ceil(width / 2 ** xShift), Math.ceil(height / 2 ** yShift)];
    for (const plane of [blue, red]) rows.push(...rowsOf(plane, chromaWidth * sampleSize, chromaHeight));
  }
  const bytes = await new Blob(rows).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
