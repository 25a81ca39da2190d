/** Shrinks an image row by row, so that a decoder never holds all pixels of an original. */
import { startKernel, type Kernel } from "../kernel.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { lanczosTable, type FilterTable } from "./lanczos.ts";
import wasm from "./resize.wasm";
import type { Size } from "./scaledSize.ts";

/** Longest edge of a JPEG, for which the kernel's memory suffices. */
export const MAX_RESIZE_EDGE_PX = 65_535;
/**
 * Maximum of the kernel's memory in scripts/buildWasm.ts. It holds the filter's rows and weights, 40 to 50 bytes for
 * each pixel of a source row: 200 KB for 4,000 pixels.
 */
export const MAX_RESIZE_MEMORY_BYTES = 4 * 1024 * 1024;

export interface RowResizer {
  /** Adds the next row of straight RGBA. Throws after the last one. */
  addRow(rgba: Uint8Array): void;
  /** Returns the shrunk image. Throws if a row is missing. */
  finish(): RgbaImage;
}

/** One kernel is kept for the next image: its memory stays allocated anyway. */
let idleKernel: Kernel | null = null;

function takeKernel(): Kernel {
  const kernel = idleKernel ?? startKernel(wasm);
  idleKernel = null;
  return kernel;
}

/** Rows and tables in the kernel's memory. */
interface Layout {
  memory: Uint8Array;
  /** Source row. */
  source: number;
  /** First filtered row; `rowBytes` from one to the next. */
  rows: number;
  rowBytes: number;
  /** Target row. */
  target: number;
  starts: number;
  weights: number;
  /** Addresses and weights of the rows that make the target row. */
  addresses: Int32Array;
  rowWeights: Int16Array;
}

/** Kernels read and write up to 16 bytes beyond a row. */
function paddedBytes(bytes: number): number {
  return 16 * Math.ceil((bytes + 16) / 16);
}

function layOut(kernel: Kernel, width: number, to: Size, across: FilterTable, down: FilterTable): Layout {
  const rowBytes = paddedBytes(to.width * 4);
  const sizes = {
    source: paddedBytes(width * 4),
    rows: rowBytes * down.taps,
    target: rowBytes,
    starts: paddedBytes(across.starts.byteLength),
    weights: paddedBytes(across.weights.byteLength),
    addresses: paddedBytes(down.taps * 4),
    rowWeights: paddedBytes(down.taps * 2),
  };
  let end = kernel.heapStart;
  const place = (bytes: number) => {
    end += bytes;
    return end - bytes;
  };
  const [source, rows, target] = [place(sizes.source), place(sizes.rows), place(sizes.target)];
  const [starts, weights] = [place(sizes.starts), place(sizes.weights)];
  const [addresses, rowWeights] = [place(sizes.addresses), place(sizes.rowWeights)];
  const memory = kernel.reserve(end - kernel.heapStart);
  const { buffer } = memory;
  new Int32Array(buffer, starts, across.starts.length).set(across.starts);
  new Int16Array(buffer, weights, across.weights.length).set(across.weights);
  return {
    memory,
    source,
    rows,
    rowBytes,
    target,
    starts,
    weights,
    addresses: new Int32Array(buffer, addresses, down.taps),
    rowWeights: new Int16Array(buffer, rowWeights, down.taps),
  };
}

function shrinkingResizer(from: Size, to: Size, extent: Size): RowResizer {
  const across = lanczosTable(from.width, to.width, extent.width);
  const down = lanczosTable(from.height, to.height, extent.height);
  const kernel = takeKernel();
  const layout = layOut(kernel, from.width, to, across, down);
  const [filterRow, blendRows] = [kernel.function("filterRow"), kernel.function("blendRows")];
  const [premultiply, unpremultiply] = [kernel.function("premultiply"), kernel.function("unpremultiply")];
  const { memory, source, target, rowBytes, addresses, rowWeights } = layout;
  const rgba = new Uint8Array(to.width * to.height * 4);
  const addressOf = (row: number) => layout.rows + (row % down.taps) * rowBytes;
  let [added, made] = [0, 0];
  let isFinished = false;

  const makeRow = (start: number) => {
    for (let tap = 0; tap < down.taps; tap++) addresses[tap] = addressOf(Math.min(start + tap, added - 1));
    rowWeights.set(down.weights.subarray(made * down.taps, (made + 1) * down.taps));
    blendRows(addresses.byteOffset, rowWeights.byteOffset, down.taps, target, to.width * 4);
    unpremultiply(target, to.width);
    rgba.set(memory.subarray(target, target + to.width * 4), made * to.width * 4);
    made += 1;
  };
  /** Makes the target rows whose source rows are complete. */
  const makeRows = () => {
    while (made < to.height) {
      const start = down.starts[made] ?? 0;
      if (added < Math.min(from.height, start + down.taps)) return;
      makeRow(start);
    }
  };
  return {
    addRow: (row) => {
      if (added === from.height) throw new Error(`the image has ${from.height} rows: another one was added`);
      memory.set(row.subarray(0, from.width * 4), source);
      premultiply(source, from.width);
      filterRow(source, addressOf(added), to.width, layout.starts, layout.weights, across.taps);
      added += 1;
      makeRows();
    },
    finish: () => {
      if (added < from.height) throw new Error(`the image has ${from.height} rows: only ${added} were added`);
      // A second call must not pass on a kernel that another image uses by now.
      if (!isFinished) idleKernel = kernel;
      isFinished = true;
      return { ...to, rgba };
    },
  };
}

/** Collects the rows of an image that needs no shrinking. */
function copyingResizer(size: Size): RowResizer {
  const rgba = new Uint8Array(size.width * size.height * 4);
  let at = 0;
  return {
    addRow: (row) => {
      if (at === rgba.length) throw new Error(`the image has ${size.height} rows: another one was added`);
      rgba.set(row.subarray(0, size.width * 4), at);
      at += size.width * 4;
    },
    finish: () => {
      if (at < rgba.length) throw new Error(`the image has ${size.height} rows: some are missing`);
      return { ...size, rgba };
    },
  };
}

/**
 * Creates a resizer from `from` to `to` pixels; no side may grow. `extent` is the size of the image in source pixels, if
 * the last row and column are only partly in it. Filters with Lanczos-3 and premultiplied alpha. The result takes four
 * bytes a pixel; the kernel's memory is `MAX_RESIZE_MEMORY_BYTES` at most. Throws beyond `MAX_RESIZE_EDGE_PX`.
 */
export function createSizedResizer(from: Size, to: Size, extent: Size = from): RowResizer {
  const isValid = Math.min(to.width, to.height) >= 1 && to.width <= from.width && to.height <= from.height;
  if (!isValid || Math.max(from.width, from.height) > MAX_RESIZE_EDGE_PX)
    throw new Error(`an image of ${from.width} × ${from.height} pixels can't be resized`);
  const isCopy = to.width === from.width && to.height === from.height;
  return isCopy ? copyingResizer(from) : shrinkingResizer(from, to, extent);
}
