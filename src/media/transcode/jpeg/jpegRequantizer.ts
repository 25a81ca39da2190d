/**
 * A JPEG with fewer bytes and as many pixels: its coefficients are read, quantized more coarsely and written again,
 * block by block. Nothing is ever decoded to pixels, and no more than a stretch of the file is held.
 */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { type EncodedJpeg, type JpegLimits, JpegTooLong } from "./encodedJpeg.ts";
import { forwardBytes } from "../forwardReader.ts";
import { bitSink, type BitSink } from "./jpegBits.ts";
import { component, putLevels, type Component } from "./jpegBlock.ts";
import { readJpegHead, type FrameComponent, type JpegHead } from "./jpegHead.ts";
import { scanReader } from "./jpegScan.ts";
import * as segments from "./jpegSegments.ts";
import * as tables from "./jpegTables.ts";

/** More than any row of blocks takes: so much is held before one is begun. */
const ROW_BYTES = 2 * 1024 * 1024;
const MOST_PIXELS = 300 * 1000 * 1000;

interface Part extends FrameComponent {
  /** What a level read is to be multiplied with to be a level written, in zigzag order. */
  ratios: Float64Array;
  previousDc: number;
  written: Component;
}

/** Never finer than what is there: levels only get smaller, and finer ones would hold nothing more. */
function newSteps(head: JpegHead, quality: number): Map<number, Uint8Array> {
  const first = head.components[0]?.table;
  return new Map(
    [...head.steps].map(([id, steps]) => {
      const wanted = tables.quantization(id === first ? "luminance" : "chrominance", quality);
      const coarser = new Uint8Array(64);
      tables.zigzag.forEach((at, i) => {
        coarser[at] = Math.min(255, Math.max(wanted[at] ?? 1, steps[i] ?? 1));
      });
      return [id, coarser];
    }),
  );
}

function partsOf(head: JpegHead, steps: Map<number, Uint8Array>): Part[] {
  return head.components.map((part, i) => {
    const after = steps.get(part.table) ?? new Uint8Array(64).fill(1);
    const before = head.steps.get(part.table) ?? [];
    const ratios = Float64Array.from(tables.zigzag, (at, k) => (before[k] ?? 1) / (after[at] ?? 1));
    const [dc, ac] = i === 0 ? [tables.dcLuminance, tables.acLuminance] : [tables.dcChrominance, tables.acChrominance];
    return { ...part, ratios, previousDc: 0, written: component(after, dc, ac) };
  });
}

function putHead(sink: BitSink, head: JpegHead, steps: Map<number, Uint8Array>, orientation: number): void {
  const { width, height, components } = head;
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const frame = components.flatMap(({ id, across, down, table }) => [id, across * 16 + down, table]);
  const selectors = components.flatMap(({ id }, i) => [id, i === 0 ? 0x00 : 0x11]);
  const parts = [
    segments.startOfImage,
    ...(orientation > 1 ? [segments.orientationSegment(orientation)] : []),
    ...head.kept,
    ...[...steps].map(([id, table]) => segments.quantizationSegment(id, table)),
    segments.segment(0xc0, [8, ...size, components.length, ...frame]),
    segments.huffmanSegment(0, 0, tables.dcLuminance),
    segments.huffmanSegment(1, 0, tables.acLuminance),
    segments.huffmanSegment(0, 1, tables.dcChrominance),
    segments.huffmanSegment(1, 1, tables.acChrominance),
    segments.segment(0xda, [components.length, ...selectors, 0, 63, 0]),
  ];
  for (const part of parts) sink.bytes(part);
}

/** In a scan of one component each block stands alone, whatever its sampling says; T.81 A.2.2. */
function blocksOf(head: JpegHead): { columns: number; rows: number; perUnit: number[] } {
  const isAlone = head.components.length === 1;
  const across = isAlone ? 1 : Math.max(...head.components.map((part) => part.across));
  const down = isAlone ? 1 : Math.max(...head.components.map((part) => part.down));
  return {
    columns: Math.ceil(head.width / (8 * across)),
    rows: Math.ceil(head.height / (8 * down)),
    perUnit: head.components.map((part) => (isAlone ? 1 : part.across * part.down)),
  };
}

function requantize(levels: Int32Array, ratios: Float64Array, last: number): number {
  let newLast = 0;
  for (let i = 0; i <= last; i++) {
    const level = Math.round((levels[i] ?? 0) * (ratios[i] ?? 1));
    levels[i] = level;
    if (level !== 0) newLast = i;
  }
  return newLast;
}

export async function shrinkJpeg(source: ByteSource, limits: JpegLimits, orientation: number): Promise<EncodedJpeg> {
  const forward = forwardBytes(source);
  const head = await readJpegHead(forward);
  const { width, height } = head;
  if (width * height > MOST_PIXELS) throw new Error(`${width} × ${height} is more than can be read here`);
  const steps = newSteps(head, limits.quality);
  const parts = partsOf(head, steps);
  const { columns, rows, perUnit } = blocksOf(head);
  const reader = scanReader(forward);
  const sink = bitSink();
  putHead(sink, head, steps, orientation);
  const levels = new Int32Array(64);

  function copyUnit(): void {
    parts.forEach((part, i) => {
      for (let left = perUnit[i] ?? 0; left > 0; left--) {
        const last = reader.readBlock(part.dc, part.ac, part.previousDc, levels);
        part.previousDc = levels[0] ?? 0;
        putLevels(sink, levels, requantize(levels, part.ratios, last), part.written);
      }
    });
  }

  let untilRestart = head.restartInterval;
  for (let row = 0; row < rows; row++) {
    await forward.ensure(ROW_BYTES);
    for (let column = 0; column < columns; column++) {
      if (head.restartInterval > 0 && untilRestart-- === 0) {
        reader.restart();
        untilRestart = head.restartInterval - 1;
        for (const part of parts) part.previousDc = 0;
      }
      copyUnit();
    }
    if (sink.sizeBytes() > limits.maxBytes) throw new JpegTooLong(`the JPEG is over ${limits.maxBytes} bytes`);
  }
  sink.flush();
  sink.bytes(segments.endOfImage);
  return { pieces: sink.chunks(), sizeBytes: sink.sizeBytes(), width, height };
}
