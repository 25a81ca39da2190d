/** A PNG too large for the renderer to a JPEG of the same size, row by row as it unpacks. What is transparent is shown upon white. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { CutShort, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { forwardBytes } from "../forwardReader.ts";
import { jpegEncoder } from "../jpeg/jpegEncoder.ts";
import { packedPixels, type PngHead, readHead, samplesOf } from "./pngChunks.ts";

/** PNG 9.4: the neighbour nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Undoes the filter that a row begins with, in place. Rows have their filter in front. */
function unfilter(row: Uint8Array, before: Uint8Array, step: number): void {
  const filter = row[0] ?? 0;
  if (filter > 4) throw new CutShort("the PNG's pixels are broken");
  if (filter === 0) return;
  for (let at = 1; at < row.length; at++) {
    const left = at > step ? (row[at - step] ?? 0) : 0;
    const above = before[at] ?? 0;
    let guess = filter === 1 ? left : above;
    if (filter === 3) guess = (left + above) >> 1;
    if (filter === 4) guess = paeth(left, above, at > step ? (before[at - step] ?? 0) : 0);
    row[at] = (row[at] ?? 0) + guess;
  }
}

/** One row to RGB, samples of 16 bits by their higher half, of fewer than 8 stretched. */
function fillRow(head: PngHead, row: Uint8Array, rgb: Uint8Array): void {
  const { width, bits, colourType, palette, opacity } = head;
  const samples = samplesOf.get(colourType) ?? 1;
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
    if (colourType === 3) alpha = (opacity[first] ?? 255) / 255;
    for (let i = 0; i < 3; i++) {
      const grey = (first * 255) / largest;
      const plain = isColour ? sample(x * samples + i) : grey;
      const value = colourType === 3 ? (palette[first * 3 + i] ?? 0) : plain;
      rgb[x * 3 + i] = value * alpha + 255 * (1 - alpha);
    }
  }
}

export async function pngToJpeg(source: ByteSource, limits: JpegLimits): Promise<EncodedJpeg> {
  const forward = forwardBytes(source);
  const { head, pixelBytes } = await readHead(forward);
  const { width, height, bits, colourType } = head;
  const encoder = jpegEncoder({ width, height, ...limits, orientation: 1, icc: null });
  const bitsPerPixel = bits * (samplesOf.get(colourType) ?? 1);
  const stride = 1 + Math.ceil((width * bitsPerPixel) / 8);
  const step = Math.max(1, bitsPerPixel >> 3);
  const rgb = new Uint8Array(width * 3);
  let [row, before] = [new Uint8Array(stride), new Uint8Array(stride)];
  let filled = 0;
  let rows = 0;
  const packed = packedPixels(forward, pixelBytes);
  const reader = packed.stream.pipeThrough(new DecompressionStream("deflate")).getReader();
  while (rows < height) {
    const next = await reader.read().catch(() => {
      throw packed.failure() ?? new CutShort("the PNG's pixels are broken");
    });
    if (next.done) throw new CutShort("the PNG is cut short");
    for (let at = 0; at < next.value.length && rows < height;) {
      const part = next.value.subarray(at, at + stride - filled);
      row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < stride) continue;
      unfilter(row, before, step);
      fillRow(head, row, rgb);
      encoder.addRow(rgb, 0);
      [row, before, filled] = [before, row, 0];
      rows++;
    }
  }
  await reader.cancel();
  return { pieces: encoder.finish(), sizeBytes: encoder.sizeBytes(), width, height };
}
