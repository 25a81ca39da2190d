/** Runs the WebAssembly kernels of wasm/, which share a raw memory with their caller. */

const PAGE_BYTES = 64 * 1024;

export type KernelFunction = (...args: number[]) => number;

export interface Kernel {
  /** Returns an exported function. Throws if the module lacks it. */
  function(name: string): KernelFunction;
  /** Address of the first free byte. */
  heapStart: number;
  /**
   * Grows the memory to `heapBytes` after `heapStart` and returns all of it. Growing detaches views that were returned
   * before. Throws a RangeError beyond the maximum of scripts/buildWasm.ts.
   */
  reserve(heapBytes: number): Uint8Array;
  memoryBytes(): number;
}

function isFunction(value: unknown): value is KernelFunction {
  return typeof value === "function";
}

/** Returns an exported function. Throws if the instance lacks it. */
export function exportedFunction(exports: WebAssembly.Exports, name: string): KernelFunction {
  const exported = exports[name];
  if (!isFunction(exported)) throw new Error(`the kernel exports no function ${name}`);
  return exported;
}

/** Instantiates a module of scripts/buildWasm.ts. Each instance has a separate memory, which never shrinks. */
export function startKernel(module: WebAssembly.Module): Kernel {
  const { exports } = new WebAssembly.Instance(module);
  const memory = exports["memory"];
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("the kernel exports no memory");
  const functionOf = (name: string) => exportedFunction(exports, name);
  const heapStart = functionOf("heapStart")();
  return {
    function: functionOf,
    heapStart,
    reserve: (heapBytes) => {
      const missing = heapStart + heapBytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      return new Uint8Array(memory.buffer);
    },
    memoryBytes: () => memory.buffer.byteLength,
  };
}

/** Returns a function that gives the pictures of a film the same kernel, one after the other, instead of one each. */
export function kernelOfFilm(module: WebAssembly.Module): (film: object) => Kernel {
  const kernels = new WeakMap<object, Kernel>();
  return (film) => {
    const kernel = kernels.get(film) ?? startKernel(module);
    kernels.set(film, kernel);
    return kernel;
  };
}
