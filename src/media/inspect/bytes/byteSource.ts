/** Random access to a file's bytes, wherever they lie. Says nothing of where that is. */

export interface ByteSource {
  readonly sizeBytes: number;
  /** The bytes from `offset` on: `length` of them, or fewer where the file ends. Never throws for a range past the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
