/** An uncompressed BMP to a JPEG of the same size, a few rows at a time by range reads. Run-length coded ones it refuses. */
import { viewOf } from "../inspect/bytes/bytes.ts";
import type { ByteSource } from "../inspect/bytes/byteSource.ts";
import { jpegEncoder, LONGEST_JPEG_SIDE } from "./jpeg/jpegEncoder.ts";
import { CutShort, type EncodedJpeg, type JpegLimits } from "./jpeg/encodedJpeg.ts";

interface Layout {
  width: number;
  height: number;
  bits: number;
  /** The rows run from the bottom up, unless the header gives the height as a negative number. */
  isTopDown: boolean;
  pixelsAt: number;
  strideBytes: number;
  /** Blue, green, red and a byte of nothing per colour. */
  palette: Uint8Array;
  /** Which bits of a pixel are red, green and blue. */
  masks: [number, number, number];
}

/** biCompression. The last two say that masks follow. */
const PLAIN = 0;
const MASKED = [3, 6];

const DEFAULT_MASKS = new Map<number, [number, number, number]>([
  [16, [0x7c00, 0x03e0, 0x001f]],
  [32, [0xff0000, 0x00ff00, 0x0000ff]],
]);

/** Rows are read in stretches of about this much. */
const BAND_BYTES = 4 * 1024 * 1024;
const MOST_PIXELS = 104 * 1000 * 1000;

async function readLayout(source: ByteSource): Promise<Layout> {
  const head = viewOf(await source.read(0, 14 + 124));
  if (head.byteLength < 26) throw new CutShort("the BMP ends in its header");
  const headerBytes = head.getUint32(14, true);
  const isOld = headerBytes === 12;
  const width = isOld ? head.getUint16(18, true) : head.getInt32(18, true);
  const signedHeight = isOld ? head.getUint16(20, true) : head.getInt32(22, true);
  const bits = head.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? PLAIN : head.getUint32(30, true);
  const height = Math.abs(signedHeight);
  const isMasked = MASKED.includes(compression);
  if (compression !== PLAIN && !isMasked)
    throw new Error(`the BMP is compressed in a way (${compression}) that is not read here`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`the BMP has ${bits} bits a pixel`);
  if (width < 1 || height < 1) throw new Error("the BMP has no size");
  if (Math.max(width, height) > LONGEST_JPEG_SIDE || width * height > MOST_PIXELS) {
    throw new Error(`${width} × ${height} is more than can be decoded here`);
  }
  const masks: Layout["masks"] = isMasked
    ? [head.getUint32(54, true), head.getUint32(58, true), head.getUint32(62, true)]
    : (DEFAULT_MASKS.get(bits) ?? [0, 0, 0]);
  const palette = bits > 8 ? new Uint8Array() : await readPalette(source, 14 + headerBytes, isOld ? 3 : 4, 2 ** bits);
  const strideBytes = Math.ceil((width * bits) / 32) * 4;
  return {
    width,
    height,
    bits,
    isTopDown: signedHeight < 0,
    pixelsAt: head.getUint32(10, true),
    strideBytes,
    palette,
    masks,
  };
}

/** Four bytes a colour, whatever the file has. */
async function readPalette(source: ByteSource, at: number, entryBytes: number, count: number): Promise<Uint8Array> {
  const bytes = await source.read(at, entryBytes * count);
  const palette = new Uint8Array(count * 4);
  for (let i = 0; i < count; i++) palette.set(bytes.subarray(i * entryBytes, i * entryBytes + 3), i * 4);
  return palette;
}

/** The bits under a mask, stretched to a byte. */
function channelOf(pixel: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return Math.round((((pixel & mask) >>> shift) * 255) / largest);
}

function fillRow(row: Uint8Array, layout: Layout, rgb: Uint8Array): void {
  const { width, bits, palette, masks } = layout;
  const view = viewOf(row);
  for (let x = 0; x < width; x++) {
    const to = x * 3;
    if (bits === 24) {
      rgb[to] = row[to + 2] ?? 0;
      rgb[to + 1] = row[to + 1] ?? 0;
      rgb[to + 2] = row[to] ?? 0;
    } else if (bits <= 8) {
      const index = ((row[(x * bits) >> 3] ?? 0) >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1);
      for (let i = 0; i < 3; i++) rgb[to + i] = palette[index * 4 + 2 - i] ?? 0;
    } else {
      const pixel = bits === 16 ? view.getUint16(x * 2, true) : view.getUint32(x * 4, true);
      for (let i = 0; i < 3; i++) rgb[to + i] = channelOf(pixel, masks[i] ?? 0);
    }
  }
}

export async function bmpToJpeg(source: ByteSource, limits: JpegLimits): Promise<EncodedJpeg> {
  const layout = await readLayout(source);
  const { width, height, strideBytes } = layout;
  const encoder = jpegEncoder({ width, height, ...limits, orientation: 1, icc: null });
  const rgb = new Uint8Array(width * 3);
  const bandRows = Math.max(1, Math.floor(BAND_BYTES / strideBytes));
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    const first = layout.isTopDown ? top : height - top - rows;
    const band = await source.read(layout.pixelsAt + first * strideBytes, rows * strideBytes);
    if (band.length < rows * strideBytes) throw new CutShort("the BMP is cut short");
    for (let y = 0; y < rows; y++) {
      const at = (layout.isTopDown ? y : rows - 1 - y) * strideBytes;
      fillRow(band.subarray(at, at + strideBytes), layout, rgb);
      encoder.addRow(rgb, 0);
    }
  }
  return { pieces: encoder.finish(), sizeBytes: encoder.sizeBytes(), width, height };
}
