/** WebP: the canvas of VP8X, or the frame of VP8 and VP8L, and the chunks EXIF, XMP and ICCP around it. */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type ChunkForm, chunksAtEnd } from "./trailingChunks.ts";
import { exifBlock } from "../exif/exifBlock.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

const mostChunks = 100;
/** Frames of an animation; behind so many of them only the end of the file is looked at. */
const mostFrames = 16;
/** Some writers end the name with a NUL. */
const xmpTypes = ["XMP ", "XMP\0"];
/** The bits of VP8X that announce them. */
const exifOrXmpFlags = 0x0c;

const form: ChunkForm = {
  isWanted: (bytes, at) => ["EXIF", ...xmpTypes].includes(asciiAt(bytes, at, 4)),
  sizeAt: (bytes, at) => chunkBytes(viewOf(bytes).getUint32(at + 4, true)),
};

export async function readWebp(source: ByteSource, content: StillContent): Promise<void> {
  let at: number | null = 12;
  let frames = 0;
  let announced = 0;
  for (let i = 0; i < mostChunks && at !== null; i++) {
    const head = await source.read(at, 12);
    if (head.length < 8) return;
    const size = viewOf(head).getUint32(4, true);
    const type = asciiAt(head, 0, 4);
    await readChunk(type, at + 8, size, source, content);
    at += chunkBytes(size);
    if (type === "VP8X") announced = (head[8] ?? 0) & exifOrXmpFlags;
    if (type === "ANMF" && announced === 0) return;
    if (type === "ANMF" && ++frames === mostFrames) at = await chunksAtEnd(source, at, form);
  }
}

function chunkBytes(size: number): number {
  return 8 + size + (size % 2);
}

async function readChunk(
  type: string,
  at: number,
  size: number,
  source: ByteSource,
  content: StillContent,
): Promise<void> {
  if (["EXIF", "ICCP", ...xmpTypes].includes(type) && size <= longestBlockBytes) {
    keepBlock(type, (await source.read(at, size)).slice(), content);
  } else if (content.rawWidth === 0) {
    const body = await source.read(at, 10);
    const dimensions = dimensionsIn(type, body);
    if (dimensions === null) return;
    [content.rawWidth, content.rawHeight] = dimensions;
  }
}

function keepBlock(type: string, bytes: Uint8Array, content: StillContent): void {
  if (xmpTypes.includes(type)) content.xmp.push(bytes);
  else if (type === "ICCP") content.icc = bytes;
  else content.tiff.push(exifBlock(bytes));
}

function dimensionsIn(type: string, body: Uint8Array): [number, number] | null {
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
