/** The largest JPEG that a RAW file carries of its picture, as the camera developed it. Reads heads only, never the whole. */
import { boundedSource, section } from "../../inspect/bytes/boundedSource.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { cr3Previews, rafPreviews } from "./bmffPreviews.ts";
import { readJpegFrame, type JpegFrame } from "./jpegFrame.ts";
import { scannedPreviews, tiffPreviews } from "./tiffPreviews.ts";

/** Where bytes lie in a file. */
export interface Stretch {
  offset: number;
  length: number;
}

export interface EmbeddedJpeg extends Stretch, JpegFrame {}

/** Directories and the heads of a few JPEGs. */
const budgetBytes = 4 * 1024 * 1024;
/** Smaller than this is a camera's thumbnail, and reason to look further. */
const smallestEdge = 640;

async function largestOf(source: ByteSource, stretches: Stretch[], maxBytes: number): Promise<EmbeddedJpeg | null> {
  let largest: EmbeddedJpeg | null = null;
  for (const { offset, length } of stretches) {
    const isWithin = length > 0 && length <= maxBytes && offset + length <= source.sizeBytes;
    const frame = isWithin ? await readJpegFrame(section(source, offset, length)) : null;
    if (frame === null || !frame.isDisplayable) continue;
    if (largest === null || frame.width * frame.height > largest.width * largest.height) {
      largest = { offset, length, ...frame };
    }
  }
  return largest;
}

function previewsIn(source: ByteSource, family: MediaFamily): Promise<Stretch[]> {
  if (family === "tiff") return tiffPreviews(source);
  if (family === "raf") return rafPreviews(source);
  return family === "cr3" ? cr3Previews(source) : Promise.resolve([]);
}

/** Of at most `maxBytes`; null where there is none. */
export async function findEmbeddedJpeg(
  file: ByteSource,
  family: MediaFamily,
  maxBytes: number,
): Promise<EmbeddedJpeg | null> {
  const source = boundedSource(file, budgetBytes);
  const named = await largestOf(source, await previewsIn(source, family), maxBytes);
  if (family !== "tiff" || (named !== null && Math.max(named.width, named.height) >= smallestEdge)) return named;
  const scanned = await largestOf(source, await scannedPreviews(file), maxBytes);
  const isLarger = scanned !== null && (named === null || scanned.width * scanned.height > named.width * named.height);
  return isLarger ? scanned : named;
}
