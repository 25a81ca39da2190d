/**
 * Replaces the metadata of a JPEG while it streams: image data and colour profile stay byte for byte, all other
 * segments are dropped. Buffers only the segments before the first scan.
 */
import { asciiAt, startsWith, viewOf } from "../../inspect/bytes/bytes.ts";
import { segment } from "../jpeg/jpegSegments.ts";
import type { StreamReader } from "./streamReader.ts";
import { MalformedImageError, type RewrittenBytes, type ImageSize } from "./malformedImage.ts";
import type { PreservedMetadata } from "./preservedMetadata.ts";
import { metadataSegments } from "./jpegMetadata.ts";

const markers = { soi: 0xd8, eoi: 0xd9, sos: 0xda, dnl: 0xdc, app0: 0xe0, app2: 0xe2, app14: 0xee } as const;
/** DHT, DAC, DQT, DNL, DRI. */
const tables: readonly number[] = [0xc4, 0xcc, 0xdb, markers.dnl, 0xdd];
/** Real files have kilobytes here, or a megabyte with a print profile. */
const MAX_HEAD_BYTES = 8 * 1024 * 1024;
/** Markers and fill bytes outside entropy-coded data. Real files have dozens; 100 MB of them would take minutes. */
const MAX_MARKERS = 100_000;
const EOI = Uint8Array.of(0xff, markers.eoi);
const SOI = Uint8Array.of(0xff, markers.soi);
const FF = Uint8Array.of(0xff);

function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
}

function hasNoSegment(code: number): boolean {
  return code === 0x01 || (code >= 0xd0 && code <= 0xd7);
}

/** Keeps the frame, decoder tables, colour profile and Adobe's colour transform. */
function isKept(code: number, body: Uint8Array): boolean {
  if (isFrame(code) || tables.includes(code)) return true;
  if (code === markers.app2) return startsWith(body, "ICC_PROFILE\0");
  return code === markers.app14 && startsWith(body, "Adobe");
}

/** Removes the JFIF thumbnail, which could show what an edit removed. */
function stripJfifThumbnail(body: Uint8Array): Uint8Array | null {
  if (asciiAt(body, 0, 5) !== "JFIF\0" || body.length < 14) return null;
  return segment(markers.app0, [...body.subarray(0, 12), 0, 0]);
}

interface MarkerBudget {
  remaining: number;
}

function chargeMarker(budget: MarkerBudget): void {
  budget.remaining -= 1;
  if (budget.remaining < 0) throw new MalformedImageError("has too many JPEG markers");
}

/** Returns the next marker's code, skipping fill bytes. */
async function readMarker(reader: StreamReader, budget: MarkerBudget): Promise<number> {
  const [mark] = await reader.read(1);
  if (mark !== 0xff) throw new MalformedImageError("is a damaged JPEG: expected a marker");
  for (;;) {
    chargeMarker(budget);
    const [code = 0] = await reader.read(1);
    if (code !== 0xff) return code;
  }
}

async function readSegmentBody(reader: StreamReader): Promise<Uint8Array> {
  const length = viewOf(await reader.read(2)).getUint16(0);
  if (length < 2) throw new MalformedImageError("is a damaged JPEG: a segment has no length");
  return await reader.read(length - 2);
}

/** Accepts what browsers decode: Huffman-coded, sequential or progressive, 8 bits. */
function parseFrame(code: number, body: Uint8Array, size: ImageSize): void {
  if (size.width > 0) throw new MalformedImageError("has more than one frame");
  if (code > 0xc2 || body[0] !== 8 || body.length < 6) {
    throw new MalformedImageError("is an unsupported JPEG: baseline or progressive with 8 bits is needed");
  }
  size.height = viewOf(body).getUint16(1);
  size.width = viewOf(body).getUint16(3);
  if (size.width === 0 || size.height === 0) throw new MalformedImageError("has no image dimensions");
}

interface JpegHeader {
  jfif: Uint8Array | null;
  segments: Uint8Array[];
  scan: Uint8Array;
}

/** Reads all segments up to and including the first scan header. */
async function readHeader(reader: StreamReader, budget: MarkerBudget, size: ImageSize): Promise<JpegHeader> {
  await reader.skip(SOI.length);
  const segments: Uint8Array[] = [];
  let jfif: Uint8Array | null = null;
  let headerBytes = 0;
  for (;;) {
    const code = await readMarker(reader, budget);
    if (hasNoSegment(code)) continue;
    if (code === markers.eoi || code === markers.soi) throw new MalformedImageError("is a JPEG without image data");
    const body = await readSegmentBody(reader);
    if (code === markers.sos) {
      if (size.width === 0) throw new MalformedImageError("has no image dimensions");
      return { jfif, segments, scan: segment(code, body) };
    }
    if (code === markers.app0) jfif ??= stripJfifThumbnail(body);
    if (isFrame(code)) parseFrame(code, body, size);
    if (!isKept(code, body)) continue;
    headerBytes += body.length;
    if (headerBytes > MAX_HEAD_BYTES) throw new MalformedImageError("has too large a header");
    segments.push(segment(code, body));
  }
}

/**
 * Yields entropy-coded data up to the next marker and returns the marker's code. In the data, 0xff is followed by 0.
 */
async function* copyScan(reader: StreamReader): AsyncGenerator<Uint8Array, number, undefined> {
  let afterMarkerByte = false;
  for (;;) {
    const chunk = await reader.buffered();
    if (chunk === null) throw new MalformedImageError("is truncated");
    if (afterMarkerByte) {
      const fill = countFillBytes(chunk);
      reader.consume(Math.min(fill + 1, chunk.length));
      const code = chunk[fill];
      if (code === undefined) continue;
      afterMarkerByte = false;
      if (code !== 0 && !hasNoSegment(code)) return code;
      yield Uint8Array.of(0xff, code);
      continue;
    }
    const end = findMarker(chunk);
    if (end > 0) yield chunk.subarray(0, end);
    afterMarkerByte = end < chunk.length;
    reader.consume(afterMarkerByte ? end + FF.length : end);
  }
}

/** Counts the leading 0xff bytes. */
function countFillBytes(chunk: Uint8Array): number {
  let count = 0;
  while (chunk[count] === 0xff) count += 1;
  return count;
}

/** Returns the index of the first marker or of a trailing 0xff, else the length. */
function findMarker(chunk: Uint8Array): number {
  for (let at = chunk.indexOf(0xff); at >= 0; at = chunk.indexOf(0xff, at + 2)) {
    const next = chunk[at + 1];
    if (next === undefined || (next !== 0 && !hasNoSegment(next))) return at;
  }
  return chunk.length;
}

/** Yields all scans up to the end-of-image marker. Data that cameras append after it is dropped. */
async function* copyScans(reader: StreamReader, budget: MarkerBudget): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    let code = yield* copyScan(reader);
    chargeMarker(budget);
    while (code !== markers.sos) {
      if (code === markers.eoi) return;
      if (code === markers.soi || isFrame(code)) throw new MalformedImageError("has more than one frame");
      const body = await readSegmentBody(reader);
      if (tables.includes(code)) yield segment(code, body);
      code = await readMarker(reader, budget);
    }
    yield segment(code, await readSegmentBody(reader));
  }
}

async function* rewrittenChunks(
  reader: StreamReader,
  metadata: PreservedMetadata,
  size: ImageSize,
): AsyncGenerator<Uint8Array> {
  const budget = { remaining: MAX_MARKERS };
  const { jfif, segments, scan } = await readHeader(reader, budget, size);
  yield SOI;
  if (jfif !== null) yield jfif;
  yield* metadataSegments(metadata, size);
  yield* segments;
  yield scan;
  yield* copyScans(reader, budget);
  yield EOI;
  await reader.discardRest();
}

/** Rewrites a JPEG. Iterating `bytes` throws `MalformedImageError` for a damaged file. */
export function rewriteJpeg(reader: StreamReader, metadata: PreservedMetadata): RewrittenBytes {
  const size = { width: 0, height: 0 };
  return { bytes: rewrittenChunks(reader, metadata, size), size };
}
