/** Reads a file sequentially in large steps and buffers one of them. */
import type { ByteSource } from "../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "./decoderMemory.ts";

const STEP_BYTES = 4 * 1024 * 1024;

export interface ForwardReader {
  /** The buffer and the read position in it, which callers advance. */
  bytes: Uint8Array;
  position: number;
  /** Buffers `count` bytes from `position`, or all that remain. May replace `bytes` and `position`. */
  ensure(count: number): Promise<void>;
}

/** Creates a reader at the start of `source`. */
export function forwardReader(source: ByteSource, memory: DecoderMemory): ForwardReader {
  let readTo = 0;
  const reader: ForwardReader = {
    bytes: new Uint8Array(),
    position: 0,
    ensure: async (count) => {
      const rest = reader.bytes.length - reader.position;
      if (rest >= count || readTo >= source.sizeBytes) return;
      const step = Math.max(count - rest, STEP_BYTES);
      // The rest is copied out first, so that the previous buffer is free while the next one is read.
      memory.hold("input", reader.bytes.length + 2 * rest + 2 * step);
      const kept = reader.bytes.slice(reader.position);
      reader.bytes = kept;
      reader.position = 0;
      const next = await source.read(readTo, step);
      readTo += next.length;
      if (kept.length === 0) reader.bytes = next;
      else {
        reader.bytes = new Uint8Array(kept.length + next.length);
        reader.bytes.set(kept);
        reader.bytes.set(next, kept.length);
      }
      memory.hold("input", reader.bytes.length);
    },
  };
  return reader;
}
