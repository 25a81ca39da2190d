/** Decodes TIFF values by their type (TIFF 6.0, section 2; BigTIFF). */
import { decodeText, viewOf } from "../bytes/bytes.ts";

export interface TiffValue {
  type: number;
  bytes: Uint8Array;
  littleEndian: boolean;
}

/** Bytes per value of the TIFF types 1 (BYTE) to 13 (IFD), and of BigTIFF's 16 (LONG8) to 18 (IFD8). */
export const bytesPerType = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

export const BYTE_TYPE = 1;
export const ASCII_TYPE = 2;
export const RATIONAL_TYPE = 5;
export const UNDEFINED_TYPE = 7;
const SRATIONAL_TYPE = 10;
/** LONG and IFD. */
export const longTypes: readonly number[] = [4, 13];
/** BYTE, SHORT, LONG, SSHORT, SLONG, IFD, LONG8, IFD8. Some writers point at a directory with a signed number. */
export const integerTypes: readonly number[] = [1, 3, 4, 8, 9, 13, 16, 18];
/** Some writers put text into BYTE and UNDEFINED. */
const textTypes: readonly number[] = [ASCII_TYPE, BYTE_TYPE, UNDEFINED_TYPE];

/** Returns the text up to the first NUL; null for numeric types. */
export function textOf({ type, bytes }: TiffValue): string | null {
  if (!textTypes.includes(type)) return null;
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Returns the first `maxCount` numbers: NaN for a fraction with denominator 0; empty for text other than a number. */
export function numbersOf(value: TiffValue, maxCount: number): number[] {
  if (value.type === ASCII_TYPE) return numbersInText(textOf(value) ?? "");
  const width = bytesPerType[value.type] ?? 0;
  if (width === 0) return [];
  const view = viewOf(value.bytes);
  const numbers: number[] = [];
  for (let at = 0; at + width <= value.bytes.length && numbers.length < maxCount; at += width) {
    numbers.push(numberAt(view, at, value.type, value.littleEndian));
  }
  return numbers;
}

/** Returns the number in an ASCII value; empty for other text. */
export function numbersInText(text: string): number[] {
  const trimmed = text.trim();
  return /^[+-]?\d+(\.\d+)?$/.test(trimmed) ? [Number(trimmed)] : [];
}

/** Reads an unsigned rational as signed: Leica's M8 writes negative fractions as RATIONAL. */
export function asSigned(value: TiffValue): TiffValue {
  return value.type === RATIONAL_TYPE ? { ...value, type: SRATIONAL_TYPE } : value;
}

function numberAt(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case RATIONAL_TYPE:
      return fraction(view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian));
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case SRATIONAL_TYPE:
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
