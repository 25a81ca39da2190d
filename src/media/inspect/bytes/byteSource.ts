/** Random access to the bytes of a file in R2, in memory or on disk. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Returns `length` bytes from `offset`, or fewer at the end of the file. Never throws for a range past the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** A range of bytes in a file. */
export interface ByteRange {
  offset: number;
  length: number;
}
