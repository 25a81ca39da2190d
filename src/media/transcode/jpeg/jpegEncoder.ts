/**
 * A baseline JPEG encoder that takes a picture row by row and keeps sixteen rows of it: the whole never has to exist.
 * Codecs compiled to WebAssembly want all pixels at once, which at 12 MP is 48 MB of a Worker's 128. No decoder.
 */
import { JpegTooLong } from "./encodedJpeg.ts";
import { bitSink } from "./jpegBits.ts";
import { component, putBlock } from "./jpegBlock.ts";
import * as segments from "./jpegSegments.ts";
import * as tables from "./jpegTables.ts";

export interface JpegOptions {
  width: number;
  height: number;
  /** 1 to 100. */
  quality: number;
  /** EXIF's 1 to 8: how the stored rows are to be turned when shown. */
  orientation: number;
  icc: Uint8Array | null;
  /** No file may be longer: a `JpegTooLong` is thrown as soon as it is. */
  maxBytes: number;
}

export interface JpegEncoder {
  /** The next row: 3 bytes a pixel from `at` on. Rows beyond the height are not looked at. */
  addRow(rgb: Uint8Array | Uint8ClampedArray, at: number): void;
  /** What there is of the file so far, in bytes. */
  sizeBytes(): number;
  /** The file, in pieces. Rows that never came are grey. */
  finish(): Uint8Array[];
}

/** What the format can say of a side. */
export const LONGEST_JPEG_SIDE = 65_535;

/** Sixteen rows as the encoder wants them; widths are rounded up to whole blocks. */
interface Band {
  stride: number;
  luma: Float32Array;
  blue: Float32Array;
  red: Float32Array;
}

function bandOf(width: number): Band {
  const stride = Math.ceil(width / 16) * 16;
  const chroma = () => new Float32Array((stride / 2) * 8);
  return { stride, luma: new Float32Array(stride * 16), blue: chroma(), red: chroma() };
}

/** JFIF's conversion, each chroma sample the mean of four pixels. The last pixel is repeated up to the edge of its block. */
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

/** The last row again, down to the edge of its block. */
function repeatRow(band: Band, rows: number, rgb: Uint8Array | Uint8ClampedArray, at: number, width: number): void {
  for (let row = rows; row < 16; row++) fillRow(band, row, rgb, at, width);
}

function copyBlock(block: Float64Array, plane: Float32Array, at: number, stride: number): void {
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) block[y * 8 + x] = plane[at + y * stride + x] ?? 0;
  }
}

function headerOf(options: JpegOptions, luma: Uint8Array, chroma: Uint8Array): Uint8Array[] {
  return [
    segments.startOfImage,
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

export function jpegEncoder(options: JpegOptions): JpegEncoder {
  const { width, height, quality } = options;
  const lumaSteps = tables.quantization("luminance", quality);
  const chromaSteps = tables.quantization("chrominance", quality);
  const sink = bitSink();
  for (const part of headerOf(options, lumaSteps, chromaSteps)) sink.bytes(part);
  const luma = component(lumaSteps, tables.dcLuminance, tables.acLuminance);
  const blue = component(chromaSteps, tables.dcChrominance, tables.acChrominance);
  const red = component(chromaSteps, tables.dcChrominance, tables.acChrominance);
  const band = bandOf(width);
  const block = new Float64Array(64);
  const half = band.stride / 2;
  let row = 0;

  /** T.81 A.2.3: of each 16 × 16 pixels four blocks of Y, then one of Cb and one of Cr. */
  function putBand(): void {
    for (let x = 0; x < band.stride; x += 16) {
      for (const at of [x, x + 8, x + 8 * band.stride, x + 8 * band.stride + 8]) {
        copyBlock(block, band.luma, at, band.stride);
        putBlock(sink, block, luma);
      }
      copyBlock(block, band.blue, x / 2, half);
      putBlock(sink, block, blue);
      copyBlock(block, band.red, x / 2, half);
      putBlock(sink, block, red);
    }
  }

  function addRow(rgb: Uint8Array | Uint8ClampedArray, at: number): void {
    if (row >= height) return;
    fillRow(band, row % 16, rgb, at, width);
    row++;
    if (row === height) repeatRow(band, ((row - 1) % 16) + 1, rgb, at, width);
    if (row % 16 === 0 || row === height) putBand();
    if (sink.sizeBytes() > options.maxBytes) throw new JpegTooLong(`the JPEG is over ${options.maxBytes} bytes`);
  }

  function finish(): Uint8Array[] {
    const grey = new Uint8Array(width * 3).fill(128);
    while (row < height) addRow(grey, 0);
    sink.flush();
    sink.bytes(segments.endOfImage);
    return sink.chunks();
  }

  return { addRow, sizeBytes: () => sink.sizeBytes(), finish };
}
