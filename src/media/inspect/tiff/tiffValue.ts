/** What the bytes of a TIFF value mean by its type. Knows nothing of tags. */
import { decodeText, viewOf } from "../bytes/bytes.ts";

export interface TiffValue {
  type: number;
  bytes: Uint8Array;
  littleEndian: boolean;
}

/** Bytes per value of the TIFF types 1 (BYTE) to 13 (IFD), and of BigTIFF's 16 to 18. */
export const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** BYTE, SHORT, LONG, SSHORT, SLONG, IFD, LONG8, IFD8. Some writers point at a directory with a signed number. */
export const wholeNumbers: readonly number[] = [1, 3, 4, 8, 9, 13, 16, 18];

const textType = 2;
const unsignedRational = 5;
/** BYTE and UNDEFINED: some writers put text there. */
const byteTypes = [1, 7];

/** Null for numbers. What follows the first NUL is no longer the value. */
export function textOf({ type, bytes }: TiffValue): string | null {
  if (type !== textType && !byteTypes.includes(type)) return null;
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Not a number where a fraction has no denominator; empty for text that is no number. */
export function numbersOf(value: TiffValue): number[] {
  if (value.type === textType) {
    const text = textOf(value)?.trim() ?? "";
    return /^[+-]?\d+(\.\d+)?$/.test(text) ? [Number(text)] : [];
  }
  const width = typeBytes[value.type] ?? 0;
  if (width === 0) return [];
  const view = viewOf(value.bytes);
  const numbers: number[] = [];
  for (let at = 0; at + width <= value.bytes.length; at += width) {
    numbers.push(numberAt(view, at, value.type, value.littleEndian));
  }
  return numbers;
}

/** Leica's M8 writes fractions that may be negative as unsigned ones. */
export function asSigned(value: TiffValue): TiffValue {
  return value.type === unsignedRational ? { ...value, type: 10 } : value;
}

function numberAt(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return fraction(view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian));
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return fraction(view.getInt32(at, littleEndian), view.getInt32(at + 4, littleEndian));
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, littleEndian));
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return view.getUint8(at);
  }
}

function fraction(numerator: number, denominator: number): number {
  return denominator === 0 ? NaN : numerator / denominator;
}
