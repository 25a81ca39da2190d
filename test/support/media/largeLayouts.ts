/** Files of the largest accepted layouts. Their pixels repeat one pattern, so that no test holds them in memory. */
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import type { ByteSource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { decoderMemory } from "../../../src/media/transcode/decoderMemory.ts";
import { jpegEncoder } from "../../../src/media/transcode/jpeg/jpegEncoder.ts";

/** Noise that is the same in every run. */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** A file of `head` and then `pattern` again and again. Its reads allocate, as those from R2 do. */
export function patternSource(head: Uint8Array, pattern: Uint8Array, patternBytes: number): ByteSource {
  const sizeBytes = head.length + patternBytes;
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
    const headPart = head.subarray(offset, offset + bytes.length);
    bytes.set(headPart);
    for (let at = headPart.length; at < bytes.length;) {
      const from = (offset + at - head.length) % pattern.length;
      const part = pattern.subarray(from, from + bytes.length - at);
      bytes.set(part, at);
      at += part.length;
    }
    return Promise.resolve(bytes);
  };
  return { sizeBytes, read };
}

export interface TiffSpec {
  width: number;
  height: number;
  bits?: number;
  samples?: number;
  photometric?: number;
  compression?: number;
  predictor?: number;
  rowsPerStrip?: number;
  tile?: [number, number];
  /** The bytes of every strip or tile: `pattern` repeated to `segmentBytes`. */
  pattern: Uint8Array;
  segmentBytes: number;
}

/** Builds a little-endian TIFF whose directory precedes its strips or tiles. */
export function largeTiff(spec: TiffSpec): ByteSource {
  const { width, height, bits = 8, samples = 3, photometric = 2, compression = 1, predictor = 1, tile } = spec;
  const [tileWidth, tileHeight] = tile ?? [width, spec.rowsPerStrip ?? height];
  const segments = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  const [offsetTag, sizeTag] = tile === undefined ? [0x111, 0x117] : [0x144, 0x145];
  const dimensions: [number, number[]][] =
    tile === undefined
      ? [[0x116, [tileHeight]]]
      : [
          [0x142, [tileWidth]],
          [0x143, [tileHeight]],
        ];
  const fixed: [number, number[]][] = [
    [0x100, [width]],
    [0x101, [height]],
    [0x102, [bits]],
    [0x103, [compression]],
    [0x106, [photometric]],
    [0x115, [samples]],
    [0x13d, [predictor]],
    ...dimensions,
  ];
  const valuesAt = 8 + 2 + (fixed.length + 2) * 12 + 4;
  const pixelsAt = valuesAt + (segments > 1 ? segments * 8 : 0);
  const entries: [number, number[]][] = [
    ...fixed,
    [offsetTag, Array.from({ length: segments }, () => pixelsAt)],
    [sizeTag, Array.from({ length: segments }, () => spec.segmentBytes)],
  ];
  const view = new DataView(new ArrayBuffer(pixelsAt));
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  let valueAt = valuesAt;
  for (const [i, [tag, values]] of entries.toSorted((a, b) => a[0] - b[0]).entries()) {
    const at = 10 + i * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, 4, true);
    view.setUint32(at + 4, values.length, true);
    if (values.length === 1) view.setUint32(at + 8, values[0] ?? 0, true);
    else {
      view.setUint32(at + 8, valueAt, true);
      for (const value of values) view.setUint32((valueAt += 4) - 4, value, true);
    }
  }
  return patternSource(new Uint8Array(view.buffer), spec.pattern, spec.segmentBytes);
}

/** `length` zeros, Deflate-compressed. Long ones lack the end of the stream: decoders stop at the last pixel. */
export function deflatedZeros(length: number): Uint8Array {
  if (length <= 16 * 1024 * 1024) return new Uint8Array(deflateSync(new Uint8Array(length)));
  const blockBytes = 16 * 1024 * 1024;
  const block = deflateRawSync(new Uint8Array(blockBytes), { finishFlush: constants.Z_FULL_FLUSH });
  const count = Math.ceil(length / blockBytes);
  const bytes = new Uint8Array(2 + block.length * count);
  bytes.set([0x78, 0x9c]);
  for (let i = 0; i < count; i++) bytes.set(block, 2 + i * block.length);
  return bytes;
}

/** LZW codes of noise: a clear code, then 253 bytes as codes of 9 bits, again and again. */
export function lzwLiterals(length: number): Uint8Array {
  const out: number[] = [];
  let [held, heldBits] = [0, 0];
  const put = (code: number) => {
    held = ((held << 9) | code) & 0xffff;
    for (heldBits += 9; heldBits >= 8; heldBits -= 8) out.push((held >>> (heldBits - 8)) & 255);
  };
  noise(length).forEach((byte, i) => {
    if (i % 253 === 0) put(256);
    put(byte);
  });
  put(257);
  if (heldBits > 0) out.push((held << (8 - heldBits)) & 255);
  return Uint8Array.from(out);
}

/** Builds a BMP of noise. A negative height has top-down rows. */
export function largeBmp(width: number, height: number, bits: 24 | 32): ByteSource {
  const head = new DataView(new ArrayBuffer(54));
  head.setUint16(0, 0x424d);
  head.setUint32(10, 54, true);
  head.setUint32(14, 40, true);
  head.setInt32(18, width, true);
  head.setInt32(22, height, true);
  head.setUint16(26, 1, true);
  head.setUint16(28, bits, true);
  const strideBytes = Math.ceil((width * bits) / 32) * 4;
  return patternSource(new Uint8Array(head.buffer), noise(65_521), strideBytes * Math.abs(height));
}

function pngChunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(
    Array.from(type, (c) => c.charCodeAt(0)),
    4,
  );
  bytes.set(content, 8);
  return bytes;
}

/** Builds a PNG of black, transparent pixels: its compressed bytes expand a thousandfold. */
export function largePng(width: number, height: number, bits: 8 | 16): ByteSource {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, bits);
  header.setUint8(9, 6);
  const rowBytes = 1 + width * 4 * (bits / 8);
  const pixels = deflatedZeros(rowBytes * height);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  const file = [signature, pngChunk("IHDR", new Uint8Array(header.buffer)), pngChunk("IDAT", pixels)];
  const bytes = new Uint8Array(file.reduce((sum, part) => sum + part.length, 0));
  file.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return patternSource(bytes, new Uint8Array(1), 0);
}

const END_OF_SCAN_HEADER = [0xff, 0xda];

/** Builds a sequential JPEG of noise: each row of blocks is the same and ends with a restart marker. */
export function largeJpeg(width: number, blockRows: number, colourBytes = 0): ByteSource {
  const limits = { quality: 95, maxBytes: 20 * 1024 * 1024, orientation: 1, icc: null, memory: decoderMemory() };
  const encoder = jpegEncoder({ width, height: 16, ...limits });
  const rows = noise(width * 3 * 16);
  for (let y = 0; y < 16; y++) encoder.addRow(rows, y * width * 3);
  const pieces = encoder.finish();
  const jpeg = new Uint8Array(encoder.sizeBytes());
  pieces.reduce((at, part) => (jpeg.set(part, at), at + part.length), 0);
  const scanAt = jpeg.findIndex((_, i) => END_OF_SCAN_HEADER.every((byte, at) => jpeg[i + at] === byte));
  const dataAt = scanAt + 2 + ((jpeg[scanAt + 2] ?? 0) * 256 + (jpeg[scanAt + 3] ?? 0));
  const frameAt = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint16(frameAt + 5, blockRows * 16);
  const interval = Math.ceil(width / 16);
  const profile = new Uint8Array(65_535 + 2);
  profile.set([0xff, 0xe2, 0xff, 0xff, ...Array.from("ICC_PROFILE\0", (c) => c.charCodeAt(0)), 1, 1]);
  const profiles = Array.from({ length: Math.floor(colourBytes / profile.length) }, () => profile);
  const head = [
    jpeg.subarray(0, 2),
    ...profiles,
    Uint8Array.of(0xff, 0xdd, 0, 4, interval >> 8, interval & 255),
    jpeg.subarray(2, dataAt),
  ];
  const headBytes = new Uint8Array(head.reduce((sum, part) => sum + part.length, 0));
  head.reduce((at, part) => (headBytes.set(part, at), at + part.length), 0);
  const data = jpeg.subarray(dataAt, jpeg.length - 2);
  const row = new Uint8Array(data.length + 2);
  row.set(data);
  row.set([0xff, 0xd0], data.length);
  return patternSource(headBytes, row, row.length * blockRows);
}
