import type { ByteSource } from "../inspect/bytes/byteSource.ts";

/** Reads ahead for consecutive ranges of a source: one read of R2 per window. Holds one window. */
export function readAhead(source: ByteSource, windowBytes: number): ByteSource {
  let start = 0;
  let buffer: Uint8Array = new Uint8Array();
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const end = Math.min(offset + length, source.sizeBytes);
    if (offset < start || end > start + buffer.length) {
      buffer = new Uint8Array();
      buffer = await source.read(offset, Math.max(length, windowBytes));
      start = offset;
    }
    return buffer.subarray(offset - start, offset - start + length);
  };
  return { sizeBytes: source.sizeBytes, read };
}
