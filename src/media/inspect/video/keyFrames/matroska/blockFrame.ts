/** Finds the first frame of a block; RFC 9559 §10.3 (lacing). */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { parseVariableInteger } from "../../matroska/ebml.ts";
import { type BlockHead, BLOCK_HEAD_BYTES, parseBlockHead } from "../../matroska/matroskaBlocks.ts";

/** Sizes of the frames of a lace: up to 255, each of up to eight bytes. */
const MAX_LACE_BYTES = 2048;

const lacings = { xiph: 1, fixed: 2, ebml: 3 } as const;

function lacingOf({ flags }: BlockHead): number {
  return (flags >> 1) & 3;
}

interface FirstFrame {
  /** Bytes in front of the first frame. */
  head: number;
  sizeBytes: number;
}

/** Each size is the sum of bytes up to the first that isn't 255. */
function xiphFrame(lace: Uint8Array, frames: number): FirstFrame | null {
  let [at, first] = [1, 0];
  for (let frame = 0; frame < frames - 1; frame++) {
    let byte = 255;
    while (byte === 255 && at < lace.length) {
      byte = lace[at++] ?? 0;
      if (frame === 0) first += byte;
    }
    if (byte === 255) return null;
  }
  return { head: at, sizeBytes: first };
}

/** The first size, then the differences to the size before. */
function ebmlFrame(lace: Uint8Array, frames: number): FirstFrame | null {
  const first = parseVariableInteger(lace, 1);
  if (first === null) return null;
  let at = 1 + first.bytes;
  for (let frame = 1; frame < frames - 1; frame++) {
    const difference = parseVariableInteger(lace, at);
    if (difference === null) return null;
    at += difference.bytes;
  }
  return { head: at, sizeBytes: first.value };
}

function firstFrame(lace: Uint8Array, lacing: number, sizeBytes: number): FirstFrame | null {
  const frames = (lace[0] ?? 0) + 1;
  if (frames === 1) return { head: 1, sizeBytes: sizeBytes - 1 };
  if (lacing === lacings.fixed) return { head: 1, sizeBytes: Math.floor((sizeBytes - 1) / frames) };
  return lacing === lacings.xiph ? xiphFrame(lace, frames) : ebmlFrame(lace, frames);
}

/** A block in a file, without its element header. */
export interface Block extends ByteRange {
  head: BlockHead;
}

/** Reads the head of a block; null if it is truncated. */
export async function readBlock(source: ByteSource, { offset, length }: ByteRange): Promise<Block | null> {
  const head = parseBlockHead(await source.read(offset, Math.min(length, BLOCK_HEAD_BYTES)));
  return head === null ? null : { offset, length, head };
}

/** Returns the place of the first frame of a block; null if its lace is damaged. */
export async function firstFrameOf(source: ByteSource, { offset, length, head }: Block): Promise<ByteRange | null> {
  const [at, sizeBytes] = [offset + head.bytes, length - head.bytes];
  if (lacingOf(head) === 0) return { offset: at, length: sizeBytes };
  const lace = await source.read(at, Math.min(sizeBytes, MAX_LACE_BYTES));
  const frame = lace.length === 0 ? null : firstFrame(lace, lacingOf(head), sizeBytes);
  if (frame === null || frame.head + frame.sizeBytes > sizeBytes) return null;
  return { offset: at + frame.head, length: frame.sizeBytes };
}
