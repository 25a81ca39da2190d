/** The cover picture that an MP4, M4V or MOV carries in its tags: where it lies, not what is on it. */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { startsWith, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface CoverArt {
  offset: number;
  sizeBytes: number;
  mimeType: "image/jpeg" | "image/png";
}

const longestCoverBytes = 20 * 1024 * 1024;

async function inside(source: ByteSource, boxes: Box[], type: string, skip = 0): Promise<Box[]> {
  const box = findBox(boxes, type);
  return box === undefined ? [] : await boxesIn(source, box.start + skip, box.end);
}

/** MP4's `meta` has version and flags, which are zero, in front of its boxes; QuickTime's has not. */
async function metaBoxes(source: ByteSource, udta: Box[]): Promise<Box[]> {
  const meta = findBox(udta, "meta");
  if (meta === undefined) return [];
  const head = await source.read(meta.start, 4);
  const isFull = head.length === 4 && viewOf(head).getUint32(0) === 0;
  return await boxesIn(source, meta.start + (isFull ? 4 : 0), meta.end);
}

/** By its own first bytes: what the tag says of its type is often wrong. */
function typeOf(head: Uint8Array): CoverArt["mimeType"] | null {
  if (startsWith(head, "\x89PNG")) return "image/png";
  return head[0] === 0xff && head[1] === 0xd8 ? "image/jpeg" : null;
}

/** The first `covr` of `moov/udta/meta/ilst`; null where there is none that is a JPEG or PNG. Never throws. */
export async function findCoverArt(source: ByteSource): Promise<CoverArt | null> {
  try {
    const movie = await inside(source, await boxesIn(source, 0, source.sizeBytes), "moov");
    const values = await inside(source, await metaBoxes(source, await inside(source, movie, "udta")), "ilst");
    const data = findBox(await inside(source, values, "covr"), "data");
    if (data === undefined) return null;
    // Type and locale, four bytes each, stand before the picture.
    const offset = data.start + 8;
    const sizeBytes = data.end - offset;
    const mimeType = typeOf(await source.read(offset, 8));
    return mimeType === null || sizeBytes > longestCoverBytes ? null : { offset, sizeBytes, mimeType };
  } catch {
    return null;
  }
}
