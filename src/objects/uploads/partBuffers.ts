/** The memory of one upload: at most two buffers of a part, so that one fills while the other is sent. */

/** R2 requires equal parts of at least 5 MiB. Two such buffers fit many times into an isolate's 128 MB. */
export const PART_BYTES = 8 * 1024 * 1024;
/** The first buffer if the length is unknown, as with chunked encoding. */
const UNHINTED_BYTES = 256 * 1024;

export interface PartBuffers {
  /** The bytes filled in since the last `swap`. Valid until the swap after the next. */
  filled(): Uint8Array;
  /** Copies as many bytes as fit into the part, and returns their number; 0 if the part is full. */
  fill(bytes: Uint8Array): number;
  /** Continues with the other buffer, whose earlier bytes are overwritten. */
  swap(): void;
  peakBytes(): number;
}

/** `sizeHint` avoids allocating 8 MiB for a small file. If the file is larger, the buffer doubles up to a part. */
export function partBuffers(sizeHint: number | null): PartBuffers {
  const firstBytes = sizeHint !== null && sizeHint >= 1 ? Math.min(sizeHint, PART_BYTES) : UNHINTED_BYTES;
  let current = new Uint8Array(firstBytes);
  let other: Uint8Array<ArrayBuffer> | null = null;
  let length = 0;
  let peak = current.byteLength;

  /** Only the first buffer can be smaller than a part, so the old and the new one together stay below two parts. */
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
      const taken = Math.min(bytes.byteLength, PART_BYTES - length);
      if (length + taken > current.byteLength) grow(length + taken);
      current.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), length);
      length += taken;
      return taken;
    },
    swap: () => {
      const next = other ?? new Uint8Array(PART_BYTES);
      other = current;
      current = next;
      length = 0;
      peak = Math.max(peak, current.byteLength + other.byteLength);
    },
    peakBytes: () => peak,
  };
}
