/**
 * Decodes a frame of Apple ProRes 422 (Proxy, LT, 422 and HQ, 10 bits, progressive and interlaced), from SMPTE RDD 36.
 * The kernel is wasm/prores/.
 */
import { decoderMemory } from "../decoderMemory.ts";
import type { Plane, Planes } from "../heif/planes.ts";
import { kernelOfFilm, type Kernel } from "../kernel.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import {
  macroblocksOf,
  parseProResFrame,
  parseProResPicture,
  type ProResFrame,
  type ProResSlice,
} from "./proResHeaders.ts";
import wasm from "./prores.wasm";

/** Memory of the kernel: 33 MB for 3840 × 2160 pixels. */
export const MAX_PRORES_MEMORY_BYTES = 48 * 1024 * 1024;
/** Larger pictures than 4K exceed the memory. */
export const MAX_PRORES_PIXELS = 4096 * 2304;

/** The kernel reads eight bytes behind the data of a component. */
const MARGIN_BYTES = 16;
/** A component of a slice states its size in 16 bits. */
const MAX_DATA_BYTES = 65_536;
const EDGE_PX = 16;
const BITS = 10;

export interface ProResPlanes extends Planes {
  primaries: number;
  transfer: number;
}

const filmKernel = kernelOfFilm(wasm);

interface Layout {
  kernel: Kernel;
  memory: Uint8Array;
  columns: number;
  /** Of the frame, in macroblocks; fields have half of them. */
  rows: number;
  strideBytes: number;
  planes: [number, number, number];
  data: number;
}

function layOut({ width, height, interlaceMode }: ProResFrame, kernel: Kernel): Layout {
  const { columns, rows: frameRows } = macroblocksOf(width, height);
  const fieldRows = macroblocksOf(width, Math.ceil(height / 2)).rows;
  const rows = interlaceMode === 0 ? frameRows : fieldRows * 2;
  const strideBytes = columns * EDGE_PX * 2;
  const lumaBytes = strideBytes * rows * EDGE_PX;
  const heapBytes = lumaBytes * 2 + MAX_DATA_BYTES + MARGIN_BYTES;
  decoderMemory(MAX_PRORES_MEMORY_BYTES).hold("prores kernel", kernel.heapStart + heapBytes);
  const memory = kernel.reserve(heapBytes);
  const luma = kernel.heapStart;
  const planes: Layout["planes"] = [luma, luma + lumaBytes, luma + lumaBytes * 1.5];
  return { kernel, memory, columns, rows, strideBytes, planes, data: luma + lumaBytes * 2 };
}

function decodeSlice({ kernel, memory, data }: Layout, { x, y, macroblocks, scale, components }: ProResSlice): void {
  for (const [index, bytes] of components.entries()) {
    memory.set(bytes, data);
    memory.fill(0, data + bytes.length, data + bytes.length + MARGIN_BYTES);
    const state = kernel.function("decodeComponent")(data, data + bytes.length, index, x, y, macroblocks, scale);
    if (state === 0) throw new UnsupportedImageError("the ProRes frame is damaged");
  }
}

/** Decodes the frame, or field 0 or 1 of it. Returns the bytes of the picture. */
async function decodePicture(layout: Layout, bytes: Uint8Array, field: number | null): Promise<number> {
  const { kernel, memory, columns, rows, strideBytes, planes } = layout;
  const offset = (field ?? 0) * strideBytes;
  const starts = planes.map((start, index) => start + (index === 0 ? offset : offset / 2));
  const fields = [...starts, field === null ? strideBytes : strideBytes * 2, field === null ? 0 : 1];
  new Int32Array(memory.buffer, kernel.function("pictureAt")(), fields.length).set(fields);
  const { slices, sizeBytes } = parseProResPicture(bytes, columns, field === null ? rows : rows / 2);
  for (const slice of slices) {
    decodeSlice(layout, slice);
    await yieldToRequests(slice.macroblocks * EDGE_PX * EDGE_PX * 4);
  }
  return sizeBytes;
}

async function decodePictures(layout: Layout, { interlaceMode, pictures }: ProResFrame): Promise<void> {
  if (interlaceMode === 0) {
    await decodePicture(layout, pictures, null);
    return;
  }
  const first = interlaceMode === 1 ? 0 : 1;
  const sizeBytes = await decodePicture(layout, pictures, first);
  await decodePicture(layout, pictures.subarray(sizeBytes), 1 - first);
}

function planeOf({ memory, planes, strideBytes, rows }: Layout, index: 0 | 1 | 2): Plane {
  const lineBytes = index === 0 ? strideBytes : strideBytes / 2;
  const start = planes[index];
  return { bytes: memory.subarray(start, start + lineBytes * rows * EDGE_PX), strideBytes: lineBytes };
}

/**
 * Decodes a frame of a film, whose kernel it takes: the planes are valid until the next frame. Throws
 * `UnsupportedImageError` or `DecoderMemoryError` with the reason.
 */
export async function decodeProRes(sample: Uint8Array, film: object): Promise<ProResPlanes> {
  const frame = parseProResFrame(sample);
  const { width, height, primaries, transfer, matrix } = frame;
  if (width < 1 || height < 1 || width * height > MAX_PRORES_PIXELS)
    throw new UnsupportedImageError(`ProRes of ${width} × ${height} pixels is too large to decode`);
  const layout = layOut(frame, filmKernel(film));
  const matrices = layout.kernel.function("matricesAt")();
  layout.memory.set(frame.luma, matrices);
  layout.memory.set(frame.chroma, matrices + frame.luma.length);
  await decodePictures(layout, frame);
  const chroma = { blue: planeOf(layout, 1), red: planeOf(layout, 2), xShift: 1, yShift: 0 };
  const planes = { width, height, bits: BITS, luma: planeOf(layout, 0), chroma };
  return { ...planes, matrix, isFullRange: false, primaries, transfer };
}
