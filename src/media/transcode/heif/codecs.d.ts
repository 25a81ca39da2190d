/** Types of WebAssembly codecs. */

/** wrangler and Vitest import a .wasm file as a module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** Replaces the package's types, which depend on an unloaded namespace and mistake an instance for a module. */
declare module "@jsquash/avif/codec/dec/avif_dec.js" {
  interface Options {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
  }
  interface Decoder {
    decode(file: Uint8Array, bitDepth: 8): { data: unknown; width: number; height: number } | null;
  }
  export default function create(options: Options): Promise<Decoder>;
}
