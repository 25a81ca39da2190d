/** Reads forward through a file in windows that grow: a hit costs little, a long search takes few reads. */
import type { ByteSource } from "./byteSource.ts";

const FIRST_WINDOW_BYTES = 16 * 1024;
const MAX_WINDOW_BYTES = 512 * 1024;

/**
 * Wraps a file for a search from any place forward. Reads beyond a total of `maxTotalBytes` return fewer bytes, as at the
 * end of the file. Keeps one window.
 */
export function windowedSource(file: ByteSource, maxTotalBytes: number): ByteSource {
  let [windowOffset, windowBytes, left] = [0, FIRST_WINDOW_BYTES, maxTotalBytes];
  let bytes: Uint8Array = new Uint8Array();
  const contains = (offset: number, end: number) =>
    offset >= windowOffset && Math.min(end, file.sizeBytes) <= windowOffset + bytes.length;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (!(offset >= 0 && offset < file.sizeBytes)) return new Uint8Array();
    if (!contains(offset, offset + length)) {
      const wanted = Math.min(Math.max(length, windowBytes), file.sizeBytes - offset, left);
      windowBytes = Math.min(windowBytes * 2, MAX_WINDOW_BYTES);
      windowOffset = offset;
      bytes = wanted > 0 ? await file.read(offset, wanted) : new Uint8Array();
      left -= bytes.length;
    }
    return bytes.subarray(offset - windowOffset, offset - windowOffset + length);
  };
  return { sizeBytes: file.sizeBytes, read };
}
