import type { DecoderMemory } from "../decoderMemory.ts";

const PAGE_BYTES = 64 * 1024;

export interface BoundedInstance {
  instance: WebAssembly.Instance;
  memory: WebAssembly.Memory;
}

/**
 * Instantiates a module whose memory stops growing at the decoder's ceiling: the codec reports a failed allocation, and
 * the isolate survives. Throws if the module exports no memory.
 */
export function boundedInstance(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  budget: DecoderMemory,
): BoundedInstance {
  const instance = new WebAssembly.Instance(module, imports);
  const memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined) throw new Error("the decoder exports no memory");
  budget.hold("wasm", memory.buffer.byteLength);
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    budget.hold("wasm", memory.buffer.byteLength + pages * PAGE_BYTES);
    return grow(pages);
  };
  return { instance, memory };
}
