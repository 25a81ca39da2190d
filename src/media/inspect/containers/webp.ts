import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type ChunkFormat, findTrailingChunks } from "./trailingChunks.ts";
import { toExifBlock } from "../exif/exifBlock.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

const MAX_CHUNKS = 100;
/** After this many animation frames, only the end of the file is searched. */
const MAX_FRAMES = 16;
/** Some writers end the type with NUL. */
const xmpTypes = ["XMP ", "XMP\0"];
/** Flags of VP8X. */
const EXIF_OR_XMP_FLAGS = 0x0c;

const chunkFormat: ChunkFormat = {
  isMetadata: (bytes, at) => ["EXIF", ...xmpTypes].includes(asciiAt(bytes, at, 4)),
  sizeAt: (bytes, at) => paddedChunkBytes(viewOf(bytes).getUint32(at + 4, true)),
};

/** Reads the canvas or frame size of a WebP (VP8X, VP8, VP8L), and its EXIF, XMP and ICCP chunks (RFC 9649). */
export async function readWebp(source: ByteSource, content: ImageContent): Promise<void> {
  let at: number | null = 12;
  let frames = 0;
  let exifOrXmp = 0;
  for (let i = 0; i < MAX_CHUNKS && at !== null; i++) {
    const head = await source.read(at, 12);
    if (head.length < 8) return;
    const size = viewOf(head).getUint32(4, true);
    const type = asciiAt(head, 0, 4);
    await readChunk(type, at + 8, size, source, content);
    at += paddedChunkBytes(size);
    if (type === "VP8X") exifOrXmp = (head[8] ?? 0) & EXIF_OR_XMP_FLAGS;
    if (type === "ANMF" && exifOrXmp === 0) return;
    if (type === "ANMF" && ++frames === MAX_FRAMES) at = await findTrailingChunks(source, at, chunkFormat);
  }
}

function paddedChunkBytes(size: number): number {
  return 8 + size + (size % 2);
}

async function readChunk(
  type: string,
  at: number,
  size: number,
  source: ByteSource,
  content: ImageContent,
): Promise<void> {
  if (["EXIF", "ICCP", ...xmpTypes].includes(type) && size <= MAX_BLOCK_BYTES) {
    addBlock(type, (await source.read(at, size)).slice(), content);
  } else if (content.rawWidth === 0) {
    const body = await source.read(at, 10);
    const dimensions = frameDimensions(type, body);
    if (dimensions === null) return;
    [content.rawWidth, content.rawHeight] = dimensions;
  }
}

function addBlock(type: string, bytes: Uint8Array, content: ImageContent): void {
  if (xmpTypes.includes(type)) content.xmp.push(bytes);
  else if (type === "ICCP") content.icc = bytes;
  else content.exif.push(toExifBlock(bytes));
}

function frameDimensions(type: string, body: Uint8Array): [number, number] | null {
  const view = viewOf(body);
  if (type === "VP8X") {
    return [1 + (view.getUint32(4, true) & 0xffffff), 1 + (view.getUint32(6, true) >>> 8)];
  }
  if (type === "VP8L" && body[0] === 0x2f) {
    const bits = view.getUint32(1, true);
    return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
  }
  if (type === "VP8 " && asciiAt(body, 3, 3) === "\x9d\x01\x2a") {
    return [view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff];
  }
  return null;
}
