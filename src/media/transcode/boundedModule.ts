/** Starts WebAssembly modules that import their memory, so that it grows no further than the decoder's budget. */
import { DecoderMemoryError, type DecoderMemory } from "./decoderMemory.ts";
import { exportedFunction, type KernelFunction } from "./kernel.ts";

const PAGE_BYTES = 64 * 1024;
/** What the modules of wasm/dav1d and wasm/jxl declare. */
const MIN_PAGES = 32;
const MAX_PAGES = 2048;

export interface BoundedModule {
  memory: WebAssembly.Memory;
  /** Returns an exported function. Throws if the module lacks it. */
  function: (name: string) => KernelFunction;
}

/** Starts an instance whose memory grows to what the part `part` of the budget may take. */
export function startBoundedModule(module: WebAssembly.Module, budget: DecoderMemory, part: string): BoundedModule {
  const room = Math.floor(budget.roomFor(part) / PAGE_BYTES);
  if (room < MIN_PAGES) throw new DecoderMemoryError("decoding the image needs more than the memory limit");
  const memory = new WebAssembly.Memory({ initial: MIN_PAGES, maximum: Math.min(room, MAX_PAGES) });
  budget.hold(part, memory.buffer.byteLength);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, function: (name) => exportedFunction(exports, name) };
}
