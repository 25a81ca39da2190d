/** BMP: the size, from the old header of 12 bytes or the later ones, and the profile that the latest can hold. */
import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

/** The file's own header comes first; the profile's offset counts from the picture's. */
const headerAt = 14;
const latestHeaderBytes = 124;
/** "MBED", its letters the wrong way round as all numbers here are. */
const embeddedProfile = 0x4d424544;

export async function readBmp(source: ByteSource, content: StillContent): Promise<void> {
  const header = viewOf(await source.read(headerAt, latestHeaderBytes));
  const isOldHeader = header.getUint32(0, true) === 12;
  content.rawWidth = isOldHeader ? header.getUint16(4, true) : Math.abs(header.getInt32(4, true));
  // A negative height means that the rows run from the top down.
  content.rawHeight = isOldHeader ? header.getUint16(6, true) : Math.abs(header.getInt32(8, true));
  if (header.getUint32(0, true) < latestHeaderBytes || header.getUint32(56, true) !== embeddedProfile) return;
  const sizeBytes = header.getUint32(116, true);
  if (sizeBytes <= longestBlockBytes) {
    content.icc = (await source.read(headerAt + header.getUint32(112, true), sizeBytes)).slice();
  }
}
