/** Decodes frames of AV1 with dav1d, built by wasm/dav1d/build.sh. The module loads with the first frame. */
import { startBoundedModule } from "../boundedModule.ts";
import { DecoderMemoryError, type DecoderMemory } from "../decoderMemory.ts";
import type { Planes } from "../heif/planes.ts";
import type { KernelFunction } from "../kernel.ts";

/** Pixels of a frame, or of a tile of a grid. With 8 bits and 4:2:0, dav1d takes 2.1 bytes a pixel: 74 MB. */
export const MAX_AV1_PIXELS = 36 * 1000 * 1000;

/** Error numbers of wasi-libc, which dav1d returns negated. */
const NO_MEMORY = 48;
const TOO_LARGE = 68;
const TRY_AGAIN = 6;

export interface Av1Frame extends Planes {
  /** ITU-T H.273 code points of the stream; 2 is unspecified. */
  primaries: number;
  transfer: number;
}

export interface Av1Decoder {
  /**
   * Decodes the first frame of a stream, whose parts follow each other. The planes are valid until the next call.
   * Throws `DecoderMemoryError`, or an error that names the defect.
   */
  decode(parts: readonly Uint8Array[]): Av1Frame;
  heapBytes(): number;
}

interface Instance {
  memory: WebAssembly.Memory;
  allocate: KernelFunction;
  decode: KernelFunction;
  frame: KernelFunction;
}

/** Shifts by dav1d's layout, after grey: 4:2:0, 4:2:2, 4:4:4. */
const CHROMA_SHIFTS = [
  { xShift: 1, yShift: 1 },
  { xShift: 1, yShift: 0 },
  { xShift: 0, yShift: 0 },
];

function reasonOf(code: number): Error {
  if (code === -NO_MEMORY) return new DecoderMemoryError("decoding AV1 needs more than the memory limit");
  if (code === -TOO_LARGE) return new Error("the AV1 image is too large to decode");
  return new Error(code === -TRY_AGAIN ? "the AV1 data has no frame" : "the AV1 data is damaged");
}

/** `struct frame` of wasm/dav1d/frame.c: 32 bits a field. */
function readFrame({ buffer }: WebAssembly.Memory, at: number): Av1Frame {
  const view = new DataView(buffer, at);
  const field = (index: number) => view.getUint32(index * 4, true);
  const [width, height, layout, bits] = [field(0), field(1), field(2), field(3)];
  const shifts = CHROMA_SHIFTS[layout - 1];
  const rows = height + 1;
  const plane = (start: number, strideBytes: number, yShift: number) => ({
    bytes: new Uint8Array(buffer, start, strideBytes * (yShift === 0 ? height : rows >> yShift)),
    strideBytes,
  });
  const chroma = (index: number, yShift: number) => plane(field(index), field(8), yShift);
  return {
    width,
    height,
    bits,
    luma: plane(field(4), field(7), 0),
    chroma: shifts === undefined ? null : { ...shifts, blue: chroma(5, shifts.yShift), red: chroma(6, shifts.yShift) },
    primaries: field(9),
    transfer: field(10),
    matrix: field(11),
    isFullRange: field(12) === 1,
  };
}

function decodeWith({ memory, allocate, decode, frame }: Instance, parts: readonly Uint8Array[]): Av1Frame {
  const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const stream = allocate(sizeBytes);
  if (stream === 0) throw reasonOf(-NO_MEMORY);
  const bytes = new Uint8Array(memory.buffer);
  let at = stream;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const code = decode(stream, sizeBytes, MAX_AV1_PIXELS);
  if (code !== 0) throw reasonOf(code);
  return readFrame(memory, frame());
}

function startInstance(module: WebAssembly.Module, budget: DecoderMemory, part: string): Instance {
  const { memory, function: functionOf } = startBoundedModule(module, budget, part);
  return { memory, allocate: functionOf("allocate"), decode: functionOf("decode"), frame: functionOf("frame") };
}

/**
 * Opens a decoder whose memory is the part `part` of `budget`. The instance starts with the first frame, and a frame
 * takes the memory of the one before: WebAssembly memory never shrinks.
 */
export async function openAv1Decoder(budget: DecoderMemory, part = "wasm"): Promise<Av1Decoder> {
  const { default: module } = await import("./dav1d.wasm");
  let instance: Instance | null = null;
  return {
    decode: (parts) => {
      const used = instance ?? startInstance(module, budget, part);
      // An instance that trapped is dropped: its memory may be inconsistent.
      instance = null;
      const frame = decodeWith(used, parts);
      instance = used;
      budget.hold(part, used.memory.buffer.byteLength);
      return frame;
    },
    heapBytes: () => instance?.memory.buffer.byteLength ?? 0,
  };
}

/** Fixed fields of `av1C`, before its units; AV1 in ISOBMFF §2.3.3. */
const CONFIGURATION_HEAD_BYTES = 4;

/**
 * Decodes a key frame: a sample of a film, or the data of an image item. `configuration` is the content of `av1C`, or
 * empty; its sequence header serves samples without their own.
 */
export async function decodeAv1Frame(
  configuration: Uint8Array,
  sample: Uint8Array,
  budget: DecoderMemory,
): Promise<Av1Frame> {
  const decoder = await openAv1Decoder(budget);
  return decoder.decode([configuration.subarray(CONFIGURATION_HEAD_BYTES), sample]);
}
