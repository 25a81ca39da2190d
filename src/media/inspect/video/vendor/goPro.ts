import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { normalizeText } from "../../metadata/normalize.ts";

const HEADER_BYTES = 8;

/** A device record (type 0) contains the others: only its header is skipped. */
/** Returns the model from GPMF data: records of a FourCC, type, size and repeat count, padded to four bytes. */
export function readGoProModel(bytes: Uint8Array): string | null {
  const view = viewOf(bytes);
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const type = asciiAt(bytes, at, 4);
    const size = view.getUint8(at + 5) * view.getUint16(at + 6);
    if (type === "MINF") return normalizeText(asciiAt(bytes, at + HEADER_BYTES, size));
    at += view.getUint8(at + 4) === 0 ? HEADER_BYTES : HEADER_BYTES + Math.ceil(size / 4) * 4;
  }
  return null;
}
