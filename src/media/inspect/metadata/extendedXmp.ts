import { asciiAt, viewOf } from "../bytes/bytes.ts";
import { MAX_BLOCK_BYTES } from "../containers/imageContent.ts";

/** Each part begins with a GUID of 32 characters, the total length and its own offset. */
const PART_HEADER_BYTES = 32 + 4 + 4;

/** Joins the parts of an extended XMP packet from several JPEG segments (XMP part 3); null if there are none or the packet is too long. */
export function joinExtendedXmp(parts: Uint8Array[]): Uint8Array | null {
  const first = parts[0];
  if (first === undefined || first.length < PART_HEADER_BYTES) return null;
  const guid = asciiAt(first, 0, 32);
  const packetBytes = viewOf(first).getUint32(32);
  const partBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (packetBytes > MAX_BLOCK_BYTES || packetBytes > partBytes) return null;
  const packet = new Uint8Array(packetBytes);
  for (const part of parts) {
    if (part.length < PART_HEADER_BYTES || asciiAt(part, 0, 32) !== guid) continue;
    const offset = viewOf(part).getUint32(36);
    const body = part.subarray(PART_HEADER_BYTES);
    if (offset + body.length <= packetBytes) packet.set(body, offset);
  }
  return packet;
}
