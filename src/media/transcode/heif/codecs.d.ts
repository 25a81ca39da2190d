/** Types of what codecs compiled to WebAssembly come as. */

/** What wrangler and Vitest make of an imported .wasm file. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** The package's own types lean on a namespace that it doesn't load, and take an instance for a module. */
declare module "@jsquash/avif/codec/dec/avif_dec.js" {
  interface Options {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
  }
  interface Decoder {
    decode(file: Uint8Array, bitDepth: 8): { data: unknown; width: number; height: number } | null;
  }
  export default function create(options: Options): Promise<Decoder>;
}
