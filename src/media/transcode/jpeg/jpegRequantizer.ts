/**
 * Reduces a JPEG's bytes at the same pixel size: reads its coefficients, quantizes them more coarsely and writes them
 * again, block by block. Buffers a few megabytes of the file and decodes no pixels.
 */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { type EncodedJpeg, type JpegLimits, JpegTooLargeError } from "./encodedJpeg.ts";
import { forwardReader } from "../forwardReader.ts";
import { bitWriter, type BitWriter } from "./bitWriter.ts";
import { createComponent, writeCoefficients, type Component } from "./jpegBlock.ts";
import { readJpegHeader, type FrameComponent, type JpegHeader } from "./jpegHead.ts";
import { scanReader } from "./jpegScan.ts";
import * as segments from "./jpegSegments.ts";
import * as tables from "./jpegTables.ts";
import { yieldToRequests } from "../yieldToRequests.ts";

/** Upper bound of one row of blocks, buffered before the row starts. */
const MAX_BLOCK_ROW_BYTES = 2 * 1024 * 1024;
/** Bounds the CPU time; only rows of blocks are in memory. */
export const MAX_REQUANTIZED_PIXELS = 300 * 1000 * 1000;

interface RequantizedComponent extends FrameComponent {
  /** Old step over new step, in zigzag order. */
  ratios: Float64Array;
  previousDc: number;
  output: Component;
}

/** Keeps steps that are coarser already: finer ones would only enlarge the file. */
function coarserQuantization(header: JpegHeader, quality: number): Map<number, Uint8Array> {
  const first = header.components[0]?.table;
  return new Map(
    [...header.quantization].map(([id, steps]) => {
      const target = tables.quantization(id === first ? "luminance" : "chrominance", quality);
      const coarser = new Uint8Array(64);
      tables.zigzag.forEach((at, i) => {
        coarser[at] = Math.min(255, Math.max(target[at] ?? 1, steps[i] ?? 1));
      });
      return [id, coarser];
    }),
  );
}

function requantizedComponents(header: JpegHeader, steps: Map<number, Uint8Array>): RequantizedComponent[] {
  return header.components.map((component, i) => {
    const after = steps.get(component.table) ?? new Uint8Array(64).fill(1);
    const before = header.quantization.get(component.table) ?? [];
    const ratios = Float64Array.from(tables.zigzag, (at, k) => (before[k] ?? 1) / (after[at] ?? 1));
    const [dc, ac] = i === 0 ? [tables.dcLuminance, tables.acLuminance] : [tables.dcChrominance, tables.acChrominance];
    return { ...component, ratios, previousDc: 0, output: createComponent(after, dc, ac) };
  });
}

function writeHeader(writer: BitWriter, header: JpegHeader, steps: Map<number, Uint8Array>, orientation: number): void {
  const { width, height, components } = header;
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const frame = components.flatMap(({ id, horizontalSampling, verticalSampling, table }) => [
    id,
    horizontalSampling * 16 + verticalSampling,
    table,
  ]);
  const selectors = components.flatMap(({ id }, i) => [id, i === 0 ? 0x00 : 0x11]);
  const headerSegments = [
    segments.START_OF_IMAGE,
    ...(orientation > 1 ? [segments.orientationSegment(orientation)] : []),
    ...header.colourSegments,
    ...[...steps].map(([id, table]) => segments.quantizationSegment(id, table)),
    segments.segment(0xc0, [8, ...size, components.length, ...frame]),
    segments.huffmanSegment(0, 0, tables.dcLuminance),
    segments.huffmanSegment(1, 0, tables.acLuminance),
    segments.huffmanSegment(0, 1, tables.dcChrominance),
    segments.huffmanSegment(1, 1, tables.acChrominance),
    segments.segment(0xda, [components.length, ...selectors, 0, 63, 0]),
  ];
  for (const segment of headerSegments) writer.writeBytes(segment);
}

/** A scan of one component ignores sampling factors; T.81 §A.2.2. */
function mcuLayout(header: JpegHeader): { columns: number; rows: number; blocksPerMcu: number[] } {
  const isSingle = header.components.length === 1;
  const maxHorizontal = isSingle ? 1 : Math.max(...header.components.map((component) => component.horizontalSampling));
  const maxVertical = isSingle ? 1 : Math.max(...header.components.map((component) => component.verticalSampling));
  return {
    columns: Math.ceil(header.width / (8 * maxHorizontal)),
    rows: Math.ceil(header.height / (8 * maxVertical)),
    blocksPerMcu: header.components.map((component) =>
      isSingle ? 1 : component.horizontalSampling * component.verticalSampling,
    ),
  };
}

function requantizeBlock(coefficients: Int32Array, ratios: Float64Array, last: number): number {
  let newLast = 0;
  for (let i = 0; i <= last; i++) {
    const coefficient = Math.round((coefficients[i] ?? 0) * (ratios[i] ?? 1));
    coefficients[i] = coefficient;
    if (coefficient !== 0) newLast = i;
  }
  return newLast;
}

/**
 * Re-encodes a sequential JPEG of at most 300 megapixels at `limits.quality` and sets its EXIF orientation. Throws
 * `JpegTooLargeError` or `TruncatedFileError`.
 */
export async function requantizeJpeg(
  source: ByteSource,
  limits: JpegLimits,
  orientation: number,
): Promise<EncodedJpeg> {
  const memory = decoderMemory();
  const reader = forwardReader(source, memory);
  const header = await readJpegHeader(reader, memory);
  const { width, height } = header;
  if (width * height > MAX_REQUANTIZED_PIXELS)
    throw new Error(`the JPEG is too large to read: ${width} × ${height} pixels`);
  const steps = coarserQuantization(header, limits.quality);
  const components = requantizedComponents(header, steps);
  const { columns, rows, blocksPerMcu } = mcuLayout(header);
  const scan = scanReader(reader);
  const writer = bitWriter();
  writeHeader(writer, header, steps, orientation);
  const coefficients = new Int32Array(64);

  function copyMcu(): void {
    components.forEach((component, i) => {
      for (let left = blocksPerMcu[i] ?? 0; left > 0; left--) {
        const last = scan.readBlock(component.dc, component.ac, component.previousDc, coefficients);
        component.previousDc = coefficients[0] ?? 0;
        writeCoefficients(
          writer,
          coefficients,
          requantizeBlock(coefficients, component.ratios, last),
          component.output,
        );
      }
    });
  }

  let mcusToRestart = header.restartInterval;
  for (let row = 0; row < rows; row++) {
    await reader.ensure(MAX_BLOCK_ROW_BYTES);
    await yieldToRequests(columns * 64 * 3);
    for (let column = 0; column < columns; column++) {
      if (header.restartInterval > 0 && mcusToRestart-- === 0) {
        scan.skipRestartMarker();
        mcusToRestart = header.restartInterval - 1;
        for (const component of components) component.previousDc = 0;
      }
      copyMcu();
    }
    memory.hold("jpeg", writer.allocatedBytes());
    if (writer.sizeBytes() > limits.maxBytes) throw new JpegTooLargeError(`the JPEG exceeds ${limits.maxBytes} bytes`);
  }
  writer.flush();
  writer.writeBytes(segments.END_OF_IMAGE);
  return { pieces: writer.chunks(), sizeBytes: writer.sizeBytes(), width, height, peakBytes: memory.peakBytes() };
}
