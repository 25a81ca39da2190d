/** WebAssembly instances that can't take more memory than they are given. Knows no codec. */

const PAGE_BYTES = 64 * 1024;

export interface BoundedInstance {
  instance: WebAssembly.Instance;
  memory: WebAssembly.Memory;
}

/** Growth beyond `maxBytes` fails as if there were no more memory, and the codec says so instead of the isolate dying. */
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
