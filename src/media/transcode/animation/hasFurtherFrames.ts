import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../inspect/formats.ts";

/** Chunks before the pixels of a PNG. */
const MAX_PNG_CHUNKS = 100;
/** Blocks before the second frame of a GIF. */
const MAX_GIF_BLOCKS = 100;
/** A frame of one colour takes some KB. What follows longer data is not searched: it may need another read. */
const MAX_SEARCH_BYTES = 64 * 1024;
const WEBP_ANIMATION_FLAG = 0x02;

/** Whether a chunk acTL precedes the pixels; PNG 3 §11.3.6.1. */
async function isAnimatedPng(source: ByteSource): Promise<boolean> {
  for (let count = 0, at = 8; count < MAX_PNG_CHUNKS && at < MAX_SEARCH_BYTES; count++) {
    const head = await source.read(at, 16);
    const type = asciiAt(head, 4, 4);
    if (head.length < 16 || type === "IDAT") return false;
    if (type === "acTL") return viewOf(head).getUint32(8) > 1;
    at += 12 + viewOf(head).getUint32(0);
  }
  return false;
}

function colourTableBytes(flags: number): number {
  return flags >= 0x80 ? 3 * 2 ** (1 + (flags & 7)) : 0;
}

/** Offset after a chain of sub-blocks; null if it is longer than the search. */
async function endOfSubBlocks(source: ByteSource, start: number): Promise<number | null> {
  for (let at = start; at < MAX_SEARCH_BYTES;) {
    const [length] = await source.read(at, 1);
    if (length === undefined) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
  return null;
}

async function isAnimatedGif(source: ByteSource): Promise<boolean> {
  const [flags = 0] = await source.read(10, 1);
  let at: number | null = 13 + colourTableBytes(flags);
  let frames = 0;
  for (let count = 0; count < MAX_GIF_BLOCKS && at !== null && at < MAX_SEARCH_BYTES; count++) {
    const head = await source.read(at, 10);
    if (head[0] === 0x21) at = await endOfSubBlocks(source, at + 2);
    else if (head[0] === 0x2c) {
      if (++frames === 2) return true;
      at = await endOfSubBlocks(source, at + 11 + colourTableBytes(head[9] ?? 0));
    } else return false;
  }
  return false;
}

/**
 * Whether an image has frames after a first one that may be blank: a GIF whose first frame takes more than 64 KB isn't.
 * Reads the first bytes only.
 */
export async function hasFurtherFrames(source: ByteSource, family: MediaFamily): Promise<boolean> {
  if (family === "webp") {
    const head = await source.read(12, 9);
    return asciiAt(head, 0, 4) === "VP8X" && ((head[8] ?? 0) & WEBP_ANIMATION_FLAG) !== 0;
  }
  if (family === "png") return await isAnimatedPng(source);
  return family === "gif" && (await isAnimatedGif(source));
}
