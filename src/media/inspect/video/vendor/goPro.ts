/** The model's name in what GoPro cameras keep beside the movie (GPMF): records of four letters, a type, a size and a count, padded to four bytes. */
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { tidyText } from "../../metadata/normalize.ts";

const headBytes = 8;

/** A device's record (type 0) has the others inside: its head alone is stepped over. */
export function readGoProModel(bytes: Uint8Array): string | null {
  const view = viewOf(bytes);
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const type = asciiAt(bytes, at, 4);
    const size = view.getUint8(at + 5) * view.getUint16(at + 6);
    if (type === "MINF") return tidyText(asciiAt(bytes, at + headBytes, size));
    at += view.getUint8(at + 4) === 0 ? headBytes : headBytes + Math.ceil(size / 4) * 4;
  }
  return null;
}
