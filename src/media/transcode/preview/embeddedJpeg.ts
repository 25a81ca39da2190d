/** Finds the largest JPEG preview in a RAW file, reading only headers. */
import { boundedSource, subSource } from "../../inspect/bytes/boundedSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import type { ByteRange, ByteSource } from "../../inspect/bytes/byteSource.ts";
import { ciffJpegs } from "../../inspect/tiff/ciff.ts";
import { x3fJpegs } from "../../inspect/tiff/x3f.ts";
import { cr3Previews, rafPreviews } from "./bmffPreviews.ts";
import { readJpegFrame, type JpegFrame } from "./jpegFrame.ts";
import { scannedPreviews, tiffPreviews } from "./tiffPreviews.ts";

export interface EmbeddedJpeg extends ByteRange, JpegFrame {}

/** Covers directories and the headers of a few JPEGs. */
const BUDGET_BYTES = 4 * 1024 * 1024;
/** Smaller previews are camera thumbnails: the search continues. */
const MIN_PREVIEW_EDGE_PX = 640;

/** Formats whose makers refer to the JPEG only in their notes. */
const scannedFamilies: readonly MediaFamily[] = ["tiff", "mrw"];

async function findLargest(source: ByteSource, ranges: ByteRange[], maxBytes: number): Promise<EmbeddedJpeg | null> {
  let largest: EmbeddedJpeg | null = null;
  for (const { offset, length } of ranges) {
    const isWithin = length > 0 && length <= maxBytes && offset + length <= source.sizeBytes;
    const frame = isWithin ? await readJpegFrame(subSource(source, offset, length)) : null;
    if (frame === null || !frame.isDisplayable) continue;
    if (largest === null || frame.width * frame.height > largest.width * largest.height) {
      largest = { offset, length, ...frame };
    }
  }
  return largest;
}

function namedPreviews(source: ByteSource, family: MediaFamily): Promise<ByteRange[]> {
  if (family === "tiff") return tiffPreviews(source);
  if (family === "raf") return rafPreviews(source);
  if (family === "ciff") return ciffJpegs(source);
  if (family === "x3f") return x3fJpegs(source);
  return family === "cr3" ? cr3Previews(source) : Promise.resolve([]);
}

/** Returns the largest JPEG of at most `maxBytes`, or null. */
export async function findEmbeddedJpeg(
  file: ByteSource,
  family: MediaFamily,
  maxBytes: number,
): Promise<EmbeddedJpeg | null> {
  const source = boundedSource(file, BUDGET_BYTES, inspectionBudget());
  const named = await findLargest(source, await namedPreviews(source, family), maxBytes);
  if (
    !scannedFamilies.includes(family) ||
    (named !== null && Math.max(named.width, named.height) >= MIN_PREVIEW_EDGE_PX)
  )
    return named;
  const scanned = await findLargest(source, await scannedPreviews(file), maxBytes);
  const isLarger = scanned !== null && (named === null || scanned.width * scanned.height > named.width * named.height);
  return isLarger ? scanned : named;
}
