/** Converts a PNG too large for the renderer to a JPEG of the same size, row by row. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { TruncatedFileError, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { forwardReader } from "../forwardReader.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { INFLATE_MEMORY_BYTES, inflateStream } from "../inflateStream.ts";
import { encodedJpeg } from "../jpeg/jpegEncoder.ts";
import { acceptDamage } from "../scaled/imageDamage.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { compressedPixels, type PngHeader, readPngHeader, samplesByColourType } from "./pngChunks.ts";
import { unfilterRow } from "./pngFilter.ts";
import { yieldToRequests } from "../yieldToRequests.ts";

/** Converts a row to RGB on white: the high byte of 16-bit samples, smaller samples scaled up. */
function fillRow(header: PngHeader, row: Uint8Array, rgb: Uint8Array): void {
  const { width, bits, colourType, palette, paletteAlpha } = header;
  const samples = samplesByColourType.get(colourType) ?? 1;
  const largest = (1 << Math.min(bits, 8)) - 1;
  const sample = (index: number): number => {
    if (bits >= 8) return row[1 + (index * bits) / 8] ?? 0;
    const bit = index * bits;
    return ((row[1 + (bit >> 3)] ?? 0) >> (8 - bits - (bit & 7))) & largest;
  };
  for (let x = 0; x < width; x++) {
    const first = sample(x * samples);
    const isColour = samples >= 3;
    let alpha = samples % 2 === 0 ? sample(x * samples + samples - 1) / 255 : 1;
    if (colourType === 3) alpha = (paletteAlpha[first] ?? 255) / 255;
    for (let i = 0; i < 3; i++) {
      const grey = (first * 255) / largest;
      const plain = isColour ? sample(x * samples + i) : grey;
      const value = colourType === 3 ? (palette[first * 3 + i] ?? 0) : plain;
      rgb[x * 3 + i] = value * alpha + 255 * (1 - alpha);
    }
  }
}

const PNG_TRUNCATED = "the PNG is truncated or damaged";
/** Rows that are missing. */
const GREY = 128;

/** Whether the first byte of a row is the number of a filter. */
function isFiltered(row: Uint8Array): boolean {
  return (row[0] ?? 0) <= 4;
}

/** Passes the inflated pieces on. Ends early at damage. */
async function* untilDamage(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof TruncatedFileError)) throw error;
  }
}

/** A converted PNG, and what a damaged file lacks; null for a whole image. */
export interface ConvertedPng extends EncodedJpeg {
  damage: string | null;
}

/**
 * Composites transparency on white. A damaged file is shown as far as it goes. Throws for interlaced and oversized PNGs,
 * and for those of which next to nothing is left; read errors pass through. `openSink` gets the same rows.
 */
export async function pngToJpeg(source: ByteSource, limits: JpegLimits, openSink?: OpenRowSink): Promise<ConvertedPng> {
  const memory = decoderMemory();
  const reader = forwardReader(source, memory);
  const { header, pixelBytes } = await readPngHeader(reader);
  if (header.isInterlaced)
    throw new Error("an interlaced PNG over 20 MB can't be decoded: its pixels don't fit in memory");
  const { width, height, bits, colourType } = header;
  const bitsPerPixel = bits * (samplesByColourType.get(colourType) ?? 1);
  const stride = 1 + Math.ceil((width * bitsPerPixel) / 8);
  const bytesPerPixel = Math.max(1, bitsPerPixel >> 3);
  memory.hold("png", INFLATE_MEMORY_BYTES + 2 * stride + width * 3);
  const encoder = encoderWithSink({ width, height, ...limits, orientation: 1, icc: null, memory }, openSink);
  const rgb = new Uint8Array(width * 3);
  let [row, previous] = [new Uint8Array(stride), new Uint8Array(stride)];
  let filled = 0;
  let rows = 0;
  const finish = (): ConvertedPng => {
    const missing = (height - rows) / height;
    const damage = acceptDamage({ missing, isCorrupt: false, lacksDetail: false }, PNG_TRUNCATED);
    for (rgb.fill(GREY); rows < height; rows++) encoder.addRow(rgb, 0);
    return { ...encodedJpeg(encoder, { width, height, memory }), damage };
  };
  const pieces = inflateStream(compressedPixels(reader, pixelBytes), stride * height, PNG_TRUNCATED);
  for await (const piece of untilDamage(pieces)) {
    await yieldToRequests(piece.length);
    for (let at = 0; at < piece.length && rows < height;) {
      const part = piece.subarray(at, at + stride - filled);
      row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < stride) continue;
      if (!isFiltered(row)) return finish();
      unfilterRow(row, previous, bytesPerPixel);
      fillRow(header, row, rgb);
      encoder.addRow(rgb, 0);
      [row, previous, filled] = [previous, row, 0];
      rows++;
    }
    if (rows === height) break;
  }
  return finish();
}
