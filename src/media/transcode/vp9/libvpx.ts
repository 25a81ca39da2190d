/**
 * Runs libvpx's decoder of VP9, compiled for the package ogv. The package's script isn't used: it would copy each plane
 * to JavaScript, and takes a Worker for Node.
 */
import { decoderMemory, DecoderMemoryError } from "../decoderMemory.ts";
import { boundedInstance } from "../heif/wasmMemory.ts";

const PAGE_BYTES = 64 * 1024;

/** Names of ogv-decoder-video-vp9-wasm.wasm 1.9.0, which its build shortened. */
const EXPORTS = {
  initialize: "n",
  openDecoder: "o",
  processFrame: "s",
  table: "t",
  allocate: "u",
  free: "v",
  setThrew: "w",
  restoreStack: "x",
  saveStack: "y",
} as const;
/** Imports that call an entry of the table and catch a long jump. */
const CATCHING_CALLS = ["a", "b", "c", "d", "e", "f", "g", "i"];

/** libvpx reports damage by a long jump, which Emscripten throws through the frames of WebAssembly. */
class LongJump extends Error {}

type WasmFunction = (...args: number[]) => number;

/** Addresses and strides of the planes, in the memory of the decoder until the next frame. */
export interface DecodedFrame {
  memory: Uint8Array;
  planes: { address: number; strideBytes: number }[];
  width: number;
  height: number;
}

export interface Vp9Decoder {
  /** Returns null for a frame that libvpx refuses. Throws if it runs out of memory: drop the decoder then. */
  decode(frame: Uint8Array): DecodedFrame | null;
  memoryBytes(): number;
}

function isFunction(value: unknown): value is WasmFunction {
  return typeof value === "function";
}

interface Linked {
  imports: WebAssembly.Imports;
  /** Connects the imports with the instance that they were made for. */
  connect: (instance: WebAssembly.Instance, memory: WebAssembly.Memory) => (name: keyof typeof EXPORTS) => WasmFunction;
  takeFrame: () => number[] | null;
}

function exportsOf(instance: WebAssembly.Instance): (name: keyof typeof EXPORTS) => WasmFunction {
  return (name) => {
    const exported = instance.exports[EXPORTS[name]];
    if (!isFunction(exported)) throw new Error(`the VP9 decoder exports no ${name}`);
    return exported;
  };
}

function tableOf(instance: WebAssembly.Instance): WebAssembly.Table {
  const table = instance.exports[EXPORTS.table];
  if (!(table instanceof WebAssembly.Table)) throw new Error("the VP9 decoder exports no table");
  return table;
}

/** Calls entry `index` of the table. A long jump ends it, and libvpx then asks whether there was one. */
function catchingCall(instance: WebAssembly.Instance, index: number, args: number[]): number {
  const call = exportsOf(instance);
  const entry: unknown = tableOf(instance).get(index);
  if (!isFunction(entry)) throw new Error("the VP9 decoder called a function that it lacks");
  const stack = call("saveStack")();
  try {
    return entry(...args);
  } catch (error) {
    if (!(error instanceof LongJump)) throw error;
    call("restoreStack")(stack);
    call("setThrew")(1, 0);
    return 0;
  }
}

function link(): Linked {
  let started: { instance: WebAssembly.Instance; memory: WebAssembly.Memory } | null = null;
  let frame: number[] | null = null;
  const current = () => {
    if (started === null) throw new Error("the VP9 decoder has not started");
    return started;
  };
  const grow = (bytes: number): number => {
    const { memory } = current();
    try {
      memory.grow(Math.ceil(((bytes >>> 0) - memory.buffer.byteLength) / PAGE_BYTES));
      return 1;
    } catch {
      // libvpx reports the refused allocation.
      return 0;
    }
  };
  const env: Record<string, (...args: number[]) => unknown> = {
    h: (to = 0, from = 0, bytes = 0) =>
      new Uint8Array(current().memory.buffer).copyWithin(to >>> 0, from >>> 0, (from >>> 0) + bytes),
    j: () => {
      throw new LongJump();
    },
    k: (bytes = 0) => grow(bytes),
    l: (...args) => void (frame = args),
  };
  for (const name of CATCHING_CALLS) env[name] = (index = 0, ...args) => catchingCall(current().instance, index, args);
  return {
    imports: { a: env },
    connect: (instance, memory) => {
      started = { instance, memory };
      return exportsOf(instance);
    },
    takeFrame: () => {
      const taken = frame;
      frame = null;
      return taken;
    },
  };
}

/** Arguments of ogv's callback: addresses and strides of three planes, sizes of planes, and the size of the picture. */
function describeFrame(args: number[], buffer: ArrayBufferLike): DecodedFrame {
  const [luma = 0, lumaStride = 0, blue = 0, blueStride = 0, red = 0, redStride = 0] = args;
  const [width = 0, height = 0] = args.slice(10);
  return {
    memory: new Uint8Array(buffer),
    planes: [
      { address: luma, strideBytes: lumaStride },
      { address: blue, strideBytes: blueStride },
      { address: red, strideBytes: redStride },
    ],
    width,
    height,
  };
}

/** Starts a decoder whose memory grows to `maxBytes` at most. The module loads with the first film. */
export async function startVp9Decoder(maxBytes: number): Promise<Vp9Decoder> {
  const { default: wasm } = await import("ogv/dist/ogv-decoder-video-vp9-wasm.wasm");
  const { imports, connect, takeFrame } = link();
  const { instance, memory } = boundedInstance(wasm, imports, decoderMemory(maxBytes));
  const call = connect(instance, memory);
  call("initialize")();
  call("openDecoder")();
  return {
    decode: (frame) => {
      const address = call("allocate")(frame.length);
      if (address === 0) throw new DecoderMemoryError("decoding VP9 needs more than the memory limit");
      new Uint8Array(memory.buffer, address, frame.length).set(frame);
      call("processFrame")(address, frame.length);
      call("free")(address);
      const decoded = takeFrame();
      return decoded === null ? null : describeFrame(decoded, memory.buffer);
    },
    memoryBytes: () => memory.buffer.byteLength,
  };
}
