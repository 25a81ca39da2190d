/** Reads the header of a PNG and streams its compressed pixels. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { requireConvertibleSize, TruncatedFileError } from "../jpeg/encodedJpeg.ts";
import type { ForwardReader } from "../forwardReader.ts";
import { INFLATE_INPUT_BYTES } from "../inflateStream.ts";

export interface PngHeader {
  width: number;
  height: number;
  bits: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  colourType: number;
  palette: Uint8Array;
  /** Alpha of the first palette colours (tRNS). */
  paletteAlpha: Uint8Array;
  /** The transparent colour of grey and RGB images (tRNS): one or three samples; null without one. */
  transparentColour: number[] | null;
  isInterlaced: boolean;
}

/** Samples per pixel by colour type. */
export const samplesByColourType = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
const CHUNK_STEP_BYTES = 256 * 1024;
const MAX_CHUNKS = 10_000;

function parseHeader(content: Uint8Array): PngHeader {
  if (content.length < 13) throw new TruncatedFileError("the PNG header is truncated");
  const view = viewOf(content);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bits, colourType, , , interlace] = content.subarray(8);
  requireConvertibleSize(width, height, "PNG");
  if (bits === undefined || colourType === undefined || !samplesByColourType.has(colourType))
    throw new Error("the PNG header is invalid");
  const none = new Uint8Array();
  const isInterlaced = interlace !== 0;
  return { width, height, bits, colourType, palette: none, paletteAlpha: none, transparentColour: null, isInterlaced };
}

interface Chunk {
  type: string;
  sizeBytes: number;
}

async function readChunkHeader(reader: ForwardReader): Promise<Chunk> {
  await reader.ensure(8);
  const { bytes, position } = reader;
  if (bytes.length < position + 8) throw new TruncatedFileError("the PNG is truncated");
  reader.position += 8;
  return { sizeBytes: viewOf(bytes).getUint32(position), type: asciiAt(bytes, position + 4, 4) };
}

async function readBytes(reader: ForwardReader, length: number): Promise<Uint8Array> {
  await reader.ensure(length);
  const content = reader.bytes.subarray(reader.position, reader.position + length);
  if (content.length < length) throw new TruncatedFileError("the PNG is truncated");
  reader.position += length;
  return content;
}

const CHECKSUM_BYTES = 4;

/** Samples of tRNS have 16 bits. */
function readColour(content: Uint8Array): number[] {
  const view = viewOf(content);
  return Array.from({ length: content.length >> 1 }, (_, i) => view.getUint16(i * 2));
}

/** Reads up to the first IDAT chunk and returns that chunk's length. Throws for oversized and truncated PNGs. */
export async function readPngHeader(reader: ForwardReader): Promise<{ header: PngHeader; pixelBytes: number }> {
  await readBytes(reader, 8);
  let header: PngHeader | null = null;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const { type, sizeBytes } = await readChunkHeader(reader);
    if (type === "IDAT" && header !== null) return { header, pixelBytes: sizeBytes };
    // Chunks of any length are skipped in steps.
    const isWanted = ["IHDR", "PLTE", "tRNS"].includes(type) && sizeBytes <= 4096;
    if (isWanted) {
      const content = Uint8Array.from(await readBytes(reader, sizeBytes));
      if (type === "IHDR") header = parseHeader(content);
      else if (header !== null && type === "PLTE") header.palette = content;
      else if (header !== null && header.colourType === 3) header.paletteAlpha = content;
      else if (header !== null) header.transparentColour = readColour(content);
    } else await skipBytes(reader, sizeBytes);
    await skipBytes(reader, CHECKSUM_BYTES);
  }
  throw new Error("the PNG has no pixel data");
}

async function skipBytes(reader: ForwardReader, length: number): Promise<void> {
  for (let left = length; left > 0; left -= CHUNK_STEP_BYTES) await readBytes(reader, Math.min(left, CHUNK_STEP_BYTES));
}

/** Yields the content of consecutive IDAT chunks; `firstBytes` is the length of the first. */
export async function* compressedPixels(
  reader: ForwardReader,
  firstBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let chunkBytesLeft = firstBytes; ;) {
    while (chunkBytesLeft === 0) {
      await reader.ensure(CHECKSUM_BYTES + 8);
      // A file may end after its pixels.
      if (reader.bytes.length < reader.position + CHECKSUM_BYTES + 8) return;
      reader.position += CHECKSUM_BYTES;
      const { type, sizeBytes } = await readChunkHeader(reader);
      if (type !== "IDAT") return;
      chunkBytesLeft = sizeBytes;
    }
    const step = Math.min(chunkBytesLeft, INFLATE_INPUT_BYTES);
    chunkBytesLeft -= step;
    yield Uint8Array.from(await readBytes(reader, step));
  }
}
