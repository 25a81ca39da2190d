/** Converts a TIFF's first image to a JPEG of the same size, one row of strips or tiles at a time. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { TruncatedFileError, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { jpegEncoder } from "../jpeg/jpegEncoder.ts";
import { decompressTiff } from "./tiffCompression.ts";
import { isStreamed, readTiffLayout, rowBytes, segmentBytes, type TiffLayout } from "./tiffLayout.ts";

/** Bytes to read at once: strips may be a single row. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Reads ahead for consecutive ranges. */
function readAhead(source: ByteSource): ByteSource {
  let start = 0;
  let buffer = new Uint8Array();
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset < start || offset + length > start + buffer.length) {
      buffer = new Uint8Array();
      buffer = Uint8Array.from(await source.read(offset, Math.max(length, WINDOW_BYTES)));
      start = offset;
    }
    return buffer.subarray(offset - start, offset - start + length);
  };
  return { sizeBytes: source.sizeBytes, read };
}

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

/** Reads rows `from` to `from + count` of one strip or tile. */
async function readRows(
  source: ByteSource,
  layout: TiffLayout,
  index: number,
  from: number,
  count: number,
): Promise<Uint8Array> {
  const stride = rowBytes(layout);
  const offset = layout.offsets[index] ?? 0;
  const bytes = isStreamed(layout)
    ? await source.read(offset + from * stride, count * stride)
    : await source.read(offset, layout.sizes[index] ?? 0);
  const pixels = await decompressTiff(
    bytes,
    layout.compression,
    isStreamed(layout) ? bytes.length : segmentBytes(layout),
  );
  if (pixels.length < count * stride) throw new TruncatedFileError("the TIFF is truncated");
  if (!layout.hasPredictor) return pixels;
  const rows = pixels.slice(0, count * stride);
  for (let y = 0; y < count; y++) undoPredictor(rows.subarray(y * stride, (y + 1) * stride), layout);
  return rows;
}

/** Writes `orientation` (EXIF, 1 to 8) to the JPEG. Throws for unsupported and truncated files. */
export async function tiffToJpeg(file: ByteSource, limits: JpegLimits, orientation: number): Promise<EncodedJpeg> {
  const layout = await readTiffLayout(file);
  const { width, height, tileWidth, tileHeight } = layout;
  const source = readAhead(file);
  // The profile describes RGB; grey and CMYK have been converted.
  const icc = [2, 3].includes(layout.photometric) ? layout.icc : null;
  const encoder = jpegEncoder({ width, height, ...limits, orientation, icc });
  const columns = Math.ceil(width / tileWidth);
  const stride = rowBytes(layout);
  const bandRows = isStreamed(layout)
    ? Math.min(tileHeight, Math.max(1, Math.floor(WINDOW_BYTES / stride)))
    : tileHeight;
  const band = new Uint8Array(width * 3 * Math.min(bandRows, height));
  for (let top = 0; top < height;) {
    const from = top % tileHeight;
    const count = Math.min(bandRows, tileHeight - from, height - top);
    for (let column = 0; column < columns; column++) {
      const index = Math.floor(top / tileHeight) * columns + column;
      const left = column * tileWidth;
      const rows = await readRows(source, layout, index, from, count);
      for (let y = 0; y < count; y++) {
        const row = rows.subarray(y * stride, (y + 1) * stride);
        convertRow(row, Math.min(tileWidth, width - left), layout, band, (y * width + left) * 3);
      }
    }
    for (let y = 0; y < count; y++) encoder.addRow(band, y * width * 3);
    top += count;
  }
  return { pieces: encoder.finish(), sizeBytes: encoder.sizeBytes(), width, height };
}
