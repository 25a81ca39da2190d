/** Converts a TIFF's first image to a JPEG of the same size. Strips and tiles of any size are decompressed by rows. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { INFLATE_MEMORY_BYTES } from "../inflateStream.ts";
import type { EncodedJpeg, JpegLimits } from "../jpeg/encodedJpeg.ts";
import { readAhead } from "../readAhead.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import { encodedJpeg, type JpegEncoder } from "../jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { SEGMENT_WINDOW_BYTES } from "./segmentInput.ts";
import { segmentReader, type SegmentReader } from "./segmentReader.ts";
import { bandRowsOf, columnsOf, readTiffLayout, rowBytes, type TiffLayout } from "./tiffLayout.ts";

/** Bytes to read at once from R2: strips may be a single row. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Decompressed rows are read in steps of about this size. */
const ROWS_STEP_BYTES = 256 * 1024;

/** Undoes horizontal differencing of one row in place. */
function undoPredictor(row: Uint8Array, { samples, bits, littleEndian }: TiffLayout): void {
  if (bits === 8) {
    for (let at = samples; at < row.length; at++) row[at] = (row[at] ?? 0) + (row[at - samples] ?? 0);
    return;
  }
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  for (let at = samples * 2; at + 1 < row.length; at += 2) {
    view.setUint16(at, view.getUint16(at, littleEndian) + view.getUint16(at - samples * 2, littleEndian), littleEndian);
  }
}

/** Returns a sample as 8 bits. Samples below 8 bits stay unscaled: they are palette indexes or scaled later. */
function sampleAt(row: Uint8Array, index: number, { bits, littleEndian }: TiffLayout): number {
  if (bits === 8) return row[index] ?? 0;
  if (bits === 16) return row[index * 2 + (littleEndian ? 1 : 0)] ?? 0;
  const bit = index * bits;
  return ((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
}

function readColour(row: Uint8Array, x: number, layout: TiffLayout, into: number[]): void {
  const { photometric, samples, bits, palette } = layout;
  const first = sampleAt(row, x * samples, layout);
  if (photometric === 3) {
    const count = 1 << bits;
    for (let i = 0; i < 3; i++) into[i] = (palette[first + i * count] ?? 0) >> 8;
  } else if (photometric === 2) {
    into[0] = first;
    into[1] = sampleAt(row, x * samples + 1, layout);
    into[2] = sampleAt(row, x * samples + 2, layout);
  } else if (photometric === 5) {
    const light = 255 - sampleAt(row, x * samples + 3, layout);
    for (let i = 0; i < 3; i++) into[i] = ((255 - sampleAt(row, x * samples + i, layout)) * light) / 255;
  } else {
    const grey = bits < 8 ? (first * 255) / ((1 << bits) - 1) : first;
    into.fill(photometric === 0 ? 255 - grey : grey);
  }
}

/** Converts the first `width` pixels of a row to RGB on white. */
function convertRow(row: Uint8Array, width: number, layout: TiffLayout, band: Uint8Array, at: number): void {
  const colour = [0, 0, 0];
  for (let x = 0; x < width; x++) {
    readColour(row, x, layout, colour);
    const alpha = layout.hasAlpha ? sampleAt(row, (x + 1) * layout.samples - 1, layout) / 255 : 1;
    for (let i = 0; i < 3; i++) band[at + x * 3 + i] = (colour[i] ?? 0) * alpha + 255 * (1 - alpha);
  }
}

/** Opens a strip or tile at row `from`. */
async function openSegment(
  source: ByteSource,
  layout: TiffLayout,
  index: number,
  from: number,
  scratch: Uint8Array,
): Promise<SegmentReader> {
  const { compression, offsets, sizes } = layout;
  const offset = offsets[index] ?? 0;
  const segmentBytes = rowBytes(layout) * layout.tileHeight;
  const skippedBytes = from * rowBytes(layout);
  const isStored = compression === "none";
  // Uncompressed rows are found by their offset, independent of the size in the file.
  const range = isStored
    ? { offset: offset + skippedBytes, length: segmentBytes - skippedBytes }
    : { offset, length: sizes[index] ?? source.sizeBytes };
  const { tileWidth: columns, isTwoDimensional, isReversed } = layout;
  const fax = { columns, isTwoDimensional, isReversed };
  const reader = segmentReader(source, range, compression, { expectedBytes: segmentBytes, fax });
  for (let left = isStored ? 0 : skippedBytes; left > 0; left -= scratch.length) {
    await reader.fill(scratch.subarray(0, left));
    await yieldToRequests(scratch.length);
  }
  return reader;
}

/** Calls `use` for `count` rows of a strip or tile, from row `from`. A row is valid until `use` returns. */
async function readRows(
  source: ByteSource,
  layout: TiffLayout,
  { index, from, count }: { index: number; from: number; count: number },
  scratch: Uint8Array,
  use: (row: Uint8Array, y: number) => void,
): Promise<void> {
  const stride = rowBytes(layout);
  const rowsPerStep = Math.floor(scratch.length / stride);
  const reader = await openSegment(source, layout, index, from, scratch);
  try {
    for (let y = 0; y < count; y += rowsPerStep) {
      const rows = scratch.subarray(0, Math.min(rowsPerStep, count - y) * stride);
      await reader.fill(rows);
      await yieldToRequests(rows.length);
      for (let at = 0; at < rows.length; at += stride) {
        const row = rows.subarray(at, at + stride);
        if (layout.hasPredictor) undoPredictor(row, layout);
        use(row, y + at / stride);
      }
    }
  } finally {
    await reader.close();
  }
}

/** Converts strips, or tiles as wide as the image, row by row. */
async function convertStrips(source: ByteSource, layout: TiffLayout, scratch: Uint8Array, encoder: JpegEncoder) {
  const { width, height, tileHeight } = layout;
  const rgb = new Uint8Array(width * 3);
  for (let top = 0; top < height; top += tileHeight) {
    const strip = { index: top / tileHeight, from: 0, count: Math.min(tileHeight, height - top) };
    await readRows(source, layout, strip, scratch, (row) => {
      convertRow(row, width, layout, rgb, 0);
      encoder.addRow(rgb, 0);
    });
  }
}

/** Converts a row of tiles in bands: each tile writes its part of every row. */
async function convertTiles(source: ByteSource, layout: TiffLayout, scratch: Uint8Array, encoder: JpegEncoder) {
  const { width, height, tileWidth, tileHeight } = layout;
  const columns = columnsOf(layout);
  const bandRows = bandRowsOf(layout);
  const band = new Uint8Array(width * 3 * bandRows);
  for (let top = 0; top < height;) {
    const from = top % tileHeight;
    const count = Math.min(bandRows, tileHeight - from, height - top);
    for (let column = 0; column < columns; column++) {
      const left = column * tileWidth;
      const tile = { index: Math.floor(top / tileHeight) * columns + column, from, count };
      await readRows(source, layout, tile, scratch, (row, y) => {
        convertRow(row, Math.min(tileWidth, width - left), layout, band, (y * width + left) * 3);
      });
    }
    for (let y = 0; y < count; y++) encoder.addRow(band, y * width * 3);
    top += count;
  }
}

/** Buffers apart from the encoder's: see `MAX_TILE_BAND_BYTES` for tiles. */
function heldBytes(layout: TiffLayout, scratchBytes: number): number {
  const rows = columnsOf(layout) === 1 ? 1 : bandRowsOf(layout);
  const segmentLists = (layout.offsets.length + layout.sizes.length) * 8;
  const codec = layout.compression === "deflate" ? INFLATE_MEMORY_BYTES : SEGMENT_WINDOW_BYTES;
  // The previous window is still referenced while the next one is read.
  return 2 * WINDOW_BYTES + scratchBytes + codec + layout.width * 3 * rows + segmentLists + (layout.icc?.length ?? 0);
}

/**
 * Writes `orientation` (EXIF, 1 to 8) to the JPEG. Throws for unsupported and truncated files, and for layouts whose
 * tiles cost too much work or memory. `openSink` gets the same rows.
 */
export async function tiffToJpeg(
  file: ByteSource,
  limits: JpegLimits,
  orientation: number,
  openSink?: OpenRowSink,
): Promise<EncodedJpeg> {
  const layout = await readTiffLayout(file);
  const { width, height, photometric } = layout;
  const memory = decoderMemory();
  const stride = rowBytes(layout);
  const scratchBytes = Math.max(1, Math.floor(ROWS_STEP_BYTES / stride)) * stride;
  memory.hold("tiff", heldBytes(layout, scratchBytes));
  // The profile describes RGB; grey and CMYK have been converted.
  const icc = [2, 3].includes(photometric) ? layout.icc : null;
  const encoder = encoderWithSink({ width, height, ...limits, orientation, icc, memory }, openSink);
  const convert = columnsOf(layout) === 1 ? convertStrips : convertTiles;
  await convert(readAhead(file, WINDOW_BYTES), layout, new Uint8Array(scratchBytes), encoder);
  return encodedJpeg(encoder, { width, height, memory });
}
