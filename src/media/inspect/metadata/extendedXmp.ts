/** Extended XMP: one packet too long for a JPEG segment, cut into several. Only puts it together again. */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import { longestBlockBytes } from "../containers/imageContent.ts";

/** Each part opens with a GUID of 32 characters, the whole length and its own offset. */
const headerBytes = 32 + 4 + 4;

/** The packet whose first part comes first, as far as its parts are there; null without one or where it is too long to be worth it. */
export function extendedXmp(parts: Uint8Array[]): Uint8Array | null {
  const first = parts[0];
  if (first === undefined || first.length < headerBytes) return null;
  const guid = asciiAt(first, 0, 32);
  const wholeBytes = viewOf(first).getUint32(32);
  const heldBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (wholeBytes > longestBlockBytes || wholeBytes > heldBytes) return null;
  const whole = new Uint8Array(wholeBytes);
  for (const part of parts) {
    if (part.length < headerBytes || asciiAt(part, 0, 32) !== guid) continue;
    const offset = viewOf(part).getUint32(36);
    const body = part.subarray(headerBytes);
    if (offset + body.length <= wholeBytes) whole.set(body, offset);
  }
  return whole;
}
