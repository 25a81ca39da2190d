/** Lays out the memory of the JPEG kernel (wasm/jpeg/) for a frame. */
import type { DecoderMemory } from "../../decoderMemory.ts";
import { zigzag } from "../../jpeg/jpegTables.ts";
import { startKernel, type Kernel } from "../../kernel.ts";
import wasm from "./jpeg.wasm";
import { largestSampling, SCAN_WINDOW_BYTES, type BlockSize, type FrameLayout } from "./jpegLayout.ts";

/** Tables of a scan: DC and AC for each of three components. */
const TABLES = 6;
/** Kernels read and write up to 64 bytes beyond a buffer. */
const MARGIN_BYTES = 64;

export interface JpegKernel {
  kernel: Kernel;
  /** All of the kernel's memory. */
  memory: Uint8Array;
  /** Addresses of the input window, a Huffman table's segment, the tables and a row of RGBA. */
  window: number;
  segment: number;
  tables: number[];
  row: number;
  /** Addresses of the quantization steps of each component. */
  quantization: number[];
  /** Address of each component's fields; see wasm/jpeg/component.ts. */
  components: number[];
  /** Memory of the stored coefficients and of their history, which are zero when the scans begin. */
  stored: { at: number; bytes: number }[];
}

/** Number of a component's fields, and the indexes of those that change from scan to scan and from band to band. */
export const COMPONENT_FIELDS = { count: 22, dcTable: 12, acTable: 13, firstLine: 20, endLine: 21 } as const;

function align(bytes: number): number {
  return 16 * Math.ceil(bytes / 16);
}

/** Hands out addresses from the first free one on. */
function allocator(start: number): { place: (bytes: number) => number; end: () => number } {
  let next = start;
  const place = (bytes: number) => {
    const at = next;
    next += align(bytes + MARGIN_BYTES);
    return at;
  };
  return { place, end: () => next };
}

interface ComponentBuffers {
  quantization: number;
  places: number;
  verticalBasis: number;
  horizontalBasis: number;
  strip: number;
  stripStride: number;
  coefficients: number;
  coefficientBytes: number;
  history: number;
  historyBytes: number;
}

function placeComponent(layout: FrameLayout, index: number, place: (bytes: number) => number): ComponentBuffers {
  const { frame, sizes, kept, mcuColumns, mcuRows, bandRows, isStored } = layout;
  const { horizontal = 1, vertical = 1 } = frame.components[index] ?? {};
  const { width = 8, height = 8 } = sizes[index] ?? {};
  const { width: keptWidth = 8, height: keptHeight = 8 } = kept[index] ?? {};
  const stripStride = align(mcuColumns * horizontal * width + 16);
  const rowBlocks = isStored ? mcuColumns * horizontal * vertical : 0;
  const coefficientBytes = rowBlocks * bandRows * 2 * keptWidth * keptHeight;
  const historyBytes = rowBlocks * mcuRows * 8;
  return {
    quantization: place(64 * 4),
    places: place(64),
    verticalBasis: place(height * 8 * 4),
    horizontalBasis: place(8 * 4 * Math.ceil(width / 4) * 4),
    strip: place(stripStride * vertical * height),
    stripStride,
    coefficients: place(coefficientBytes),
    coefficientBytes,
    history: place(historyBytes),
    historyBytes,
  };
}

/** Returns the weight of coefficient `frequency` in sample `at` of `count`; T.81 §A.3.3, for any count. */
function basisWeight(frequency: number, at: number, count: number): number {
  const scale = frequency === 0 ? Math.SQRT1_2 : 1;
  return 0.5 * scale * Math.cos(((2 * at + 1) * frequency * Math.PI) / (2 * count));
}

/** Writes the basis: rows of eight weights for the vertical one, eight rows of weights for the horizontal one. */
function writeBasis(memory: Uint8Array, buffers: ComponentBuffers, size: BlockSize): void {
  const vertical = new Float32Array(memory.buffer, buffers.verticalBasis, size.height * 8);
  const stride = 4 * Math.ceil(size.width / 4);
  const horizontal = new Float32Array(memory.buffer, buffers.horizontalBasis, stride * 8);
  for (let frequency = 0; frequency < 8; frequency++) {
    for (let y = 0; y < size.height; y++) vertical[y * 8 + frequency] = basisWeight(frequency, y, size.height);
    for (let x = 0; x < size.width; x++) horizontal[frequency * stride + x] = basisWeight(frequency, x, size.width);
  }
}

function writeComponent(target: Omit<JpegKernel, "kernel">, layout: FrameLayout, index: number, at: ComponentBuffers) {
  const { frame, sizes, kept, mcuColumns, bandRows } = layout;
  const component = frame.components[index];
  const [size, limit] = [sizes[index], kept[index]];
  if (component === undefined || size === undefined || limit === undefined) return;
  const { memory } = target;
  zigzag.forEach((natural, i) => {
    const [column, row] = [natural % 8, natural >> 3];
    const isKept = column < limit.width && row < limit.height;
    memory[at.places + i] = isKept ? row * limit.width + column : 64;
  });
  writeBasis(memory, at, size);
  const largest = largestSampling(frame.components);
  const blocksOf = (pixels: number, factor: number, most: number) => Math.ceil((pixels * factor) / (8 * most));
  const fields = [
    component.horizontal,
    component.vertical,
    size.width,
    size.height,
    limit.width,
    limit.height,
    at.quantization,
    at.places,
    at.verticalBasis,
    at.horizontalBasis,
    at.strip,
    at.stripStride,
    0,
    0,
    0,
    at.coefficients,
    at.history,
    mcuColumns * component.horizontal,
    blocksOf(frame.width, component.horizontal, largest.horizontal),
    blocksOf(frame.height, component.vertical, largest.vertical),
    0,
    bandRows * component.vertical,
  ];
  new Int32Array(memory.buffer, target.components[index] ?? 0, fields.length).set(fields);
}

/** Starts a kernel for one image. Throws `DecoderMemoryError` if its buffers exceed the ceiling. */
export function startJpegKernel(layout: FrameLayout, budget: DecoderMemory): JpegKernel {
  const kernel = startKernel(wasm);
  const { place, end } = allocator(kernel.heapStart);
  const tableBytes = kernel.function("huffmanTableBytes")();
  const window = place(SCAN_WINDOW_BYTES);
  const segment = place(16 + 256);
  const tables = Array.from({ length: TABLES }, () => place(tableBytes));
  const buffers = layout.frame.components.map((_, index) => placeComponent(layout, index, place));
  const row = place((buffers[0]?.stripStride ?? 0) * 4);
  const heapBytes = end() - kernel.heapStart;
  budget.hold("kernel", kernel.heapStart + heapBytes);
  const memory = kernel.reserve(heapBytes);
  const components = buffers.map((_, index) => kernel.function("componentAt")(index));
  const quantization = buffers.map((at) => at.quantization);
  const stored = buffers.flatMap(({ coefficients, coefficientBytes, history, historyBytes }) => [
    { at: coefficients, bytes: coefficientBytes },
    { at: history, bytes: historyBytes },
  ]);
  const result = { memory, window, segment, tables, row, quantization, components, stored };
  buffers.forEach((at, index) => writeComponent(result, layout, index, at));
  memory.set(zigzag, segment);
  kernel.function("setZigzag")(segment);
  return { kernel, ...result };
}
