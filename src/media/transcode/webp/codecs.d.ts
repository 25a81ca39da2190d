/** Types of the codecs of @jsquash/webp; the package's own depend on an unloaded namespace. */

declare module "@jsquash/webp/codec/enc/webp_enc_simd.js" {
  interface Options {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
  }
  interface Encoder {
    encode(rgba: Uint8Array, width: number, height: number, config: Record<string, number>): unknown;
  }
  export default function create(options: Options): Promise<Encoder>;
}

declare module "@jsquash/webp/codec/dec/webp_dec.js" {
  interface Options {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
  }
  interface Decoder {
    decode(file: Uint8Array): { data: unknown; width: number; height: number } | null;
  }
  export default function create(options: Options): Promise<Decoder>;
}
