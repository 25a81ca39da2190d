/** What stands before the scan of a JPEG: tables, frame, and the segments that say how its colours are meant. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { CutShort } from "./encodedJpeg.ts";
import type { ForwardBytes } from "../forwardReader.ts";
import { type HuffmanLookup, lookupOf } from "./jpegScan.ts";
import { segment } from "./jpegSegments.ts";

export interface FrameComponent {
  id: number;
  across: number;
  down: number;
  /** The number of its quantization table. */
  table: number;
  dc: HuffmanLookup;
  ac: HuffmanLookup;
}

export interface JpegHead {
  width: number;
  height: number;
  components: FrameComponent[];
  /** In zigzag order, by number. */
  steps: Map<number, number[]>;
  restartInterval: number;
  /** Colour profile and colour transform, as they stand in the file. */
  kept: Uint8Array[];
}

const mostSegments = 1000;
/** A segment is at most this long. */
const SEGMENT_BYTES = 65_537;

interface Draft {
  head: JpegHead;
  frame: { id: number; across: number; down: number; table: number }[];
  huffman: Map<number, HuffmanLookup>;
}

function takeQuantization(content: Uint8Array, { head }: Draft): void {
  for (let at = 0; at < content.length;) {
    const kind = content[at++] ?? 0;
    const bytes = kind >> 4 === 0 ? 1 : 2;
    const view = viewOf(content.subarray(at, at + 64 * bytes));
    head.steps.set(
      kind & 15,
      Array.from({ length: 64 }, (_, i) => (bytes === 1 ? view.getUint8(i) : view.getUint16(i * 2))),
    );
    at += 64 * bytes;
  }
}

function takeHuffman(content: Uint8Array, { huffman }: Draft): void {
  for (let at = 0; at + 17 <= content.length;) {
    const kind = content[at] ?? 0;
    const counts = [...content.subarray(at + 1, at + 17)];
    const count = counts.reduce((sum, next) => sum + next, 0);
    huffman.set(kind, lookupOf({ counts, symbols: [...content.subarray(at + 17, at + 17 + count)] }));
    at += 17 + count;
  }
}

function takeFrame(marker: number, content: Uint8Array, draft: Draft): void {
  if (marker === 0xc2) throw new Error("a progressive JPEG would have to be in memory as a whole to be made smaller");
  if (marker > 0xc1 || content[0] !== 8) throw new Error("a JPEG coded in a way that is not read here");
  const view = viewOf(content);
  draft.head.height = view.getUint16(1);
  draft.head.width = view.getUint16(3);
  draft.frame = Array.from({ length: view.getUint8(5) }, (_, i) => {
    const [id, sampling, table] = [6, 7, 8].map((at) => view.getUint8(at + i * 3));
    return { id: id ?? 0, across: (sampling ?? 0) >> 4, down: (sampling ?? 0) & 15, table: table ?? 0 };
  });
}

/** All components in one scan, all coefficients: what cameras write. */
function takeScan(content: Uint8Array, { head, frame, huffman }: Draft): JpegHead {
  const count = content[0] ?? 0;
  if (count === 0 || count !== frame.length) throw new Error("a JPEG in several scans is not read here");
  head.components = frame.map((part, i) => {
    const tables = content[2 + i * 2] ?? 0;
    const [dc, ac] = [huffman.get(tables >> 4), huffman.get(16 + (tables & 15))];
    if (content[1 + i * 2] !== part.id || dc === undefined || ac === undefined || !head.steps.has(part.table)) {
      throw new Error("the JPEG's head contradicts itself");
    }
    if (part.across < 1 || part.across > 4 || part.down < 1 || part.down > 4)
      throw new Error("the JPEG's sampling is broken");
    return { ...part, dc, ac };
  });
  if (head.width < 1 || head.height < 1) throw new Error("the JPEG has no size");
  return head;
}

function isKept(marker: number, content: Uint8Array): boolean {
  const name = asciiAt(content, 0, 12);
  return (marker === 0xe2 && name === "ICC_PROFILE\0") || (marker === 0xee && name.startsWith("Adobe"));
}

/** Leaves `forward` where the entropy-coded data begins. */
export async function readJpegHead(forward: ForwardBytes): Promise<JpegHead> {
  const head: JpegHead = { width: 0, height: 0, components: [], steps: new Map(), restartInterval: 0, kept: [] };
  const draft: Draft = { head, frame: [], huffman: new Map() };
  await forward.ensure(2);
  forward.at += 2;
  for (let count = 0; count < mostSegments; count++) {
    await forward.ensure(SEGMENT_BYTES);
    const { bytes, at } = forward;
    const marker = bytes[at + 1] ?? 0;
    if (bytes.length < at + 4 || bytes[at] !== 0xff) throw new CutShort("the JPEG's head is cut short or broken");
    if (marker === 0xff) {
      forward.at++;
      continue;
    }
    const length = viewOf(bytes).getUint16(at + 2);
    const content = bytes.subarray(at + 4, at + 2 + length);
    if (content.length < length - 2) throw new CutShort("the JPEG's head is cut short");
    forward.at += 2 + length;
    if (marker === 0xda) return takeScan(content, draft);
    if (marker === 0xdb) takeQuantization(content, draft);
    else if (marker === 0xc4) takeHuffman(content, draft);
    else if (marker === 0xdd) head.restartInterval = viewOf(content).getUint16(0);
    else if (marker >= 0xc0 && marker <= 0xcf) takeFrame(marker, content, draft);
    else if (isKept(marker, content)) head.kept.push(segment(marker, content));
  }
  throw new Error("the JPEG's head does not end");
}
