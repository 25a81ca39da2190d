import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import { bytesPerType } from "../../tiff/tiffValue.ts";

const HEADER_BYTES = 8;
const ASCII_TYPE = 2;

/** Returns the text values of Nikon's `NCTG` list by tag: records of a tag, an EXIF type, a count and the value. */
export function readNikonTexts(bytes: Uint8Array): Map<number, string> {
  const texts = new Map<number, string>();
  const view = viewOf(bytes);
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const type = view.getUint16(at + 4);
    const size = view.getUint16(at + 6) * (bytesPerType[type] ?? 0);
    const text = type === ASCII_TYPE ? normalizeText(asciiAt(bytes, at + HEADER_BYTES, size)) : null;
    if (text !== null) texts.set(view.getUint32(at), text);
    at += HEADER_BYTES + size;
  }
  return texts;
}
