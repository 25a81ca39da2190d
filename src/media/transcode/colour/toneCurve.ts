/** Reads tone reproduction curves of ICC profiles: `curv` and `para` tags (ICC.1:2022, 10.6 and 10.18). */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";

/** Maps an encoded value to linear light, both from 0 to 1. */
export type ToneCurve = (encoded: number) => number;

const HEAD_BYTES = 12;

/** Values between table entries are interpolated. */
function tableCurve(view: DataView, entries: number): ToneCurve {
  const last = entries - 1;
  const entry = (index: number) => view.getUint16(HEAD_BYTES + index * 2) / 65_535;
  return (encoded) => {
    const position = encoded * last;
    const index = Math.min(last - 1, Math.floor(position));
    return entry(index) + (entry(index + 1) - entry(index)) * (position - index);
  };
}

function curveOfTable(tag: Uint8Array): ToneCurve | null {
  const view = viewOf(tag);
  const entries = view.getUint32(8);
  if (entries === 0) return (encoded) => encoded;
  if (HEAD_BYTES + entries * 2 > tag.length) return null;
  if (entries > 1) return tableCurve(view, entries);
  const gamma = view.getUint16(HEAD_BYTES) / 256;
  return (encoded) => encoded ** gamma;
}

/** Parameters g a b c d e f; the number of each function type. */
const PARAMETER_COUNTS = [1, 3, 4, 5, 7];

function curveOfParameters(tag: Uint8Array): ToneCurve | null {
  const view = viewOf(tag);
  const type = view.getUint16(8);
  const count = PARAMETER_COUNTS[type];
  if (count === undefined || HEAD_BYTES + count * 4 > tag.length) return null;
  const parameter = (index: number, absent: number) =>
    index < count ? view.getInt32(HEAD_BYTES + index * 4) / 65_536 : absent;
  const [g, a, b, c] = [parameter(0, 1), parameter(1, 1), parameter(2, 0), parameter(3, 0)];
  const power = (encoded: number) => Math.max(0, a * encoded + b) ** g;
  if (type === 0) return power;
  if (type === 1 || type === 2) {
    if (a === 0) return null;
    return (encoded) => (encoded >= -b / a ? power(encoded) + c : c);
  }
  const [d, e, f] = [parameter(4, 0), parameter(5, 0), parameter(6, 0)];
  return (encoded) => (encoded >= d ? power(encoded) + e : c * encoded + f);
}

/** Parses a tag. Returns null for damaged tags and other types, such as lookup tables. */
export function parseToneCurve(tag: Uint8Array): ToneCurve | null {
  if (tag.length < HEAD_BYTES) return null;
  const type = asciiAt(tag, 0, 4);
  if (type === "curv") return curveOfTable(tag);
  return type === "para" ? curveOfParameters(tag) : null;
}
