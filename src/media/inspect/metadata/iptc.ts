import { decodeText, viewOf } from "../bytes/bytes.ts";

const MAX_DATASETS = 1000;
const TAG_MARKER = 0x1c;

/** Dataset numbers of the application record. */
export const iptcTags = {
  dateCreated: 55,
  timeCreated: 60,
  city: 90,
  sublocation: 92,
  state: 95,
  countryCode: 100,
  country: 101,
  caption: 120,
} as const;

/** Returns the first value of each dataset of the application record (IPTC-IIM 4.2, record 2). */
export function parseIptc(bytes: Uint8Array): Map<number, string> {
  const block = isByteSwapped(bytes) ? swapBytes(bytes) : bytes;
  const values = new Map<number, string>();
  const view = viewOf(block);
  let at = 0;
  for (let i = 0; i < MAX_DATASETS && at + 5 <= block.length && block[at] === TAG_MARKER; i++) {
    const [start, length] = valueRange(view, at + 3);
    if (start + length > block.length) break;
    const dataset = view.getUint8(at + 2);
    if (block[at + 1] === 2 && !values.has(dataset)) {
      // The charset is often undeclared: mostly UTF-8, otherwise Windows-1252.
      values.set(dataset, decodeText(block.subarray(start, start + length)));
    }
    at = start + length;
  }
  return values;
}

/** Returns the offset and length of a value. The highest bit marks an extended length field. */
function valueRange(view: DataView, at: number): [number, number] {
  const length = view.getUint16(at);
  if (length < 0x8000) return [at + 2, length];
  const width = length & 0x7fff;
  if (width > 4 || at + 2 + width > view.byteLength) return [at + 2, Infinity];
  let extended = 0;
  for (let i = 0; i < width; i++) extended = extended * 256 + view.getUint8(at + 2 + i);
  return [at + 2 + width, extended];
}

/** Some TIFF writers store the block as 32-bit numbers in the file's byte order. */
function isByteSwapped(block: Uint8Array): boolean {
  return block[0] !== TAG_MARKER && block[3] === TAG_MARKER;
}

function swapBytes(block: Uint8Array): Uint8Array {
  return block.map((_, i) => block[i - (i % 4) + 3 - (i % 4)] ?? 0);
}
