/** GIF: the size of the logical screen, and the extensions with a comment, an XMP packet or a colour profile. */
import { asciiAt, concatenated, decodeText, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

/** What tells of the picture mostly stands before its first frame: the frames of a long animation are not walked through. */
const walkedBytes = 128 * 1024;

const extensionMark = 0x21;
const imageMark = 0x2c;
const commentLabel = 0xfe;
const applicationLabel = 0xff;

/** "Created with GIMP": what programs leave there, and most comments are. */
const signature =
  /\b(?:created|made|edited|optimi[sz]ed|resized|cropped|generated|written|converted)\b.{0,20}\b(?:with|by|using|at|on)\b/i;

export async function readGif(source: ByteSource, content: StillContent): Promise<void> {
  const screen = viewOf(await source.read(6, 7));
  content.rawWidth = screen.getUint16(0, true);
  content.rawHeight = screen.getUint16(2, true);
  let at: number | null = 13 + colourTableBytes(screen.getUint8(4));
  while (at !== null && at < walkedBytes) {
    const [mark, label = 0] = await source.read(at, 2);
    if (mark === extensionMark) at = await readExtension(source, label, at + 2, content);
    else if (mark === imageMark) at = await endOfImage(source, at);
    else return;
  }
}

/** Bit 7: there is one; bits 0 to 2: how many times two its colours are doubled. */
function colourTableBytes(flags: number): number {
  return flags >= 0x80 ? 3 * 2 ** (1 + (flags & 7)) : 0;
}

async function readExtension(
  source: ByteSource,
  label: number,
  at: number,
  content: StillContent,
): Promise<number | null> {
  if (label === commentLabel) {
    const { bytes, end } = await subBlocks(source, at);
    const comment = decodeText(bytes);
    if (!signature.test(comment)) content.caption ??= comment;
    return end;
  }
  const head = await source.read(at, 12);
  const application = label === applicationLabel && head[0] === 11 ? asciiAt(head, 1, 11) : "";
  if (application === "XMP DataXMP") return readXmp(source, at + 12, content);
  if (application !== "ICCRGBG1012") return (await subBlocks(source, at)).end;
  const { bytes, end } = await subBlocks(source, at + 12);
  content.icc ??= bytes;
  return end;
}

/** The packet lies there as it is, and behind it 256 bytes that lead a reader of sub-blocks to its end wherever it came out. */
async function readXmp(source: ByteSource, at: number, content: StillContent): Promise<number | null> {
  const { end } = await subBlocks(source, at);
  const trailerBytes = 258;
  if (end !== null && end - at > trailerBytes && end - at <= longestBlockBytes) {
    content.xmp.push((await source.read(at, end - at - trailerBytes)).slice());
  }
  return end;
}

/** What the chain of pieces holds, and where it ends: null where the file does first, or it is too long to be wanted. */
async function subBlocks(source: ByteSource, start: number): Promise<{ bytes: Uint8Array; end: number | null }> {
  const parts: Uint8Array[] = [];
  for (let at = start; at < start + longestBlockBytes;) {
    const [length] = await source.read(at, 1);
    if (length === undefined) break;
    if (length === 0) return { bytes: concatenated(parts), end: at + 1 };
    parts.push(await source.read(at + 1, length));
    at += 1 + length;
  }
  return { bytes: concatenated(parts), end: null };
}

/** Over a frame: its place, its colours, the code size and the data. */
async function endOfImage(source: ByteSource, start: number): Promise<number | null> {
  const head = await source.read(start, 10);
  let at = start + 10 + colourTableBytes(head[9] ?? 0) + 1;
  while (at < walkedBytes) {
    const [length] = await source.read(at, 1);
    if (length === undefined) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
  return null;
}
