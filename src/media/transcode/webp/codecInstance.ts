/** Starts the codecs of libwebp, whose WebAssembly memory begins at 16 MB and never shrinks. */
import { decoderMemory } from "../decoderMemory.ts";
import { boundedInstance } from "../heif/wasmMemory.ts";

interface EmscriptenOptions {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
}

/** Starts a codec whose memory grows to `maxBytes` at most; beyond that its calls throw. */
async function startCodec<Codec>(
  create: (options: EmscriptenOptions) => Promise<Codec>,
  wasm: WebAssembly.Module,
  maxBytes: number,
): Promise<Codec> {
  return await create({
    instantiateWasm: (imports, done) => {
      const { instance } = boundedInstance(wasm, imports, decoderMemory(maxBytes));
      done(instance);
      return instance.exports;
    },
  });
}

interface LoadedCodec<Codec> {
  create: (options: EmscriptenOptions) => Promise<Codec>;
  wasm: WebAssembly.Module;
}

export interface IsolateCodec<Codec> {
  /** Runs `use` on the isolate's instance. An instance that threw is replaced: its memory may be inconsistent. */
  runShared<Result>(use: (codec: Codec) => Result): Promise<Result>;
  /**
   * Runs `use` on the instance of a client's file, which has one or several images: a defect of the codec reaches no
   * other file. An instance that threw is replaced.
   */
  runAlone<Result>(use: (codec: Codec) => Result, file?: object): Promise<Result>;
}

/**
 * Shares one instance among an isolate's images. Starting one takes about 1 ms. The reference is weak: between images
 * the garbage collector may free its 16 MB or more for other work.
 */
export function isolateCodec<Codec extends object>(
  load: () => Promise<LoadedCodec<Codec>>,
  maxBytes: number,
): IsolateCodec<Codec> {
  let shared: WeakRef<Codec> | null = null;
  const ofFiles = new WeakMap<object, Codec>();
  const start = async () => {
    const { create, wasm } = await load();
    return await startCodec(create, wasm, maxBytes);
  };
  return {
    runShared: async (use) => {
      const codec = shared?.deref() ?? (await start());
      shared = null;
      const result = use(codec);
      shared = new WeakRef(codec);
      return result;
    },
    runAlone: async (use, file = {}) => {
      const codec = ofFiles.get(file) ?? (await start());
      ofFiles.delete(file);
      const result = use(codec);
      ofFiles.set(file, codec);
      return result;
    },
  };
}
