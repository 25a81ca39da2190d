const PAGE_BYTES = 64 * 1024;

export interface BoundedInstance {
  instance: WebAssembly.Instance;
  memory: WebAssembly.Memory;
}

/**
 * Instantiates a module whose memory stops growing at `maxBytes`: the codec reports a failed allocation, and the
 * isolate survives. Throws if the module exports no memory.
 */
export function boundedInstance(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  maxBytes: number,
): BoundedInstance {
  const instance = new WebAssembly.Instance(module, imports);
  const memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined) throw new Error("the decoder exports no memory");
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES > maxBytes) throw new RangeError("over the memory budget");
    return grow(pages);
  };
  return { instance, memory };
}
