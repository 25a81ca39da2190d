/** The boxes of an ISO base media file (HEIF, CR3, JPEG XL, MP4): where they are, not what is in them. */
import { asciiAt, viewOf } from "./bytes.ts";
import type { ByteSource } from "./byteSource.ts";

export interface Box {
  type: string;
  /** Where the content begins and ends in the source. */
  start: number;
  end: number;
}

/** Fragmented videos have thousands of boxes at the top; what metadata needs comes first. */
const mostBoxes = 256;

/** The boxes from `start` to `end`, as far as they make sense, and no more than `most`. */
export async function boxesIn(source: ByteSource, start: number, end: number, most = mostBoxes): Promise<Box[]> {
  const boxes: Box[] = [];
  const limit = Math.min(end, source.sizeBytes);
  let at = start;
  while (at + 8 <= limit && boxes.length < most) {
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

export function findBox(boxes: Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

/** Size 0 means "to the end", 1 means that the size follows in 64 bits. */
function boxSize(head: Uint8Array, rest: number): number {
  const view = viewOf(head);
  const size = view.getUint32(0);
  if (size === 0) return rest;
  if (size !== 1) return size;
  return head.length < 16 ? 0 : view.getUint32(8) * 2 ** 32 + view.getUint32(12);
}
