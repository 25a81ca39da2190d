/** Writes the entropy-coded bytes of a JPEG scan. */

const CHUNK_BYTES = 64 * 1024;

export interface BitWriter {
  /** Writes the lowest `count` bits, at most 16. */
  writeBits(bits: number, count: number): void;
  /** Writes whole bytes, for segments outside a scan. */
  writeBytes(bytes: Uint8Array | number[]): void;
  /** Pads the last byte with ones; T.81 §F.1.2.3. */
  flush(): void;
  sizeBytes(): number;
  /** Memory of all chunks. */
  allocatedBytes(): number;
  /** Returns all bytes so far, in order. */
  chunks(): Uint8Array[];
}

/** Creates a writer that grows in chunks of 64 KiB. */
export function bitWriter(): BitWriter {
  const fullChunks: Uint8Array[] = [];
  let chunk = new Uint8Array(CHUNK_BYTES);
  let length = 0;
  let pending = 0;
  let pendingBits = 0;

  function writeByte(byte: number): void {
    if (length === CHUNK_BYTES) {
      fullChunks.push(chunk);
      chunk = new Uint8Array(CHUNK_BYTES);
      length = 0;
    }
    chunk[length++] = byte;
  }

  function writeBits(bits: number, count: number): void {
    pending = (pending << count) | bits;
    pendingBits += count;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      const byte = (pending >>> pendingBits) & 0xff;
      writeByte(byte);
      // Byte stuffing: a 0xff byte in a scan is followed by 0.
      if (byte === 0xff) writeByte(0);
    }
    pending &= (1 << pendingBits) - 1;
  }

  return {
    writeBits,
    writeBytes: (bytes) => bytes.forEach(writeByte),
    flush: () => {
      if (pendingBits > 0) writeBits((1 << (8 - pendingBits)) - 1, 8 - pendingBits);
    },
    sizeBytes: () => fullChunks.length * CHUNK_BYTES + length,
    allocatedBytes: () => (fullChunks.length + 1) * CHUNK_BYTES,
    chunks: () => [...fullChunks, chunk.subarray(0, length)],
  };
}
