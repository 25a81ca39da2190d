/**
 * Encodes baseline JPEG row by row and buffers sixteen rows. Codecs compiled to WebAssembly take all pixels at once: 48
 * MB of a Worker's 128 MB for 12 megapixels.
 */
import type { DecoderMemory } from "../decoderMemory.ts";
import { type EncodedJpeg, JpegTooLargeError } from "./encodedJpeg.ts";
import { bitWriter } from "./bitWriter.ts";
import { createComponent, writeBlock } from "./jpegBlock.ts";
import * as segments from "./jpegSegments.ts";
import * as tables from "./jpegTables.ts";

export interface JpegOptions {
  width: number;
  height: number;
  /** 1 to 100. */
  quality: number;
  /** EXIF orientation of the stored rows, 1 to 8. */
  orientation: number;
  icc: Uint8Array | null;
  /** Exceeding it, or what the memory has room for, throws `JpegTooLargeError`: a lower quality may fit. */
  maxBytes: number;
  /** Accounts for the encoder's buffers and the file. */
  memory: DecoderMemory;
}

export interface JpegEncoder {
  /** Adds the next row, 3 bytes a pixel from `at`. Rows past the height are ignored. */
  addRow(rgb: Uint8Array | Uint8ClampedArray, at: number): void;
  /** Bytes encoded so far. */
  sizeBytes(): number;
  /** Returns the file in chunks. Missing rows are grey. */
  finish(): Uint8Array[];
}

/** Sixteen rows of planes; widths are rounded up to whole blocks. */
interface Band {
  stride: number;
  luma: Float32Array;
  blue: Float32Array;
  red: Float32Array;
}

function createBand(width: number): Band {
  const stride = Math.ceil(width / 16) * 16;
  const chroma = () => new Float32Array((stride / 2) * 8);
  return { stride, luma: new Float32Array(stride * 16), blue: chroma(), red: chroma() };
}

/** Luma and two quarter-size chroma planes of four bytes a sample, and a row of RGB for missing rows. */
function bandBytes(width: number): number {
  const stride = Math.ceil(width / 16) * 16;
  return stride * 16 * 4 * 1.5 + stride * 3;
}

/** Converts RGB as JFIF defines and averages chroma over 2 × 2 pixels. The last pixel fills its block. */
function fillRow(band: Band, row: number, rgb: Uint8Array | Uint8ClampedArray, at: number, width: number): void {
  const { stride, luma, blue, red } = band;
  const chromaRow = (row >> 1) * (stride >> 1);
  for (let x = 0; x < stride; x++) {
    const pixel = at + 3 * Math.min(x, width - 1);
    const r = rgb[pixel] ?? 0;
    const g = rgb[pixel + 1] ?? 0;
    const b = rgb[pixel + 2] ?? 0;
    luma[row * stride + x] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
    const cell = chromaRow + (x >> 1);
    const isFirst = (row & 1) === 0 && (x & 1) === 0;
    blue[cell] = (isFirst ? 0 : (blue[cell] ?? 0)) + (-0.168736 * r - 0.331264 * g + 0.5 * b) / 4;
    red[cell] = (isFirst ? 0 : (red[cell] ?? 0)) + (0.5 * r - 0.418688 * g - 0.081312 * b) / 4;
  }
}

/** Fills the last block row with the last row. */
function repeatRow(band: Band, rows: number, rgb: Uint8Array | Uint8ClampedArray, at: number, width: number): void {
  for (let row = rows; row < 16; row++) fillRow(band, row, rgb, at, width);
}

function copyBlock(block: Float64Array, plane: Float32Array, at: number, stride: number): void {
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) block[y * 8 + x] = plane[at + y * stride + x] ?? 0;
  }
}

function headerSegments(options: JpegOptions, luma: Uint8Array, chroma: Uint8Array): Uint8Array[] {
  return [
    segments.START_OF_IMAGE,
    segments.jfifSegment,
    ...(options.orientation > 1 ? [segments.orientationSegment(options.orientation)] : []),
    ...(options.icc === null ? [] : segments.profileSegments(options.icc)),
    segments.quantizationSegment(0, luma),
    segments.quantizationSegment(1, chroma),
    segments.frameSegment(options.width, options.height),
    segments.huffmanSegment(0, 0, tables.dcLuminance),
    segments.huffmanSegment(1, 0, tables.acLuminance),
    segments.huffmanSegment(0, 1, tables.dcChrominance),
    segments.huffmanSegment(1, 1, tables.acChrominance),
    segments.scanSegment,
  ];
}

/** Creates an encoder with 4:2:0 subsampling and the standard Huffman tables. */
export function jpegEncoder(options: JpegOptions): JpegEncoder {
  const { width, height, quality, memory } = options;
  const lumaSteps = tables.quantization("luminance", quality);
  const chromaSteps = tables.quantization("chrominance", quality);
  const writer = bitWriter();
  for (const segment of headerSegments(options, lumaSteps, chromaSteps)) writer.writeBytes(segment);
  const luma = createComponent(lumaSteps, tables.dcLuminance, tables.acLuminance);
  const blue = createComponent(chromaSteps, tables.dcChrominance, tables.acChrominance);
  const red = createComponent(chromaSteps, tables.dcChrominance, tables.acChrominance);
  memory.hold("encoder", bandBytes(width));
  const band = createBand(width);
  const block = new Float64Array(64);
  const half = band.stride / 2;
  let row = 0;

  /** An MCU of 16 × 16 pixels has four Y blocks, one Cb and one Cr; T.81 §A.2.3. */
  function writeBand(): void {
    for (let x = 0; x < band.stride; x += 16) {
      for (const at of [x, x + 8, x + 8 * band.stride, x + 8 * band.stride + 8]) {
        copyBlock(block, band.luma, at, band.stride);
        writeBlock(writer, block, luma);
      }
      copyBlock(block, band.blue, x / 2, half);
      writeBlock(writer, block, blue);
      copyBlock(block, band.red, x / 2, half);
      writeBlock(writer, block, red);
    }
  }

  function addRow(rgb: Uint8Array | Uint8ClampedArray, at: number): void {
    if (row >= height) return;
    fillRow(band, row % 16, rgb, at, width);
    row++;
    if (row === height) repeatRow(band, ((row - 1) % 16) + 1, rgb, at, width);
    if (row % 16 !== 0 && row !== height) return;
    writeBand();
    if (writer.sizeBytes() > options.maxBytes || writer.allocatedBytes() > memory.roomFor("jpeg"))
      throw new JpegTooLargeError(`the JPEG exceeds ${options.maxBytes} bytes`);
    memory.hold("jpeg", writer.allocatedBytes());
  }

  function finish(): Uint8Array[] {
    const grey = new Uint8Array(width * 3).fill(128);
    while (row < height) addRow(grey, 0);
    writer.flush();
    writer.writeBytes(segments.END_OF_IMAGE);
    return writer.chunks();
  }

  return { addRow, sizeBytes: () => writer.sizeBytes(), finish };
}

/** Finishes the file and describes it. */
export function encodedJpeg(
  encoder: JpegEncoder,
  { width, height, memory }: { width: number; height: number; memory: DecoderMemory },
): EncodedJpeg {
  const pieces = encoder.finish();
  return { pieces, sizeBytes: encoder.sizeBytes(), width, height, peakBytes: memory.peakBytes() };
}
