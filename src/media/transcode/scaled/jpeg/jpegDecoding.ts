/** Runs the scans of a JPEG through the kernel and passes its rows of pixels on. */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { Size } from "../../resize/scaledSize.ts";
import { yieldToRequests } from "../../yieldToRequests.ts";
import type { AreaResizer } from "../imageArea.ts";
import { MIN_SHOWN_SHARE, type ImageDamage } from "../imageDamage.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";
import { COMPONENT_FIELDS, startJpegKernel, type JpegKernel } from "./jpegKernel.ts";
import { largestSampling, type FrameLayout } from "./jpegLayout.ts";
import { isYcc, readToScan, type JpegSegments, type Scan } from "./jpegSegments.ts";
import { scanInput, type ScanInput } from "./scanInput.ts";
import { writeScanTables } from "./scanTables.ts";

/** Encoders write ten scans for a progressive file. More would let a small file cost any amount of work. */
export const MAX_JPEG_SCANS = 100;
export const JPEG_DAMAGED = "the JPEG is truncated or damaged";
/** Results of the kernel's `continueRow` and `continueScanRow`. */
const STATES = { needsInput: 1, damaged: 2 } as const;

/** A frame whose first scan is next. */
export interface JpegFile {
  source: ByteSource;
  segments: JpegSegments;
  layout: FrameLayout;
  scan: Scan;
  /** Shows a damaged file as far as it goes, as libjpeg does; otherwise it throws `TruncatedFileError`. */
  isTolerant: boolean;
}

interface Decoding extends JpegFile {
  jpeg: JpegKernel;
  input: ScanInput;
  damage: ImageDamage;
  /** Offsets after the scans, known once they were decoded whole. */
  scanEnds: number[];
}

/** A scan and its number of MCUs. */
interface StartedScan extends Size {
  scan: Scan;
}

/** Starts a scan with its tables and returns its rows; MCUs of a single component are its blocks, T.81 §A.2.2. */
async function startScan({ segments, layout, jpeg, input }: Decoding, scan: Scan): Promise<Size> {
  const { frame, mcuColumns, mcuRows } = layout;
  writeScanTables(jpeg, layout, segments, scan);
  await input.seek(scan.dataAt);
  const [only] = scan.components;
  const component = scan.components.length === 1 ? frame.components[only?.index ?? 0] : undefined;
  const largest = largestSampling(frame.components);
  const width =
    component === undefined ? mcuColumns : Math.ceil((frame.width * component.horizontal) / (8 * largest.horizontal));
  const height =
    component === undefined ? mcuRows : Math.ceil((frame.height * component.vertical) / (8 * largest.vertical));
  const indexes = scan.components.reduce((packed, { index }, i) => packed | (index << (4 * i)), 0);
  const call = (name: string) => jpeg.kernel.function(name);
  call("setBand")(frame.isProgressive ? 1 : 0, scan.first, scan.last, scan.high, scan.low);
  call("startScan")(scan.components.length, indexes, width, segments.restartInterval);
  return { width, height };
}

/** Runs a step of the kernel until its row is complete. */
async function completeRow(input: ScanInput, step: () => number): Promise<void> {
  let state = step();
  while (state === STATES.needsInput) {
    await input.refill();
    state = step();
  }
  if (state === STATES.damaged) throw new TruncatedFileError(JPEG_DAMAGED);
}

/** Reads and starts the next scan; null after the last one, or after damage that is tolerated. */
async function startNextScan(decoding: Decoding, from: number): Promise<StartedScan | null> {
  const { source, segments, isTolerant, damage } = decoding;
  try {
    const scan = await readToScan(source, from, segments);
    return scan === null ? null : { scan, ...(await startScan(decoding, scan)) };
  } catch (error) {
    if (!isTolerant || !(error instanceof TruncatedFileError)) throw error;
    damage.lacksDetail = true;
    return null;
  }
}

/** Adds the damage of a scan that the kernel has decoded whole; `mcus` is the number of its MCUs. */
function addDamage({ jpeg: { kernel }, damage }: Decoding, scan: Scan, mcus: number): void {
  const missing = kernel.function("missingMcus")() / mcus;
  if (kernel.function("damagedMcus")() > 0) damage.isCorrupt = true;
  const hasLuma = scan.components.some(({ index }) => index === 0);
  if (scan.first === 0 && scan.high === 0 && hasLuma) damage.missing = missing;
  else if (missing > 0) damage.lacksDetail = true;
  requireSomething(damage.missing);
}

function requireSomething(missing: number): void {
  if (missing > 1 - MIN_SHOWN_SHARE) throw new TruncatedFileError(JPEG_DAMAGED);
}

/** Ends the decoding of a single scan early, after a quarter of the image, if next to nothing of it has data. */
function requireSomethingSoFar({ jpeg: { kernel }, layout }: Decoding, rows: number): void {
  if (rows !== Math.ceil(layout.mcuRows / 4)) return;
  requireSomething(kernel.function("missingMcus")() / (rows * layout.mcuColumns));
}

/** Stores the coefficients of a band, whose first row of MCUs is `bandRow`, from all scans. */
async function storeBand(decoding: Decoding, bandRow: number): Promise<void> {
  const { segments, layout, jpeg, input, damage, scanEnds } = decoding;
  const { frame, bandRows } = layout;
  jpeg.stored.forEach(({ at, bytes }) => jpeg.memory.fill(0, at, at + bytes));
  frame.components.forEach(({ vertical }, index) => {
    const fields = new Int32Array(jpeg.memory.buffer, jpeg.components[index] ?? 0, COMPONENT_FIELDS.count);
    fields[COMPONENT_FIELDS.firstLine] = bandRow * vertical;
    fields[COMPONENT_FIELDS.endLine] = (bandRow + bandRows) * vertical;
  });
  const continueScanRow = jpeg.kernel.function("continueScanRow");
  const isFirstBand = bandRow === 0;
  if (!isFirstBand) resetSegments(segments);
  let started = isFirstBand
    ? { scan: decoding.scan, ...(await startScan(decoding, decoding.scan)) }
    : await startNextScan(decoding, 2);
  for (let count = 0; started !== null; count++) {
    if (count === MAX_JPEG_SCANS) throw new UnsupportedImageError(`JPEG with more than ${MAX_JPEG_SCANS} scans`);
    const { scan, width, height } = started;
    const lines = scan.components.length === 1 ? (frame.components[scan.components[0]?.index ?? 0]?.vertical ?? 1) : 1;
    // The first band finds out where the scans end.
    const rows = isFirstBand ? height : Math.min(height, (bandRow + bandRows) * lines);
    for (let row = 0; row < rows; row++) {
      await completeRow(input, () => continueScanRow(row));
      await yieldToRequests(layout.mcuColumns * 64);
    }
    if (isFirstBand) {
      scanEnds.push(input.position());
      addDamage(decoding, scan, width * height);
    }
    started = await startNextScan(decoding, scanEnds[count] ?? input.position());
  }
  if (isFirstBand && frame.isProgressive && !segments.hasEnd) damage.lacksDetail = true;
}

/** Forgets what the scans changed: their tables are read again. The frame is kept. */
function resetSegments(segments: JpegSegments): void {
  segments.huffman.clear();
  segments.restartInterval = 0;
  segments.frame = null;
}

/** Size of the rows that blocks of this layout give. */
export function scaledFrame({ frame, pixels }: FrameLayout): Size {
  return { width: Math.ceil((frame.width * pixels) / 8), height: Math.ceil((frame.height * pixels) / 8) };
}

/** Takes rows of RGBA, each valid until the next one. */
export type JpegRows = Omit<AreaResizer, "finish">;

/** Decodes or transforms each row of MCUs and passes its pixels on. */
async function passRows(decoding: Decoding, target: JpegRows): Promise<void> {
  const { segments, layout, jpeg, input } = decoding;
  const { frame, pixels, mcuColumns, mcuRows, bandRows, isStored } = layout;
  const from = scaledFrame(layout);
  const call = (name: string) => jpeg.kernel.function(name);
  const [continueRow, transformStoredRow, convertRow] = [
    call("continueRow"),
    call("transformStoredRow"),
    call("convertRow"),
  ];
  const count = frame.components.length;
  const colours = count === 1 ? 0 : isYcc(segments) ? 1 : 2;
  const rowsOfMcu = pixels * largestSampling(frame.components).vertical;
  const rgba = jpeg.memory.subarray(jpeg.row, jpeg.row + from.width * 4);
  for (let mcuRow = 0, y = 0; mcuRow < mcuRows && !target.isComplete(); mcuRow++) {
    if (isStored && mcuRow % bandRows === 0) await storeBand(decoding, mcuRow);
    if (isStored) transformStoredRow(mcuRow, count);
    else {
      await completeRow(input, continueRow);
      requireSomethingSoFar(decoding, mcuRow + 1);
    }
    for (let row = 0; row < rowsOfMcu && y < from.height; row++, y++) {
      if (!target.needsRow()) {
        target.skipRow();
        continue;
      }
      convertRow(row, jpeg.row, from.width, colours);
      target.addRow(rgba);
    }
    await yieldToRequests(mcuColumns * rowsOfMcu * 64);
  }
}

/**
 * Decodes a JPEG to rows of the size of `scaledFrame`, and returns what is missing of a damaged file. Throws
 * `UnsupportedImageError`, `DecoderMemoryError`, `TruncatedFileError`.
 */
export async function decodeJpegRows(file: JpegFile, memory: DecoderMemory, target: JpegRows): Promise<ImageDamage> {
  const jpeg = startJpegKernel(file.layout, memory);
  const damage = { missing: 0, isCorrupt: false, lacksDetail: false };
  const decoding = { ...file, jpeg, input: scanInput(file.source, jpeg), damage, scanEnds: [] };
  jpeg.kernel.function("setTolerance")(file.isTolerant ? 1 : 0);
  const { layout, scan } = file;
  if (layout.isStored) await passRows(decoding, target);
  else {
    const { width, height } = await startScan(decoding, scan);
    await passRows(decoding, target);
    addDamage(decoding, scan, width * height);
  }
  return damage;
}
