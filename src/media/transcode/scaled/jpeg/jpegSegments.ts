/** Reads the segments of a JPEG up to each scan; T.81 annex B. */
import { asciiAt, viewOf } from "../../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import { findMarker, isFrame } from "../../../inspect/containers/jpeg/jpeg.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";

export interface FrameComponent {
  id: number;
  horizontal: number;
  vertical: number;
  /** Id of its quantization table. */
  table: number;
}

export interface Frame {
  width: number;
  /** 0 if a segment after the first scan states it. */
  height: number;
  isProgressive: boolean;
  components: FrameComponent[];
}

export interface Scan {
  /** Indexes of the frame's components, and the ids of their tables. */
  components: { index: number; dc: number; ac: number }[];
  /** First and last zigzag index of the coefficients. */
  first: number;
  last: number;
  /** Bit positions of the previous scan of these coefficients and of this one; T.81 §G.1.1.1. */
  high: number;
  low: number;
  /** Offset of the entropy-coded data. */
  dataAt: number;
}

export interface JpegSegments {
  frame: Frame | null;
  /** By id, 64 steps in zigzag order. */
  quantization: Map<number, Uint16Array>;
  /** By class × 16 + id: 16 counts and the symbols. */
  huffman: Map<number, Uint8Array>;
  /** MCUs; 0 without restart markers. */
  restartInterval: number;
  hasJfif: boolean;
  /** Colour transform in Adobe's segment: 0 RGB, 1 YCbCr; null without the segment. */
  adobeTransform: number | null;
  /** Whether the marker of the image's end was read. */
  hasEnd: boolean;
}

const MARKERS = { huffman: 0xc4, end: 0xd9, scan: 0xda, quantization: 0xdb, restart: 0xdd, jfif: 0xe0, adobe: 0xee };
/** Real files have tens of segments; a progressive one has up to two more for each scan. */
const MAX_SEGMENTS = 1000;
/** T.81 §B.2.3. */
const MAX_MCU_BLOCKS = 10;
const DAMAGED = "the JPEG header is truncated or damaged";

export function emptySegments(): JpegSegments {
  return {
    frame: null,
    quantization: new Map(),
    huffman: new Map(),
    restartInterval: 0,
    hasJfif: false,
    adobeTransform: null,
    hasEnd: false,
  };
}

function readQuantization(content: Uint8Array, { quantization }: JpegSegments): void {
  for (let at = 0; at < content.length;) {
    const kind = content[at++] ?? 0;
    const bytes = kind >> 4 === 0 ? 1 : 2;
    if (at + 64 * bytes > content.length) throw new TruncatedFileError(DAMAGED);
    const view = viewOf(content.subarray(at));
    quantization.set(
      kind & 15,
      Uint16Array.from({ length: 64 }, (_, i) => (bytes === 1 ? view.getUint8(i) : view.getUint16(i * 2))),
    );
    at += 64 * bytes;
  }
}

function readHuffman(content: Uint8Array, { huffman }: JpegSegments): void {
  for (let at = 0; at + 17 <= content.length;) {
    const count = content.subarray(at + 1, at + 17).reduce((sum, next) => sum + next, 0);
    const table = content.slice(at + 1, at + 17 + count);
    if (table.length < 16 + count || count > 256) throw new TruncatedFileError(DAMAGED);
    huffman.set(content[at] ?? 0, table);
    at += 17 + count;
  }
}

/** SOF0 is baseline, SOF1 extended sequential and SOF2 progressive, all with Huffman codes. */
function readFrame(marker: number, content: Uint8Array): Frame {
  if (marker > 0xc2) throw new UnsupportedImageError("JPEG with lossless, hierarchical or arithmetic coding");
  if (content.length < 6) throw new TruncatedFileError(DAMAGED);
  const view = viewOf(content);
  if (view.getUint8(0) !== 8) throw new UnsupportedImageError(`JPEG with ${view.getUint8(0)} bits a sample`);
  const count = view.getUint8(5);
  if (count !== 1 && count !== 3) throw new UnsupportedImageError(`JPEG with ${count} colour components`);
  if (content.length < 6 + count * 3) throw new TruncatedFileError(DAMAGED);
  const components = Array.from({ length: count }, (_, i) => {
    const sampling = view.getUint8(7 + i * 3);
    return {
      id: view.getUint8(6 + i * 3),
      // A single component has no MCUs of several blocks; T.81 §A.2.2.
      horizontal: count === 1 ? 1 : sampling >> 4,
      vertical: count === 1 ? 1 : sampling & 15,
      table: view.getUint8(8 + i * 3),
    };
  });
  return { width: view.getUint16(3), height: view.getUint16(1), isProgressive: marker === 0xc2, components };
}

function readScan(content: Uint8Array, { frame }: JpegSegments, dataAt: number): Scan {
  const count = content[0] ?? 0;
  if (frame === null || count < 1 || content.length < 4 + count * 2) throw new TruncatedFileError(DAMAGED);
  const components = Array.from({ length: count }, (_, i) => {
    const index = frame.components.findIndex(({ id }) => id === content[1 + i * 2]);
    const tables = content[2 + i * 2] ?? 0;
    return { index, dc: tables >> 4, ac: tables & 15 };
  });
  const blocks = components.reduce((sum, { index }) => {
    const { horizontal = 0, vertical = 0 } = frame.components[index] ?? {};
    return sum + horizontal * vertical;
  }, 0);
  if (count > 1 && blocks > MAX_MCU_BLOCKS) throw new UnsupportedImageError("JPEG with unusual sampling factors");
  const isRepeated = new Set(components.map(({ index }) => index)).size < count;
  if (isRepeated || components.some(({ index }) => index < 0)) throw new TruncatedFileError(DAMAGED);
  const [first = 0, last = 0, bits = 0] = content.subarray(1 + count * 2);
  if (!frame.isProgressive) return { components, first: 0, last: 63, high: 0, low: 0, dataAt };
  const [high, low] = [bits >> 4, bits & 15];
  const isDc = first === 0 && last === 0;
  const isBand = first > 0 && last >= first && last < 64 && count === 1;
  if ((!isDc && !isBand) || low > 13) throw new TruncatedFileError(DAMAGED);
  return { components, first, last, high, low, dataAt };
}

function readSegment(marker: number, content: Uint8Array, segments: JpegSegments): void {
  if (marker === MARKERS.quantization) readQuantization(content, segments);
  else if (marker === MARKERS.huffman) readHuffman(content, segments);
  else if (marker === MARKERS.restart && content.length >= 2) segments.restartInterval = viewOf(content).getUint16(0);
  else if (marker === MARKERS.jfif && asciiAt(content, 0, 5) === "JFIF\0") segments.hasJfif = true;
  else if (marker === MARKERS.adobe && asciiAt(content, 0, 5) === "Adobe")
    segments.adobeTransform = content[11] ?? null;
  else if (isFrame(marker)) {
    if (segments.frame !== null) throw new UnsupportedImageError("JPEG with several frames");
    segments.frame = readFrame(marker, content);
  }
}

/**
 * Reads segments from `at` up to the next scan and returns it; null at the end of the image. Throws
 * `UnsupportedImageError` for codings that the kernel lacks, `TruncatedFileError` for damaged segments.
 */
export async function readToScan(source: ByteSource, from: number, segments: JpegSegments): Promise<Scan | null> {
  let at = from;
  for (let count = 0; count < MAX_SEGMENTS; count++) {
    const markerAt = await findMarker(source, at);
    if (markerAt === null) return null;
    const head = await source.read(markerAt, 4);
    const marker = head[1] ?? MARKERS.end;
    if (marker === MARKERS.end) {
      segments.hasEnd = head.length > 1;
      return null;
    }
    at = markerAt + 2;
    // Markers without content: TEM, RST0 to RST7, SOI.
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    if (head.length < 4) return null;
    const length = viewOf(head).getUint16(2);
    const content = await source.read(at + 2, Math.max(0, length - 2));
    if (content.length < length - 2) throw new TruncatedFileError(DAMAGED);
    at += Math.max(2, length);
    if (marker === MARKERS.scan) return readScan(content, segments, at);
    readSegment(marker, content, segments);
  }
  throw new TruncatedFileError("the JPEG header has too many segments");
}

/** Whether three components are luma and chroma, as libjpeg decides: JFIF and Adobe state it, else the ids tell. */
export function isYcc({ frame, hasJfif, adobeTransform }: JpegSegments): boolean {
  if (hasJfif) return true;
  if (adobeTransform !== null) return adobeTransform !== 0;
  return String.fromCharCode(...(frame?.components ?? []).map(({ id }) => id)) !== "RGB";
}
