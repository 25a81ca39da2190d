/** Converts an uncompressed BMP to a JPEG of the same size, a few rows at a time. */
import { viewOf } from "../inspect/bytes/bytes.ts";
import type { ByteSource } from "../inspect/bytes/byteSource.ts";
import { decoderMemory } from "./decoderMemory.ts";
import { encodedJpeg } from "./jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "./scaled/rowSink.ts";
import { requireConvertibleSize, TruncatedFileError, type EncodedJpeg, type JpegLimits } from "./jpeg/encodedJpeg.ts";
import { yieldToRequests } from "./yieldToRequests.ts";

interface BmpLayout {
  width: number;
  height: number;
  bits: number;
  /** A negative height in the header means top-down rows. */
  isTopDown: boolean;
  pixelsOffset: number;
  strideBytes: number;
  /** Four bytes a colour: blue, green, red, unused. */
  palette: Uint8Array;
  /** Bit masks of red, green and blue. */
  masks: [number, number, number];
}

/** Values of biCompression: BI_RGB, then BI_BITFIELDS and BI_ALPHABITFIELDS. */
const UNCOMPRESSED = 0;
const BITFIELDS = [3, 6];

const defaultMasks = new Map<number, [number, number, number]>([
  [16, [0x7c00, 0x03e0, 0x001f]],
  [32, [0xff0000, 0x00ff00, 0x0000ff]],
]);

/** Bytes to read at once. */
const BAND_BYTES = 4 * 1024 * 1024;

async function readBmpLayout(source: ByteSource): Promise<BmpLayout> {
  const head = viewOf(await source.read(0, 14 + 124));
  if (head.byteLength < 26) throw new TruncatedFileError("the BMP header is truncated");
  const headerBytes = head.getUint32(14, true);
  const isCoreHeader = headerBytes === 12;
  const width = isCoreHeader ? head.getUint16(18, true) : head.getInt32(18, true);
  const signedHeight = isCoreHeader ? head.getUint16(20, true) : head.getInt32(22, true);
  const bits = head.getUint16(isCoreHeader ? 24 : 28, true);
  const compression = isCoreHeader ? UNCOMPRESSED : head.getUint32(30, true);
  const height = Math.abs(signedHeight);
  const isMasked = BITFIELDS.includes(compression);
  if (compression !== UNCOMPRESSED && !isMasked) throw new Error(`unsupported BMP compression ${compression}`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`unsupported BMP with ${bits} bits a pixel`);
  requireConvertibleSize(width, height, "BMP");
  const masks: BmpLayout["masks"] = isMasked
    ? [head.getUint32(54, true), head.getUint32(58, true), head.getUint32(62, true)]
    : (defaultMasks.get(bits) ?? [0, 0, 0]);
  const palette =
    bits > 8 ? new Uint8Array() : await readPalette(source, 14 + headerBytes, isCoreHeader ? 3 : 4, 2 ** bits);
  const strideBytes = Math.ceil((width * bits) / 32) * 4;
  return {
    width,
    height,
    bits,
    isTopDown: signedHeight < 0,
    pixelsOffset: head.getUint32(10, true),
    strideBytes,
    palette,
    masks,
  };
}

/** Returns four bytes a colour for both header versions. */
async function readPalette(source: ByteSource, at: number, entryBytes: number, count: number): Promise<Uint8Array> {
  const bytes = await source.read(at, entryBytes * count);
  const palette = new Uint8Array(count * 4);
  for (let i = 0; i < count; i++) palette.set(bytes.subarray(i * entryBytes, i * entryBytes + 3), i * 4);
  return palette;
}

/** Scales the bits under a mask to 8 bits. */
function scaleChannel(pixel: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return Math.round((((pixel & mask) >>> shift) * 255) / largest);
}

function fillRow(row: Uint8Array, layout: BmpLayout, rgb: Uint8Array): void {
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
      for (let i = 0; i < 3; i++) rgb[to + i] = scaleChannel(pixel, masks[i] ?? 0);
    }
  }
}

/** Throws for run-length compression and other unsupported forms. `openSink` gets the same rows. */
export async function bmpToJpeg(source: ByteSource, limits: JpegLimits, openSink?: OpenRowSink): Promise<EncodedJpeg> {
  const layout = await readBmpLayout(source);
  const { width, height, strideBytes } = layout;
  const memory = decoderMemory();
  const bandRows = Math.max(1, Math.floor(BAND_BYTES / strideBytes));
  // The previous band may still be in memory while the next one is read.
  memory.hold("bmp", 2 * Math.min(bandRows, height) * strideBytes + width * 3);
  const encoder = encoderWithSink({ width, height, ...limits, orientation: 1, icc: null, memory }, openSink);
  const rgb = new Uint8Array(width * 3);
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    const first = layout.isTopDown ? top : height - top - rows;
    const band = await source.read(layout.pixelsOffset + first * strideBytes, rows * strideBytes);
    if (band.length < rows * strideBytes) throw new TruncatedFileError("the BMP is truncated");
    await yieldToRequests(band.length);
    for (let y = 0; y < rows; y++) {
      const at = (layout.isTopDown ? y : rows - 1 - y) * strideBytes;
      fillRow(band.subarray(at, at + strideBytes), layout, rgb);
      encoder.addRow(rgb, 0);
    }
  }
  return encodedJpeg(encoder, { width, height, memory });
}
