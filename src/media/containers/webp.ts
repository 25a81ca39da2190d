/** WebP: the canvas of VP8X, or the frame of VP8 and VP8L, and the chunks EXIF, XMP and ICCP around it. */
import { asciiAt, startsWith, viewOf } from "../bytes.ts";
import { type ByteSource, memorySource } from "../source.ts";
import { type StillContent, longestBlockBytes } from "./stillContent.ts";

/** An animation has a chunk per frame, and its metadata after them. */
const mostChunks = 300;

export async function readWebp(source: ByteSource, content: StillContent): Promise<void> {
  let at = 12;
  for (let i = 0; i < mostChunks; i++) {
    const head = await source.read(at, 8);
    if (head.length < 8) return;
    const size = viewOf(head).getUint32(4, true);
    await readChunk(asciiAt(head, 0, 4), at + 8, size, source, content);
    at += 8 + size + (size % 2);
  }
}

async function readChunk(
  type: string,
  at: number,
  size: number,
  source: ByteSource,
  content: StillContent,
): Promise<void> {
  if (["EXIF", "XMP ", "ICCP"].includes(type) && size <= longestBlockBytes) {
    keepBlock(type, (await source.read(at, size)).slice(), content);
  } else if (content.rawWidth === 0) {
    const body = await source.read(at, 10);
    const dimensions = dimensionsIn(type, body);
    if (dimensions === null) return;
    [content.rawWidth, content.rawHeight] = dimensions;
  }
}

function keepBlock(type: string, bytes: Uint8Array, content: StillContent): void {
  if (type === "XMP ") content.xmp.push(bytes);
  else if (type === "ICCP") content.icc = bytes;
  else {
    // Some writers copy the JPEG segment with its name in front.
    const tiff = startsWith(bytes, "Exif\0\0") ? bytes.subarray(6) : bytes;
    content.tiff.push({ source: memorySource(tiff), firstDirectory: "image" });
  }
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
