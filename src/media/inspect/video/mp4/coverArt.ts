import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { boundedSource } from "../../bytes/boundedSource.ts";
import { startsWith } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { inspectionBudget } from "../../bytes/inspectionBudget.ts";
import { readMetaBoxes } from "./itemList.ts";

export interface CoverArt {
  offset: number;
  sizeBytes: number;
  mimeType: "image/jpeg" | "image/png";
}

const MAX_COVER_BYTES = 20 * 1024 * 1024;
const MAX_COVER_SEARCH_READ_BYTES = 4 * 1024 * 1024;

async function childBoxes(source: ByteSource, boxes: Box[], type: string): Promise<Box[]> {
  const box = findBox(boxes, type);
  return box === undefined ? [] : await readBoxes(source, box.start, box.end);
}

/** Detects the type from the first bytes: the type in the tag is often wrong. */
function detectMimeType(head: Uint8Array): CoverArt["mimeType"] | null {
  if (startsWith(head, "\x89PNG")) return "image/png";
  return head[0] === 0xff && head[1] === 0xd8 ? "image/jpeg" : null;
}

/**
 * Locates the first `covr` in `moov/udta/meta/ilst`; null unless it is a JPEG or PNG of at most 20 MB. Never throws.
 */
export async function findCoverArt(file: ByteSource): Promise<CoverArt | null> {
  const source = boundedSource(file, MAX_COVER_SEARCH_READ_BYTES, inspectionBudget());
  try {
    const movie = await childBoxes(source, await readBoxes(source, 0, source.sizeBytes), "moov");
    const meta = findBox(await childBoxes(source, movie, "udta"), "meta");
    const values = meta === undefined ? [] : await childBoxes(source, await readMetaBoxes(source, meta), "ilst");
    const data = findBox(await childBoxes(source, values, "covr"), "data");
    if (data === undefined) return null;
    // A `data` box starts with a 4-byte type and a 4-byte locale.
    const offset = data.start + 8;
    const sizeBytes = data.end - offset;
    const mimeType = detectMimeType(await source.read(offset, 8));
    return mimeType === null || sizeBytes > MAX_COVER_BYTES ? null : { offset, sizeBytes, mimeType };
  } catch {
    return null;
  }
}
