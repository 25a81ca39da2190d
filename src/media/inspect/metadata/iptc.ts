/** IPTC-IIM: the caption and the place of its application record. */
import { decodeText, viewOf } from "../bytes/bytes.ts";

const mostDatasets = 1000;
const mark = 0x1c;

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
export function parseIptc(found: Uint8Array): Map<number, string> {
  const block = isSwapped(found) ? swapped(found) : found;
  const values = new Map<number, string>();
  const view = viewOf(block);
  let at = 0;
  for (let i = 0; i < mostDatasets && at + 5 <= block.length && block[at] === mark; i++) {
    const [start, length] = extent(view, at + 3);
    if (start + length > block.length) break;
    const dataset = view.getUint8(at + 2);
    if (block[at + 1] === 2 && !values.has(dataset)) {
      // Undeclared charsets are common and mostly UTF-8; what is not valid as such is Latin.
      values.set(dataset, decodeText(block.subarray(start, start + length)));
    }
    at = start + length;
  }
  return values;
}

/** Where the value begins and how long it is. The highest bit announces a length of more bytes. */
function extent(view: DataView, at: number): [number, number] {
  const length = view.getUint16(at);
  if (length < 0x8000) return [at + 2, length];
  const width = length & 0x7fff;
  if (width > 4 || at + 2 + width > view.byteLength) return [at + 2, Infinity];
  let long = 0;
  for (let i = 0; i < width; i++) long = long * 256 + view.getUint8(at + 2 + i);
  return [at + 2 + width, long];
}

/** Some writers of TIFF take the block for numbers of four bytes and turn each round. */
function isSwapped(block: Uint8Array): boolean {
  return block[0] !== mark && block[3] === mark;
}

function swapped(block: Uint8Array): Uint8Array {
  return block.map((_, i) => block[i - (i % 4) + 3 - (i % 4)] ?? 0);
}
