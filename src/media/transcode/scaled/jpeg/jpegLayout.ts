/** Chooses the size to which the blocks of a JPEG are decoded, and the coefficients that this needs. */
import { DecoderMemoryError } from "../../decoderMemory.ts";
import type { Size } from "../../resize/scaledSize.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";
import type { Frame, FrameComponent, Scan } from "./jpegSegments.ts";

/** Columns and rows of a block: of its pixels, or of its coefficients. */
export interface BlockSize {
  width: number;
  height: number;
}

export interface FrameLayout {
  frame: Frame;
  /** Pixels of each component's blocks. All components have the same number of pixels. */
  sizes: BlockSize[];
  /** Lowest coefficients of each component that are used: at most 8 and at most the block's pixels. */
  kept: BlockSize[];
  /** Blocks of all components are stored: the frame has several scans. */
  isStored: boolean;
  /** Pixels that eight pixels of the frame become. */
  pixels: number;
  mcuColumns: number;
  mcuRows: number;
  /** Rows of MCUs whose coefficients are stored at once. */
  bandRows: number;
}

/** Largest sampling factors of the frame. */
export function largestSampling(components: FrameComponent[]): { horizontal: number; vertical: number } {
  return {
    horizontal: Math.max(...components.map(({ horizontal }) => horizontal)),
    vertical: Math.max(...components.map(({ vertical }) => vertical)),
  };
}

/** Size of the frame in MCUs. */
function countMcus({ width, height, components }: Frame): { mcuColumns: number; mcuRows: number } {
  const { horizontal, vertical } = largestSampling(components);
  return { mcuColumns: Math.ceil(width / (8 * horizontal)), mcuRows: Math.ceil(height / (8 * vertical)) };
}

/**
 * Least reduction, in percent, that is left to the filter. Blocks are reduced independently of each other: at exactly 1/2 a sharp
 * photo has a similarity (SSIM) of 0.94 to filtering alone, with a tenth left to the filter 0.99.
 */
const MIN_FILTER_REDUCTION_PERCENT = 110;

/** Returns the smallest of 1, 2, 4 and 8 pixels a block that leaves at least `percent` of `edgePx` to the filter. */
export function blockPixels({ width, height }: Size, edgePx: number, percent = MIN_FILTER_REDUCTION_PERCENT): number {
  const longest = Math.max(width, height);
  return [1, 2, 4].find((pixels) => longest * pixels * 100 >= 8 * percent * edgePx) ?? 8;
}

/**
 * Returns the block size of each component: subsampled chroma becomes larger blocks instead of being enlarged
 * afterwards. Throws for sampling factors that give no whole number.
 */
function blockSizes({ components }: Frame, pixels: number): BlockSize[] {
  const largest = largestSampling(components);
  return components.map(({ horizontal, vertical }) => {
    const isValid = [horizontal, vertical].every((factor) => factor >= 1 && factor <= 4);
    const [width, height] = [(pixels * largest.horizontal) / horizontal, (pixels * largest.vertical) / vertical];
    if (!isValid || !Number.isInteger(width) || !Number.isInteger(height))
      throw new UnsupportedImageError("JPEG with unusual sampling factors");
    return { width, height };
  });
}

/** Entropy-coded data that the kernel has at a time. */
export const SCAN_WINDOW_BYTES = 256 * 1024;
/** Tables, bases and the margins of all buffers. */
const TABLE_BYTES = 128 * 1024;

/** Bytes of the kernel's other buffers: the window, tables, a row of MCUs of each component, and a row of RGBA. */
export function bufferBytes({ frame, sizes, pixels, mcuColumns }: Omit<FrameLayout, "isStored">): number {
  const rowPixels = mcuColumns * largestSampling(frame.components).horizontal * pixels;
  const rows = frame.components.reduce((sum, { vertical }, i) => sum + vertical * (sizes[i]?.height ?? 8), 0);
  return SCAN_WINDOW_BYTES + TABLE_BYTES + (rowPixels + 32) * (rows + 4);
}

/** Bytes of the stored coefficients: two for each kept one and a bit for each of the 64, for the blocks of all MCUs. */
export function storedBytes({ frame, kept, mcuColumns, mcuRows, bandRows }: Omit<FrameLayout, "isStored">): number {
  return frame.components.reduce((sum, { horizontal, vertical }, i) => {
    const { width, height } = kept[i] ?? { width: 8, height: 8 };
    return sum + mcuColumns * horizontal * vertical * (bandRows * 2 * width * height + mcuRows * 8);
  }, 0);
}

function keptCoefficients(sizes: BlockSize[], chromaLimit: number): BlockSize[] {
  return sizes.map(({ width, height }, index) => {
    const limit = index === 0 ? 8 : chromaLimit;
    return { width: Math.min(limit, width), height: Math.min(limit, height) };
  });
}

/** The layouts of a block size: all coefficients, then less chroma, at least half as sharp as luma. */
function layoutsOf(frame: Frame, isStored: boolean, pixels: number): FrameLayout[] {
  const sizes = blockSizes(frame, pixels);
  const mcus = countMcus(frame);
  const base = { frame, sizes, isStored, pixels, ...mcus, bandRows: mcus.mcuRows };
  const limits = [8, 4, 2, 1].filter((limit) => limit * 2 >= pixels);
  return limits.map((limit) => ({ ...base, kept: keptCoefficients(sizes, limit) }));
}

function hasSeveralScans(frame: Frame, scan: Scan): boolean {
  return frame.isProgressive || scan.components.length < frame.components.length;
}

/**
 * Lays out a frame whose first scan is `scan`, for a longest edge of `edgePx`. Blocks are stored if there are several
 * scans: then the first layout is chosen that fits `roomBytes`. Throws `DecoderMemoryError` if none does.
 */
export function layOutFrame(frame: Frame, scan: Scan, edgePx: number, roomBytes: number): FrameLayout {
  const isStored = hasSeveralScans(frame, scan);
  const layouts = [MIN_FILTER_REDUCTION_PERCENT, 100].flatMap((percent) =>
    layoutsOf(frame, isStored, blockPixels(frame, edgePx, percent)),
  );
  const layout = layouts.find((candidate) => !isStored || storedBytes(candidate) + bufferBytes(candidate) <= roomBytes);
  if (layout === undefined)
    throw new DecoderMemoryError("the coefficients of the JPEG's scans exceed the memory limit");
  return layout;
}

/** Times that the scans of a file are decoded, each for another band of the image: one more costs up to a second. */
export const MAX_JPEG_BANDS = 8;

/** As many rows of MCUs as fit the room; null if that takes too many bands. */
function inBands(layout: FrameLayout, roomBytes: number): FrameLayout | null {
  const room = roomBytes - bufferBytes(layout);
  const historyBytes = storedBytes({ ...layout, bandRows: 0 });
  const rowBytes = storedBytes({ ...layout, bandRows: 1 }) - historyBytes;
  const rows = Math.min(layout.mcuRows, Math.floor((room - historyBytes) / rowBytes));
  if (rows * MAX_JPEG_BANDS < layout.mcuRows) return null;
  // Bands of the same height: the last one decodes as much as all of them.
  const bands = Math.ceil(layout.mcuRows / rows);
  return { ...layout, bandRows: Math.ceil(layout.mcuRows / bands) };
}

/**
 * Lays out a frame for all of its pixels. Several scans are stored band by band; if that takes too many bands, blocks
 * become smaller. `roomBytes` is what the image of a size leaves. Throws `DecoderMemoryError` if no size fits.
 */
export function layOutBands(frame: Frame, scan: Scan, roomBytes: (size: Size) => number): FrameLayout {
  const isStored = hasSeveralScans(frame, scan);
  for (const pixels of [8, 4, 2, 1]) {
    const [layout] = layoutsOf(frame, isStored, pixels);
    const size = { width: (frame.width * pixels) / 8, height: (frame.height * pixels) / 8 };
    const fitting = layout === undefined || !isStored ? layout : inBands(layout, roomBytes(size));
    if (fitting !== null && fitting !== undefined) return fitting;
  }
  throw new DecoderMemoryError("the coefficients of the JPEG's scans exceed the memory limit");
}
