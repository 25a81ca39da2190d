/**
 * The memory of one upload: at most two part-sized buffers, used in turn, so that one fills while the other's bytes
 * are on their way. Knows nothing of R2.
 */

/** R2 wants equal parts of at least 5 MiB; two of these and their overhead fit many times into an isolate's 128 MB. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Where the client says nothing of the length, as with chunked encoding. */
const UNHINTED_BYTES = 256 * 1024;

export interface PartBuffers {
  /** What has been filled in since the last `turn`. Valid until the turn after the next. */
  filled(): Uint8Array;
  /** Copies what fits the part and says how many bytes that was; 0 when the part is full. */
  fill(bytes: Uint8Array): number;
  /** Goes on with the other buffer, whose former bytes must be needed no longer. */
  turn(): void;
  peakBytes(): number;
}

/** `sizeHint` spares a small file the whole 8 MiB. If it lies, the buffer doubles until it is a part. */
export function partBuffers(sizeHint: number | null): PartBuffers {
  const firstBytes = sizeHint !== null && sizeHint >= 1 ? Math.min(sizeHint, PART_BYTES) : UNHINTED_BYTES;
  let current = new Uint8Array(firstBytes);
  let other: Uint8Array<ArrayBuffer> | null = null;
  let length = 0;
  let peak = current.byteLength;

  /** Only the first buffer is ever smaller than a part, so old and new together stay below two parts. */
  function grow(neededBytes: number): void {
    const bytes = Math.min(PART_BYTES, Math.max(neededBytes, current.byteLength * 2));
    const larger = new Uint8Array(bytes);
    larger.set(current.subarray(0, length));
    peak = Math.max(peak, current.byteLength + bytes);
    current = larger;
  }

  return {
    filled: () => current.subarray(0, length),
    fill: (bytes) => {
      const take = Math.min(bytes.byteLength, PART_BYTES - length);
      if (length + take > current.byteLength) grow(length + take);
      current.set(take === bytes.byteLength ? bytes : bytes.subarray(0, take), length);
      length += take;
      return take;
    },
    turn: () => {
      const next = other ?? new Uint8Array(PART_BYTES);
      other = current;
      current = next;
      length = 0;
      peak = Math.max(peak, current.byteLength + other.byteLength);
    },
    peakBytes: () => peak,
  };
}
