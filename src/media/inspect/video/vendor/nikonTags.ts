/** The list that Nikon keeps in its movies: records of a tag, a type of EXIF, a count, and the value right behind. */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { tidyText } from "../../metadata/normalize.ts";
import { typeBytes } from "../../tiff/tiffValue.ts";

const headBytes = 8;
const textType = 2;

/** Those of its values that are text, by tag. */
export function nikonTexts(bytes: Uint8Array): Map<number, string> {
  const texts = new Map<number, string>();
  const view = viewOf(bytes);
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const type = view.getUint16(at + 4);
    const size = view.getUint16(at + 6) * (typeBytes[type] ?? 0);
    const text = type === textType ? tidyText(asciiAt(bytes, at + headBytes, size)) : null;
    if (text !== null) texts.set(view.getUint32(at), text);
    at += headBytes + size;
  }
  return texts;
}
