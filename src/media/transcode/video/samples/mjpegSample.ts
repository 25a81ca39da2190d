/** Decodes frames of Motion JPEG tracks with the scaled decoder of photos. */
import { asciiAt, concat } from "../../../inspect/bytes/bytes.ts";
import { memorySource } from "../../../inspect/bytes/byteSource.ts";
import { recodeColour } from "../../colour/recodeColour.ts";
import { acChrominance, acLuminance, dcChrominance, dcLuminance, type HuffmanTable } from "../../jpeg/jpegTables.ts";
import { resizeToSize } from "../../resize/resizeImage.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { decodeScaled } from "../../scaled/decodeScaled.ts";
import { displayedSize } from "../planesImage.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

/** It is in memory twice, with and without the tables. */
export const MAX_MJPEG_SAMPLE_BYTES = 12 * 1024 * 1024;

const START = 0xd8;
const END = 0xd9;
const APP0 = 0xe0;
const APP1 = 0xe1;
const COMMENT = 0xfe;
const SCAN = 0xda;
const HUFFMAN = 0xc4;
const SQUARE = { width: 1, height: 1 };
/** BT.601 of JFIF. */
const JPEG_CODING = { matrix: 6, isFullRange: true };
const MAX_SEGMENTS = 100;
/** Some writers put another header in front of the JPEG. */
const MAX_LEAD_BYTES = 64;

function indexOfMarker(bytes: Uint8Array, code: number, from: number): number {
  let at = bytes.indexOf(0xff, from);
  while (at >= 0 && bytes[at + 1] !== code) at = bytes.indexOf(0xff, at + 1);
  return at;
}

/** A table as in a DHT segment: class × 16 + id, counts and symbols. */
function tableBytes(id: number, { counts, symbols }: HuffmanTable): Uint8Array {
  return Uint8Array.from([id, ...counts, ...symbols]);
}

/** Motion JPEG leaves out the tables of ITU-T T.81 annex K.3. Tables of the frame come later and replace them. */
function withDefaultTables(jpeg: Uint8Array): Uint8Array {
  const tables = concat([
    tableBytes(0x00, dcLuminance),
    tableBytes(0x01, dcChrominance),
    tableBytes(0x10, acLuminance),
    tableBytes(0x11, acChrominance),
  ]);
  const length = tables.length + 2;
  const segment = concat([Uint8Array.from([0xff, HUFFMAN, length >> 8, length & 255]), tables]);
  return concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

interface Head {
  /**
   * The frame may be two JPEGs of its odd and even rows: "AVI1" of the OpenDML AVI extensions 1.02, and "mjpg" of
   * QuickTime's Motion JPEG A.
   */
  hasFields: boolean;
  /** Luma from 16 to 235, as ffmpeg marks it; others have the full range of JFIF. */
  isLimitedRange: boolean;
}

/** Reads the segments in front of the first scan. */
function readHead(jpeg: Uint8Array): Head {
  const head = { hasFields: false, isLimitedRange: false };
  let at = 2;
  for (let count = 0; count < MAX_SEGMENTS && jpeg[at] === 0xff; count++) {
    const marker = jpeg[at + 1] ?? SCAN;
    if (marker === SCAN) break;
    if (marker === APP0 && asciiAt(jpeg, at + 4, 4) === "AVI1") head.hasFields = (jpeg[at + 8] ?? 0) !== 0;
    if (marker === APP1 && asciiAt(jpeg, at + 8, 4) === "mjpg") head.hasFields = true;
    if (marker === COMMENT && asciiAt(jpeg, at + 4, 9) === "CS=ITU601") head.isLimitedRange = true;
    at += 2 + (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0);
  }
  return head;
}

/** Whether another JPEG follows the first one, after the padding of a field. */
function isPair(jpeg: Uint8Array): boolean {
  const end = indexOfMarker(jpeg, END, 2);
  return end >= 0 && indexOfMarker(jpeg, START, end) >= 0;
}

/** Shows the first field: the second one is another moment. */
function doubleRows({ width, height, rgba }: RgbaImage): RgbaImage {
  const stride = width * 4;
  const doubled = new Uint8Array(rgba.length * 2);
  for (let y = 0; y < height * 2; y++) {
    const from = (y >> 1) * stride;
    doubled.set(rgba.subarray(from, from + stride), y * stride);
  }
  return { width, height: height * 2, rgba: doubled };
}

export const mjpegSample: SampleDecoder = {
  name: "Motion JPEG",
  maxSampleBytes: MAX_MJPEG_SAMPLE_BYTES,
  decode: async (sample, { pixelAspect }, edgePx) => {
    const start = indexOfMarker(sample.subarray(0, MAX_LEAD_BYTES), START, 0);
    if (start < 0) return { kind: "unsupported", reason: "the frame of Motion JPEG is no JPEG" };
    const jpeg = sample.subarray(start);
    const { hasFields, isLimitedRange } = readHead(jpeg);
    const decoded = await decodeScaled(memorySource(withDefaultTables(jpeg)), "jpeg", edgePx);
    if (decoded.kind === "unsupported") return decoded;
    if (isLimitedRange) recodeColour(decoded.image, JPEG_CODING, { ...JPEG_CODING, isFullRange: false });
    const image = hasFields && isPair(jpeg) ? doubleRows(decoded.image) : decoded.image;
    return { kind: "image", image: resizeToSize(image, displayedSize(image, pixelAspect ?? SQUARE, edgePx)) };
  },
};
