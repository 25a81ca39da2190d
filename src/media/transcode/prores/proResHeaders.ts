/** Reads the headers of Apple ProRes frames; SMPTE RDD 36 §5. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";

export interface ProResFrame {
  width: number;
  height: number;
  /** 0 for a frame, 1 if the top field comes first, 2 for the bottom field. */
  interlaceMode: number;
  /** Code points of ITU-T H.273. */
  primaries: number;
  transfer: number;
  matrix: number;
  /** Steps of luma and chroma, row by row. */
  luma: Uint8Array;
  chroma: Uint8Array;
  /** The picture, or two fields. */
  pictures: Uint8Array;
}

export interface ProResSlice {
  /** First macroblock, and the number of them: 1, 2, 4 or 8. */
  x: number;
  y: number;
  macroblocks: number;
  scale: number;
  /** Luma, blue and red. */
  components: [Uint8Array, Uint8Array, Uint8Array];
}

const CONTAINER_BYTES = 8;
const HEADER_BYTES = 20;
const CHROMA_422 = 2;
const FLAT_STEPS = new Uint8Array(64).fill(4);
const STEPS_BYTES = 64;
const PICTURE_HEADER_BYTES = 8;
const EDGE_PX = 16;
/** Larger quantization indexes stand for steps of four; Table 15. */
const LINEAR_SCALES = 128;
const MAX_SCALE_INDEX = 224;
const DAMAGED = "the ProRes frame is damaged";

function fail(): never {
  throw new UnsupportedImageError(DAMAGED);
}

/** Returns `length` bytes; throws if the frame has less. */
function take(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return at + length > bytes.length ? fail() : bytes.subarray(at, at + length);
}

/** Throws `UnsupportedImageError` for 4:4:4 and damaged headers. */
export function parseProResFrame(sample: Uint8Array): ProResFrame {
  if (sample.length < CONTAINER_BYTES + HEADER_BYTES || asciiAt(sample, 4, 4) !== "icpf") fail();
  const header = sample.subarray(CONTAINER_BYTES);
  const view = viewOf(header);
  const [headerBytes, width, height, flags] = [
    view.getUint16(0),
    view.getUint16(8),
    view.getUint16(10),
    view.getUint8(12),
  ];
  if (flags >> 6 !== CHROMA_422) throw new UnsupportedImageError("ProRes of 4:4:4");
  const loads = view.getUint8(19);
  const luma = (loads & 2) === 0 ? FLAT_STEPS : take(header, HEADER_BYTES, STEPS_BYTES);
  const chromaAt = HEADER_BYTES + ((loads & 2) === 0 ? 0 : STEPS_BYTES);
  const chroma = (loads & 1) === 0 ? luma : take(header, chromaAt, STEPS_BYTES);
  return {
    width,
    height,
    interlaceMode: (flags >> 2) & 3,
    primaries: view.getUint8(14),
    transfer: view.getUint8(15),
    matrix: view.getUint8(16),
    luma,
    chroma,
    pictures: header.subarray(headerBytes),
  };
}

function componentsOf(slice: Uint8Array): ProResSlice["components"] {
  const view = viewOf(slice);
  const headerBytes = (slice[0] ?? 0) >> 3;
  if (headerBytes < 6 || slice.length < headerBytes) fail();
  const [luma, blue] = [view.getUint16(2), view.getUint16(4)];
  const red = headerBytes > 7 ? view.getUint16(6) : slice.length - headerBytes - luma - blue;
  if (red < 0) fail();
  return [
    take(slice, headerBytes, luma),
    take(slice, headerBytes + luma, blue),
    take(slice, headerBytes + luma + blue, red),
  ];
}

function scaleOf(slice: Uint8Array): number {
  const index = Math.min(Math.max(slice[1] ?? 1, 1), MAX_SCALE_INDEX);
  return index <= LINEAR_SCALES ? index : (index - LINEAR_SCALES + 32) * 4;
}

export interface ProResPicture {
  slices: ProResSlice[];
  /** Bytes of the picture with its headers. */
  sizeBytes: number;
}

/** Reads the slices of a picture of `columns` macroblocks in a row, and `rows` of them. */
export function parseProResPicture(bytes: Uint8Array, columns: number, rows: number): ProResPicture {
  if (bytes.length < PICTURE_HEADER_BYTES) fail();
  const view = viewOf(bytes);
  const headerBytes = view.getUint8(0) >> 3;
  const [sizeBytes, largest] = [view.getUint32(1), 1 << (view.getUint8(7) >> 4)];
  if (headerBytes < PICTURE_HEADER_BYTES || largest > 8) fail();
  const perRow = Math.floor(columns / largest) + bitsOf(columns % largest);
  const sizes = take(bytes, headerBytes, perRow * rows * 2);
  const slices: ProResSlice[] = [];
  let at = headerBytes + sizes.length;
  for (let y = 0; y < rows; y++) {
    let macroblocks = largest;
    for (let x = 0; x < columns; x += macroblocks) {
      while (macroblocks > columns - x) macroblocks >>= 1;
      const slice = take(bytes, at, viewOf(sizes).getUint16(slices.length * 2));
      slices.push({ x, y, macroblocks, scale: scaleOf(slice), components: componentsOf(slice) });
      at += slice.length;
    }
  }
  return { slices, sizeBytes };
}

/** Slices at the right edge have 4, 2 and 1 macroblocks. */
function bitsOf(value: number): number {
  return (value & 1) + ((value >> 1) & 1) + ((value >> 2) & 1);
}

/** Macroblocks from left to right and from top to bottom of a picture. */
export function macroblocksOf(width: number, height: number): { columns: number; rows: number } {
  return { columns: Math.ceil(width / EDGE_PX), rows: Math.ceil(height / EDGE_PX) };
}
