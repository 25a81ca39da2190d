import { asciiAt, concat, decodeText, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

/** Metadata usually precedes the first frame, so a long animation is scanned only to here. */
const MAX_SCANNED_BYTES = 128 * 1024;

const EXTENSION_INTRODUCER = 0x21;
const IMAGE_SEPARATOR = 0x2c;
const COMMENT_LABEL = 0xfe;
const APPLICATION_LABEL = 0xff;

/** Matches "Created with GIMP" and similar: most GIF comments are the name of a program. */
const PROGRAM_SIGNATURE =
  /\b(?:created|made|edited|optimi[sz]ed|resized|cropped|generated|written|converted)\b.{0,20}\b(?:with|by|using|at|on)\b/i;

/**
 * Reads the size of a GIF (GIF89a), its comment, XMP packet and ICC profile. As in browsers, a logical screen that is
 * smaller than the first frame, or 0 × 0, grows to it.
 */
export async function readGif(source: ByteSource, content: ImageContent): Promise<void> {
  const screen = viewOf(await source.read(6, 7));
  content.rawWidth = screen.getUint16(0, true);
  content.rawHeight = screen.getUint16(2, true);
  let at: number | null = 13 + colourTableBytes(screen.getUint8(4));
  let hasFrame = false;
  while (at !== null && at < MAX_SCANNED_BYTES) {
    const [introducer, label = 0] = await source.read(at, 2);
    if (introducer === EXTENSION_INTRODUCER) at = await readExtension(source, label, at + 2, content);
    else if (introducer === IMAGE_SEPARATOR) {
      if (!hasFrame) growToFrame(viewOf(await source.read(at, 10)), content);
      hasFrame = true;
      at = await endOfImage(source, at);
    } else return;
  }
}

/** The descriptor of a frame: separator, left, top, width, height, flags. */
function growToFrame(descriptor: DataView, content: ImageContent): void {
  const field = (offset: number) => descriptor.getUint16(offset, true);
  content.rawWidth = Math.max(content.rawWidth, field(1) + field(5));
  content.rawHeight = Math.max(content.rawHeight, field(3) + field(7));
}

/** Bit 7 is the presence of a table, bits 0 to 2 its size: 2^(n+1) colours. */
function colourTableBytes(flags: number): number {
  return flags >= 0x80 ? 3 * 2 ** (1 + (flags & 7)) : 0;
}

async function readExtension(
  source: ByteSource,
  label: number,
  at: number,
  content: ImageContent,
): Promise<number | null> {
  if (label === COMMENT_LABEL) {
    const { bytes, end } = await readSubBlocks(source, at);
    const comment = decodeText(bytes);
    if (!PROGRAM_SIGNATURE.test(comment)) content.caption ??= comment;
    return end;
  }
  const head = await source.read(at, 12);
  const application = label === APPLICATION_LABEL && head[0] === 11 ? asciiAt(head, 1, 11) : "";
  if (application === "XMP DataXMP") return readXmp(source, at + 12, content);
  if (application !== "ICCRGBG1012") return (await readSubBlocks(source, at)).end;
  const { bytes, end } = await readSubBlocks(source, at + 12);
  content.icc ??= bytes;
  return end;
}

/**
 * The packet is stored without sub-blocks; a "magic trailer" of 258 bytes leads readers of sub-blocks to its end (XMP
 * part 3).
 */
async function readXmp(source: ByteSource, at: number, content: ImageContent): Promise<number | null> {
  const { end } = await readSubBlocks(source, at);
  const trailerBytes = 258;
  if (end !== null && end - at > trailerBytes && end - at <= MAX_BLOCK_BYTES) {
    content.xmp.push((await source.read(at, end - at - trailerBytes)).slice());
  }
  return end;
}

/** Joins a chain of sub-blocks. `end` is null if the file ends first or the chain is too long. */
async function readSubBlocks(source: ByteSource, start: number): Promise<{ bytes: Uint8Array; end: number | null }> {
  const parts: Uint8Array[] = [];
  for (let at = start; at < start + MAX_BLOCK_BYTES;) {
    const [length] = await source.read(at, 1);
    if (length === undefined) break;
    if (length === 0) return { bytes: concat(parts), end: at + 1 };
    parts.push(await source.read(at + 1, length));
    at += 1 + length;
  }
  return { bytes: concat(parts), end: null };
}

/** Skips a frame: image descriptor, local colour table, LZW code size and data. */
async function endOfImage(source: ByteSource, start: number): Promise<number | null> {
  const head = await source.read(start, 10);
  let at = start + 10 + colourTableBytes(head[9] ?? 0) + 1;
  while (at < MAX_SCANNED_BYTES) {
    const [length] = await source.read(at, 1);
    if (length === undefined) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
  return null;
}
