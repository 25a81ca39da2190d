/** Makes the orientation of a PNG explicit for renderers, and removes its metadata. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { orientationTiff } from "../jpeg/jpegSegments.ts";
import { createChunk } from "../rewrite/pngRewrite.ts";
import { type BytePatch, insertion, removal } from "./bytePatches.ts";
import type { DisplayInfo } from "../../inspect/imageInfo.ts";

/** The number of chunks that the metadata reader visits. */
const MAX_CHUNKS = 160;
/** Signature and IHDR. */
const HEADER_BYTES = 33;
const removedChunks = ["eXIf", "tEXt", "zTXt", "iTXt"];

/**
 * Replaces all EXIF by one chunk after the header with the orientation that the metadata reader found. Decoders ignore
 * EXIF that follows it.
 */
export async function pngPatches(source: ByteSource, facts: DisplayInfo): Promise<BytePatch[]> {
  const orientation = facts.orientation ?? 1;
  const chunk = createChunk("eXIf", orientationTiff(orientation));
  const patches = orientation > 1 ? [insertion(HEADER_BYTES, chunk)] : [];
  for (let at = HEADER_BYTES, i = 0; i < MAX_CHUNKS; i++) {
    const head = await source.read(at, 8);
    if (head.length < 8) break;
    const chunkBytes = 12 + viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (type === "IEND") break;
    if (removedChunks.includes(type)) patches.push(removal(at, chunkBytes));
    at += chunkBytes;
  }
  return patches;
}
