import type { ExifBlock } from "../../containers/imageContent.ts";
import { viewOf } from "../../bytes/bytes.ts";
import { memorySource } from "../../bytes/byteSource.ts";

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

/**
 * Adds a TIFF header to an EXIF directory at `at`, whose offsets count from the start of `bytes`. The header overwrites
 * the first eight bytes; a directory that starts there is copied to the end.
 */
export function headerlessIfd(bytes: Uint8Array, at: number, littleEndian: boolean): ExifBlock {
  const count = bytes.length < at + 2 ? 0 : viewOf(bytes).getUint16(at, littleEndian);
  const relocated = at >= HEADER_BYTES ? new Uint8Array(0) : bytes.slice(at, at + 2 + count * ENTRY_BYTES);
  const block = new Uint8Array(bytes.length + relocated.length);
  block.set(bytes);
  block.set(relocated, bytes.length);
  const view = viewOf(block);
  if (block.length >= HEADER_BYTES) {
    view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
    view.setUint16(2, 42, littleEndian);
    view.setUint32(4, relocated.length === 0 ? at : bytes.length, littleEndian);
  }
  return { source: memorySource(block), firstDirectory: "image" };
}
