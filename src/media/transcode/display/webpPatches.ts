/** Makes the orientation of a WebP explicit for renderers, and removes its metadata. */
import { asciiAt, concat, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { orientationTiff } from "../jpeg/jpegSegments.ts";
import { type BytePatch, insertion, removal, replacement } from "./bytePatches.ts";
import type { DisplayInfo } from "../../inspect/imageInfo.ts";

/** The number of chunks that the metadata reader visits. */
const MAX_CHUNKS = 100;
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** Flags of VP8X (RFC 9649 §2.7.1). */
const flags = { xmp: 0x04, exif: 0x08, alpha: 0x10 } as const;
const removedChunks = ["EXIF", "XMP ", "XMP\0"];

interface Chunk {
  type: string;
  at: number;
  /** With header and padding. */
  sizeBytes: number;
}

async function readChunks(source: ByteSource, end: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= end && chunks.length < MAX_CHUNKS;) {
    const head = await source.read(at, CHUNK_HEADER_BYTES);
    if (head.length < CHUNK_HEADER_BYTES) break;
    const size = viewOf(head).getUint32(4, true);
    const sizeBytes = CHUNK_HEADER_BYTES + size + (size % 2);
    chunks.push({ type: asciiAt(head, 0, 4), at, sizeBytes });
    at += sizeBytes;
  }
  return chunks;
}

/** `content` has an even length. */
function createChunk(type: string, content: Uint8Array): Uint8Array {
  const header = new Uint8Array(CHUNK_HEADER_BYTES);
  header.set(new TextEncoder().encode(type));
  viewOf(header).setUint32(4, content.length, true);
  return concat([header, content]);
}

/** Canvas sides are stored minus one, in 24 bits. */
function extendedHeader(width: number, height: number): Uint8Array {
  const content = new Uint8Array(10);
  content[0] = flags.exif | flags.alpha;
  const view = viewOf(content);
  view.setUint16(4, (width - 1) & 0xffff, true);
  content[6] = (width - 1) >> 16;
  view.setUint16(7, (height - 1) & 0xffff, true);
  content[9] = (height - 1) >> 16;
  return createChunk("VP8X", content);
}

async function headerPatch(source: ByteSource, first: Chunk, turned: boolean, facts: DisplayInfo) {
  if (first.type === "VP8X") {
    const [flagByte = 0] = await source.read(first.at + CHUNK_HEADER_BYTES, 1);
    const cleared = flagByte & ~(flags.exif | flags.xmp);
    return replacement(first.at + CHUNK_HEADER_BYTES, Uint8Array.of(turned ? cleared | flags.exif : cleared));
  }
  const { rawWidth, rawHeight } = facts;
  if (!turned || rawWidth === null || rawHeight === null) return null;
  return insertion(first.at, extendedHeader(rawWidth, rawHeight));
}

/**
 * Replaces all EXIF by one chunk with the orientation that the metadata reader found, and the flag that announces it.
 */
export async function webpPatches(source: ByteSource, facts: DisplayInfo): Promise<BytePatch[]> {
  const head = await source.read(0, RIFF_HEADER_BYTES);
  const end = Math.min(CHUNK_HEADER_BYTES + viewOf(head).getUint32(4, true), source.sizeBytes);
  const chunks = await readChunks(source, source.sizeBytes);
  const [first, last] = [chunks[0], chunks.at(-1)];
  // Unvisited chunks could have EXIF that precedes ours.
  if (first === undefined || last === undefined || chunks.length === MAX_CHUNKS) return [];
  const orientation = facts.orientation ?? 1;
  const header = await headerPatch(source, first, orientation > 1, facts);
  const patches = chunks
    .filter(({ type }) => removedChunks.includes(type))
    .map(({ at, sizeBytes }) => removal(at, sizeBytes));
  if (header !== null) patches.push(header);
  const endAt = Math.max(end, Math.min(last.at + last.sizeBytes, source.sizeBytes));
  if (orientation > 1) patches.push(insertion(endAt, createChunk("EXIF", orientationTiff(orientation))));
  const growth = patches.reduce((sum, { bytes, length }) => sum + bytes.length - length, 0);
  const size = new Uint8Array(4);
  viewOf(size).setUint32(0, endAt - CHUNK_HEADER_BYTES + growth, true);
  return [...patches, replacement(4, size)];
}
