/** A file read from its beginning to its end in large steps, of which only one is held. Knows nothing of what is in it. */
import type { ByteSource } from "../inspect/bytes/byteSource.ts";

const STEP_BYTES = 4 * 1024 * 1024;

export interface ForwardBytes {
  /** What is held; `at` is where the reader stands in it and may be moved on. */
  bytes: Uint8Array;
  at: number;
  /** Makes sure that `count` bytes from `at` on are held, or all there are. May move what is held. */
  ensure(count: number): Promise<void>;
}

export function forwardBytes(source: ByteSource): ForwardBytes {
  let readTo = 0;
  const forward: ForwardBytes = {
    bytes: new Uint8Array(),
    at: 0,
    ensure: async (count) => {
      const rest = forward.bytes.length - forward.at;
      if (rest >= count || readTo >= source.sizeBytes) return;
      const next = await source.read(readTo, Math.max(count - rest, STEP_BYTES));
      readTo += next.length;
      const joined = new Uint8Array(rest + next.length);
      joined.set(forward.bytes.subarray(forward.at));
      joined.set(next, rest);
      forward.bytes = joined;
      forward.at = 0;
    },
  };
  return forward;
}
