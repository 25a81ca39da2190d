/** IPTC-IIM: the caption and the place of its application record, in the charset that it declares. */
import { decodeText, viewOf } from "../bytes.ts";

const mostDatasets = 1000;

/** Dataset numbers of record 2. */
export const iptcTags = {
  city: 90,
  sublocation: 92,
  state: 95,
  countryCode: 100,
  country: 101,
  caption: 120,
} as const;

/** The first value of each dataset of record 2. */
export function parseIptc(block: Uint8Array): Map<number, string> {
  const values = new Map<number, string>();
  const view = viewOf(block);
  let at = 0;
  for (let i = 0; i < mostDatasets && at + 5 <= block.length && block[at] === 0x1c; i++) {
    const length = view.getUint16(at + 3);
    // The highest bit announces a length of more bytes, which no text field needs.
    if (length >= 0x8000) break;
    const dataset = view.getUint8(at + 2);
    if (block[at + 1] === 2 && !values.has(dataset)) {
      // Undeclared charsets are common and mostly UTF-8; what is not valid as such is Latin.
      values.set(dataset, decodeText(block.subarray(at + 5, at + 5 + length)));
    }
    at += 5 + length;
  }
  return values;
}
