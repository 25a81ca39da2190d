/** Lays out the memory of the kernel wasm/h264/ for a picture, and runs it. */
import type { DecoderMemory } from "../decoderMemory.ts";
import type { Plane } from "../heif/planes.ts";
import { startKernel } from "../kernel.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import wasm from "./h264.wasm";

/** The kernel zeroes eight bytes behind a slice and reads vectors across its end. */
const MARGIN_BYTES = 64;
const LUMA_BYTES_PER_MACROBLOCK = 256;
/** Macroblocks between two checks for other requests: a row of 4K is 240. */
const MACROBLOCKS_PER_STEP = 2048;
const STEP_DONE = 1;
const STEP_DAMAGED = 2;

export interface PictureSize {
  /** In macroblocks. */
  width: number;
  height: number;
  isMonochrome: boolean;
}

/** Fields of `Slice` in wasm/h264/state.ts. */
export interface SliceFields {
  number: number;
  firstMacroblock: number;
  qp: number;
  isCabac: boolean;
  allowsTransform8: boolean;
  filterMode: number;
  filterOffsetA: number;
  filterOffsetB: number;
  cbOffset: number;
  crOffset: number;
}

export interface H264Kernel {
  setLevelScales(scales: Int32Array): void;
  /** Decodes the slice of a NAL unit; false if its data is damaged. */
  decodeSlice(unit: Uint8Array, headerBits: number, fields: SliceFields): Promise<boolean>;
  isComplete(): boolean;
  /** Applies the deblocking filter. Call it once, when the picture is complete. */
  deblock(): Promise<void>;
  /** Views of luma, Cb and Cr, valid until another slice is decoded. */
  planes(): [Plane, Plane, Plane];
  memoryBytes(): number;
}

function align(bytes: number): number {
  return 16 * Math.ceil(bytes / 16);
}

function fieldValues(fields: SliceFields): number[] {
  return [
    fields.number,
    fields.firstMacroblock,
    fields.qp,
    fields.isCabac ? 1 : 0,
    fields.allowsTransform8 ? 1 : 0,
    fields.filterMode,
    fields.filterOffsetA,
    fields.filterOffsetB,
    fields.cbOffset,
    fields.crOffset,
  ];
}

/**
 * Starts a kernel for a picture whose slices have at most `sliceBytes`. Throws `DecoderMemoryError` before allocating
 * more than `budget` allows.
 */
export function startH264Kernel(size: PictureSize, sliceBytes: number, budget: DecoderMemory): H264Kernel {
  const { width, height, isMonochrome } = size;
  const kernel = startKernel(wasm);
  const at = kernel.heapStart;
  const pictureBytes = align(kernel.function("pictureBytes")(width, height, isMonochrome ? 1 : 0));
  const heapBytes = pictureBytes + sliceBytes + MARGIN_BYTES;
  budget.hold("h264 kernel", at + heapBytes);
  const memory = kernel.reserve(heapBytes);
  kernel.function("startPicture")(at, width, height, isMonochrome ? 1 : 0);
  const slice = at + pictureBytes;
  const [startSlice, decodeMacroblocks] = [kernel.function("startSlice"), kernel.function("decodeMacroblocks")];
  const [deblockRow, planeAt] = [kernel.function("deblockRow"), kernel.function("planeAt")];
  const sliceAt = kernel.function("sliceAt")();
  const scalesAt = kernel.function("levelScalesAt")();
  const plane = (index: number): Plane => {
    const shift = index === 0 ? 0 : 1;
    const bytes = (width * height * LUMA_BYTES_PER_MACROBLOCK) >> (2 * shift);
    const start = planeAt(index);
    return { bytes: memory.subarray(start, start + bytes), strideBytes: (width * 16) >> shift };
  };
  return {
    setLevelScales: (scales) => new Int32Array(memory.buffer, scalesAt, scales.length).set(scales),
    decodeSlice: async (unit, headerBits, fields) => {
      memory.set(unit, slice);
      const values = fieldValues(fields);
      new Int32Array(memory.buffer, sliceAt, values.length).set(values);
      startSlice(slice, slice + unit.length, headerBits);
      for (;;) {
        const state = decodeMacroblocks(MACROBLOCKS_PER_STEP);
        if (state === STEP_DAMAGED) return false;
        if (state === STEP_DONE) return true;
        await yieldToRequests(MACROBLOCKS_PER_STEP * LUMA_BYTES_PER_MACROBLOCK);
      }
    },
    isComplete: () => kernel.function("decodedMacroblocks")() === width * height,
    deblock: async () => {
      for (let row = 0; row < height; row++) {
        deblockRow(row);
        await yieldToRequests(width * LUMA_BYTES_PER_MACROBLOCK);
      }
    },
    planes: () => [plane(0), plane(1), plane(2)],
    memoryBytes: () => kernel.memoryBytes(),
  };
}
