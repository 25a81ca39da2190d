/** Finds the cover that is embedded in a video. */
import { boundedSource } from "../bytes/boundedSource.ts";
import type { ByteRange, ByteSource } from "../bytes/byteSource.ts";
import { startsWith } from "../bytes/bytes.ts";
import { inspectionBudget } from "../bytes/inspectionBudget.ts";
import type { MediaFamily } from "../formats.ts";
import { sniff, SNIFF_BYTES } from "../sniff.ts";
import { findAttachedCover } from "./matroska/attachedCover.ts";
import { findMovieCover } from "./mp4/coverArt.ts";

export interface CoverArt {
  offset: number;
  sizeBytes: number;
  mimeType: "image/jpeg" | "image/png";
}

const MAX_COVER_BYTES = 20 * 1024 * 1024;
const MAX_COVER_SEARCH_READ_BYTES = 4 * 1024 * 1024;

const finders = new Map<MediaFamily | null, (source: ByteSource) => Promise<ByteRange | null>>([
  ["mp4", findMovieCover],
  ["heif", findMovieCover],
  // An MP4 may begin with any box.
  [null, findMovieCover],
  ["matroska", findAttachedCover],
]);

/** Detects the type from the first bytes: the type that the container states is often wrong. */
function detectMimeType(head: Uint8Array): CoverArt["mimeType"] | null {
  if (startsWith(head, "\x89PNG")) return "image/png";
  return head[0] === 0xff && head[1] === 0xd8 ? "image/jpeg" : null;
}

/** Locates the cover of an MP4 or Matroska file; null unless it is a JPEG or PNG of at most 20 MB. Never throws. */
export async function findCoverArt(file: ByteSource): Promise<CoverArt | null> {
  const source = boundedSource(file, MAX_COVER_SEARCH_READ_BYTES, inspectionBudget());
  try {
    const find = finders.get(sniff(await source.read(0, SNIFF_BYTES)));
    const range = find === undefined ? null : await find(source);
    if (range === null) return null;
    const mimeType = detectMimeType(await source.read(range.offset, 8));
    const { offset, length: sizeBytes } = range;
    return mimeType === null || sizeBytes > MAX_COVER_BYTES ? null : { offset, sizeBytes, mimeType };
  } catch {
    return null;
  }
}
