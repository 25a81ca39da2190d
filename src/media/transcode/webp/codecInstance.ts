/** Starts the codecs of libwebp, whose WebAssembly memory begins at 16 MB and never shrinks. */
import { decoderMemory } from "../decoderMemory.ts";
import { boundedInstance } from "../heif/wasmMemory.ts";

interface EmscriptenOptions {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
}

export interface CodecInstance<Codec> {
  codec: Codec;
  memoryBytes(): number;
}

/** Starts a codec whose memory grows to `maxBytes` at most; beyond that its calls throw. */
async function startCodec<Codec>(
  create: (options: EmscriptenOptions) => Promise<Codec>,
  wasm: WebAssembly.Module,
  maxBytes: number,
): Promise<CodecInstance<Codec>> {
  let memoryBytes = () => 0;
  const codec = await create({
    instantiateWasm: (imports, done) => {
      const { instance, memory } = boundedInstance(wasm, imports, decoderMemory(maxBytes));
      memoryBytes = () => memory.buffer.byteLength;
      done(instance);
      return instance.exports;
    },
  });
  return { codec, memoryBytes };
}

interface LoadedCodec<Codec> {
  create: (options: EmscriptenOptions) => Promise<Codec>;
  wasm: WebAssembly.Module;
}

export interface SharedCodec<Codec> {
  /** Runs `use` on the isolate's instance. An instance that threw is replaced: its memory may be inconsistent. */
  run<Result>(use: (instance: CodecInstance<Codec>) => Result): Promise<Result>;
}

/**
 * Shares one instance among an isolate's images. Starting one takes about 1 ms. The reference is weak: between images
 * the garbage collector may free its 16 MB or more for other work.
 */
export function sharedCodec<Codec>(load: () => Promise<LoadedCodec<Codec>>, maxBytes: number): SharedCodec<Codec> {
  let shared: WeakRef<CodecInstance<Codec>> | null = null;
  return {
    run: async (use) => {
      const { create, wasm } = await load();
      const instance = shared?.deref() ?? (await startCodec(create, wasm, maxBytes));
      shared = null;
      const result = use(instance);
      shared = new WeakRef(instance);
      return result;
    },
  };
}
