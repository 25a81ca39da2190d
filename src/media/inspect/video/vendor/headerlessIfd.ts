/** A directory of EXIF that cameras write into videos without TIFF's head: given one, so that the reader of photos reads it. */
import type { TiffBlock } from "../../containers/imageContent.ts";
import { viewOf } from "../../bytes/bytes.ts";
import { memorySource } from "../../bytes/byteSource.ts";

const headBytes = 8;
const entryBytes = 12;

/**
 * Offsets count from the first of `bytes`; the directory begins at `at`. A head takes the place of the first eight bytes,
 * and a directory that itself begins there is told of by a copy behind everything.
 */
export function bareDirectory(bytes: Uint8Array, at: number, littleEndian: boolean): TiffBlock {
  const count = bytes.length < at + 2 ? 0 : viewOf(bytes).getUint16(at, littleEndian);
  const directory = at >= headBytes ? new Uint8Array(0) : bytes.slice(at, at + 2 + count * entryBytes);
  const block = new Uint8Array(bytes.length + directory.length);
  block.set(bytes);
  block.set(directory, bytes.length);
  const view = viewOf(block);
  if (block.length >= headBytes) {
    view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
    view.setUint16(2, 42, littleEndian);
    view.setUint32(4, directory.length === 0 ? at : bytes.length, littleEndian);
  }
  return { source: memorySource(block), firstDirectory: "image" };
}
