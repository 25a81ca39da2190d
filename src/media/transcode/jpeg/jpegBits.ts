/** The entropy-coded bytes of a JPEG scan, as they come out. Knows nothing of pixels. */

const CHUNK_BYTES = 64 * 1024;

export interface BitSink {
  /** The lowest `count` bits of `bits`; 16 at most. */
  put(bits: number, count: number): void;
  /** Whole bytes, between scans. */
  bytes(bytes: Uint8Array | number[]): void;
  /** Fills the last byte with ones, T.81 F.1.2.3. */
  flush(): void;
  sizeBytes(): number;
  /** Everything so far, in order. */
  chunks(): Uint8Array[];
}

export function bitSink(): BitSink {
  const full: Uint8Array[] = [];
  let chunk = new Uint8Array(CHUNK_BYTES);
  let length = 0;
  let held = 0;
  let heldBits = 0;

  function emit(byte: number): void {
    if (length === CHUNK_BYTES) {
      full.push(chunk);
      chunk = new Uint8Array(CHUNK_BYTES);
      length = 0;
    }
    chunk[length++] = byte;
  }

  function put(bits: number, count: number): void {
    held = (held << count) | bits;
    heldBits += count;
    while (heldBits >= 8) {
      heldBits -= 8;
      const byte = (held >>> heldBits) & 0xff;
      emit(byte);
      // A byte of ones would read as the beginning of a marker.
      if (byte === 0xff) emit(0);
    }
    held &= (1 << heldBits) - 1;
  }

  return {
    put,
    bytes: (bytes) => bytes.forEach(emit),
    flush: () => {
      if (heldBits > 0) put((1 << (8 - heldBits)) - 1, 8 - heldBits);
    },
    sizeBytes: () => full.length * CHUNK_BYTES + length,
    chunks: () => [...full, chunk.subarray(0, length)],
  };
}
