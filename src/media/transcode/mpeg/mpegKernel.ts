/** Lays out the memory of the kernel wasm/mpeg/ for a picture, and runs it. */
import type { DecoderMemory } from "../decoderMemory.ts";
import type { Plane, Planes } from "../heif/planes.ts";
import { kernelOfFilm, type Kernel } from "../kernel.ts";
import wasm from "./mpeg.wasm";

/** The kernel reads eight bytes behind the data of a part. */
const MARGIN_BYTES = 16;
/** Side of a macroblock. */
export const EDGE_PX = 16;

export interface MpegSize {
  /** In pixels. */
  width: number;
  height: number;
  /** Macroblocks from top to bottom: more than the height has, if there are fields. */
  rows: number;
  /** Of chroma: 1 for 4:2:0, 0 for 4:2:2. */
  yShift: number;
  /** Whether blocks are predicted from others, which takes memory. */
  isPredicted: boolean;
}

export interface MpegKernel {
  kernel: Kernel;
  memory: Uint8Array;
  /** In macroblocks. */
  columns: number;
  rows: number;
  /** Address of the memory that blocks are predicted from. */
  predictions: number;
  /** Copies data of the picture to the kernel and returns its address; zero bytes follow. */
  writeData: (bytes: Uint8Array) => number;
  /** Writes 32 bit fields at an address that an exported function returns. */
  setFields: (addressOf: string, fields: readonly number[]) => void;
  decodedMacroblocks: () => number;
  planes: () => Pick<Planes, "luma" | "chroma" | "width" | "height" | "bits">;
}

const filmKernel = kernelOfFilm(wasm);

function align(bytes: number): number {
  return 16 * Math.ceil(bytes / 16);
}

/**
 * Starts the kernel of a film for a picture whose parts have at most `dataBytes`. Throws `DecoderMemoryError` before allocating more
 * than `budget` allows.
 */
export function startMpegKernel(
  size: MpegSize,
  dataBytes: number,
  { budget, film }: { budget: DecoderMemory; film: object },
): MpegKernel {
  const { width, height, rows, yShift } = size;
  const columns = Math.ceil(width / EDGE_PX);
  const kernel = filmKernel(film);
  const call = (name: string) => kernel.function(name);
  const planeBytes = align(call("planeBytes")(columns, rows, yShift));
  const predictionBytes = size.isPredicted ? align(call("predictionBytes")(columns, rows)) : 0;
  const heapBytes = planeBytes + predictionBytes + dataBytes + MARGIN_BYTES;
  budget.hold("mpeg kernel", kernel.heapStart + heapBytes);
  const memory = kernel.reserve(heapBytes);
  call("startPicture")(kernel.heapStart, columns, rows, yShift);
  const predictions = kernel.heapStart + planeBytes;
  const data = predictions + predictionBytes;
  const plane = (index: number): Plane => {
    const strideBytes = columns * (index === 0 ? EDGE_PX : EDGE_PX / 2);
    const start = call("planeAt")(index);
    const lines = (rows * EDGE_PX) >> (index === 0 ? 0 : yShift);
    return { bytes: memory.subarray(start, start + strideBytes * lines), strideBytes };
  };
  return {
    kernel,
    memory,
    columns,
    rows,
    predictions,
    writeData: (bytes) => {
      memory.set(bytes, data);
      memory.fill(0, data + bytes.length, data + bytes.length + MARGIN_BYTES);
      return data;
    },
    setFields: (addressOf, fields) => new Int32Array(memory.buffer, call(addressOf)(), fields.length).set(fields),
    decodedMacroblocks: () => call("decodedMacroblocks")(),
    planes: () => ({
      width,
      height,
      bits: 8,
      luma: plane(0),
      chroma: { blue: plane(1), red: plane(2), xShift: 1, yShift },
    }),
  };
}
