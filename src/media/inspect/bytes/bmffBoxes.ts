/** Locates the boxes of an ISO base media file (ISO/IEC 14496-12): HEIF, CR3, JPEG XL, MP4. */
import { asciiAt, viewOf } from "./bytes.ts";
import type { ByteSource } from "./byteSource.ts";

export interface Box {
  type: string;
  /** Offsets of the content in the source. */
  start: number;
  end: number;
}

/** Fragmented videos have thousands of top-level boxes; the boxes with metadata come first. */
const MAX_BOXES = 256;

/** Reads the headers of the boxes from `start` to `end`, at most `maxCount`; stops at an invalid size. */
export async function readBoxes(source: ByteSource, start: number, end: number, maxCount = MAX_BOXES): Promise<Box[]> {
  const boxes: Box[] = [];
  const limit = Math.min(end, source.sizeBytes);
  let at = start;
  while (at + 8 <= limit && boxes.length < maxCount) {
    const head = await source.read(at, 16);
    if (head.length < 8) break;
    const size = boxSize(head, limit - at);
    const headBytes = viewOf(head).getUint32(0) === 1 ? 16 : 8;
    if (size < headBytes) break;
    boxes.push({ type: asciiAt(head, 4, 4), start: at + headBytes, end: Math.min(at + size, limit) });
    at += size;
  }
  return boxes;
}

/** Reads the content of a box, at most `maxBytes` of it. */
export function readBoxContent(source: ByteSource, { start, end }: Box, maxBytes: number): Promise<Uint8Array> {
  return source.read(start, Math.min(end - start, maxBytes));
}

export function findBox(boxes: Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

/** Size 0 means to the end of the parent, 1 that a 64-bit size follows. */
function boxSize(head: Uint8Array, remaining: number): number {
  const view = viewOf(head);
  const size = view.getUint32(0);
  if (size === 0) return remaining;
  if (size !== 1) return size;
  return head.length < 16 ? 0 : view.getUint32(8) * 2 ** 32 + view.getUint32(12);
}
