import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

/** Follows the file header; the profile's offset counts from here. */
const DIB_HEADER_OFFSET = 14;
/** BITMAPV5HEADER. */
const V5_HEADER_BYTES = 124;
/** PROFILE_EMBEDDED. */
const PROFILE_EMBEDDED = 0x4d424544;

/** Reads the size of a BMP, and the ICC profile of a BITMAPV5HEADER. */
export async function readBmp(source: ByteSource, content: ImageContent): Promise<void> {
  const header = viewOf(await source.read(DIB_HEADER_OFFSET, V5_HEADER_BYTES));
  const isCoreHeader = header.getUint32(0, true) === 12;
  content.rawWidth = isCoreHeader ? header.getUint16(4, true) : Math.abs(header.getInt32(4, true));
  // A negative height means rows from top to bottom.
  content.rawHeight = isCoreHeader ? header.getUint16(6, true) : Math.abs(header.getInt32(8, true));
  if (header.getUint32(0, true) < V5_HEADER_BYTES || header.getUint32(56, true) !== PROFILE_EMBEDDED) return;
  const sizeBytes = header.getUint32(116, true);
  if (sizeBytes <= MAX_BLOCK_BYTES) {
    content.icc = (await source.read(DIB_HEADER_OFFSET + header.getUint32(112, true), sizeBytes)).slice();
  }
}
