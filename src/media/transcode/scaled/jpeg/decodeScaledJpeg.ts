/**
 * Decodes a JPEG to a smaller image: each block becomes 1, 2, 4 or 8 pixels a side, and the rest of the reduction is
 * filtered. A single scan is decoded row by row; several scans (progressive) keep the coefficients that the size needs.
 */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../../decoderMemory.ts";
import { requireConvertibleSize, TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { scaledSize, type Size } from "../../resize/scaledSize.ts";
import { yieldToRequests } from "../../yieldToRequests.ts";
import { areaResizer, pixelsOf, wholeEdgePx, type AreaResizer, type ImageArea } from "../imageArea.ts";
import { openAreaResizer, openResizer, resizerBytes } from "../openResizer.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";
import { startJpegKernel, type JpegKernel } from "./jpegKernel.ts";
import { largestSampling, layOutFrame, type FrameLayout } from "./jpegLayout.ts";
import { emptySegments, isYcc, readToScan, type Frame, type JpegSegments, type Scan } from "./jpegSegments.ts";
import { scanInput, type ScanInput } from "./scanInput.ts";
import { writeScanTables } from "./scanTables.ts";

/** Encoders write ten scans for a progressive file. More would let a small file cost any amount of work. */
export const MAX_JPEG_SCANS = 100;
/** Results of the kernel's `continueRow` and `continueScanRow`. */
const STATES = { needsInput: 1, damaged: 2 } as const;

interface Decoding {
  source: ByteSource;
  segments: JpegSegments;
  layout: FrameLayout;
  jpeg: JpegKernel;
  input: ScanInput;
}

/** Starts a scan with its tables; MCUs of a single component are its blocks, T.81 §A.2.2. */
async function startScan({ segments, layout, jpeg, input }: Decoding, scan: Scan): Promise<{ rows: number }> {
  const { frame, mcuColumns, mcuRows } = layout;
  writeScanTables(jpeg, layout, segments, scan);
  await input.seek(scan.dataAt);
  const [only] = scan.components;
  const component = scan.components.length === 1 ? frame.components[only?.index ?? 0] : undefined;
  const largest = largestSampling(frame.components);
  const columns =
    component === undefined ? mcuColumns : Math.ceil((frame.width * component.horizontal) / (8 * largest.horizontal));
  const rows =
    component === undefined ? mcuRows : Math.ceil((frame.height * component.vertical) / (8 * largest.vertical));
  const indexes = scan.components.reduce((packed, { index }, i) => packed | (index << (4 * i)), 0);
  const call = (name: string) => jpeg.kernel.function(name);
  call("setBand")(frame.isProgressive ? 1 : 0, scan.first, scan.last, scan.high, scan.low);
  call("startScan")(scan.components.length, indexes, columns, segments.restartInterval);
  return { rows };
}

/** Runs a step of the kernel until its row is complete. */
async function completeRow(input: ScanInput, step: () => number): Promise<void> {
  let state = step();
  while (state === STATES.needsInput) {
    await input.refill();
    state = step();
  }
  if (state === STATES.damaged) throw new TruncatedFileError("the JPEG is truncated or damaged");
}

/** Decodes all scans to stored coefficients. */
async function storeScans(decoding: Decoding, first: Scan): Promise<void> {
  const { source, segments, layout, jpeg, input } = decoding;
  const continueScanRow = jpeg.kernel.function("continueScanRow");
  let scan: Scan | null = first;
  for (let count = 0; scan !== null; count++) {
    if (count === MAX_JPEG_SCANS) throw new UnsupportedImageError(`JPEG with more than ${MAX_JPEG_SCANS} scans`);
    const { rows } = await startScan(decoding, scan);
    for (let row = 0; row < rows; row++) {
      await completeRow(input, () => continueScanRow(row));
      await yieldToRequests(layout.mcuColumns * 64);
    }
    scan = await readToScan(source, input.position(), segments);
  }
}

/** Size of the rows that blocks of this layout give. */
function scaledFrame({ frame, pixels }: FrameLayout): Size {
  return { width: Math.ceil((frame.width * pixels) / 8), height: Math.ceil((frame.height * pixels) / 8) };
}

/** Decodes or transforms each row of MCUs and passes its pixels on. */
async function resizeRows(decoding: Decoding, resizer: AreaResizer): Promise<RgbaImage> {
  const { segments, layout, jpeg, input } = decoding;
  const { frame, pixels, mcuColumns, mcuRows, isStored } = layout;
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
  for (let mcuRow = 0, y = 0; mcuRow < mcuRows && !resizer.isComplete(); mcuRow++) {
    if (isStored) transformStoredRow(mcuRow, count);
    else await completeRow(input, continueRow);
    for (let row = 0; row < rowsOfMcu && y < from.height; row++, y++) {
      if (!resizer.needsRow()) {
        resizer.skipRow();
        continue;
      }
      convertRow(row, jpeg.row, from.width, colours);
      resizer.addRow(rgba);
    }
    await yieldToRequests(mcuColumns * rowsOfMcu * 64);
  }
  return resizer.finish();
}

/** The last row and column of a whole image may be only partly in it, which an area neglects. */
function jpegResizer(
  layout: FrameLayout,
  { edgePx, area, orientation }: Pick<ScaledJpegOptions, "edgePx" | "area" | "orientation">,
  memory: DecoderMemory,
): AreaResizer {
  const { frame, pixels } = layout;
  const from = scaledFrame(layout);
  if (area !== null) return openAreaResizer({ from, area, edgePx, orientation }, memory);
  const extent = { width: (frame.width * pixels) / 8, height: (frame.height * pixels) / 8 };
  const resizer = openResizer({ from, to: scaledSize(frame, edgePx), extent, orientation }, memory);
  return areaResizer(resizer, pixelsOf(null, from));
}

function requireHeight(frame: Frame, rawHeight: number): Frame {
  const height = frame.height === 0 ? rawHeight : frame.height;
  requireConvertibleSize(frame.width, height, "JPEG");
  return { ...frame, height };
}

export interface ScaledJpegOptions {
  edgePx: number;
  /** The part of the stored image that is decoded; null for the whole. */
  area: ImageArea | null;
  /** Height of a frame that states none. */
  rawHeight: number;
  /** EXIF, 1 to 8: others than 1 need memory for a copy. */
  orientation: number;
  memory: DecoderMemory;
}

/**
 * Decodes baseline, extended sequential and progressive JPEGs of one or three components with 8 bits to an image whose
 * longest edge is at most `edgePx`, as stored: orientation and colour profile are left to the caller. Throws `UnsupportedImageError`, `DecoderMemoryError`, `TruncatedFileError`.
 */
export async function decodeScaledJpeg(
  source: ByteSource,
  { edgePx, area, rawHeight, orientation, memory }: ScaledJpegOptions,
): Promise<RgbaImage> {
  const segments = emptySegments();
  const scan = await readToScan(source, 2, segments);
  if (scan === null || segments.frame === null) throw new TruncatedFileError("the JPEG has no image data");
  const frame = requireHeight(segments.frame, rawHeight);
  const to = scaledSize(pixelsOf(area, frame), edgePx);
  const wholeEdge = wholeEdgePx(area, frame, edgePx);
  const layout = layOutFrame(frame, scan, wholeEdge, memory.roomFor("kernel") - resizerBytes(to, orientation));
  const jpeg = startJpegKernel(layout, memory);
  const decoding = { source, segments, layout, jpeg, input: scanInput(source, jpeg) };
  if (layout.isStored) await storeScans(decoding, scan);
  else await startScan(decoding, scan);
  return await resizeRows(decoding, jpegResizer(layout, { edgePx, area, orientation }, memory));
}
