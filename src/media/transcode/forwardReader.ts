/** Reads a file sequentially in large steps and buffers one of them. */
import type { ByteSource } from "../inspect/bytes/byteSource.ts";

const STEP_BYTES = 4 * 1024 * 1024;

export interface ForwardReader {
  /** The buffer and the read position in it, which callers advance. */
  bytes: Uint8Array;
  position: number;
  /** Buffers `count` bytes from `position`, or all that remain. May replace `bytes` and `position`. */
  ensure(count: number): Promise<void>;
}

/** Creates a reader at the start of `source`. */
export function forwardReader(source: ByteSource): ForwardReader {
  let readTo = 0;
  const reader: ForwardReader = {
    bytes: new Uint8Array(),
    position: 0,
    ensure: async (count) => {
      const remaining = reader.bytes.length - reader.position;
      if (remaining >= count || readTo >= source.sizeBytes) return;
      const next = await source.read(readTo, Math.max(count - remaining, STEP_BYTES));
      readTo += next.length;
      const joined = new Uint8Array(remaining + next.length);
      joined.set(reader.bytes.subarray(reader.position));
      joined.set(next, remaining);
      reader.bytes = joined;
      reader.position = 0;
    },
  };
  return reader;
}
