/** The directories of a TIFF structure, wherever in the file they lie. Reads values only when asked, and never more than its bounds. */
import { viewOf } from "./bytes.ts";
import type { ByteSource } from "./source.ts";

export interface TiffEntry {
  type: number;
  count: number;
  sizeBytes: number;
  /** Where the value begins, from the start of the block. */
  at: number;
}

export interface TiffDirectory {
  entries: Map<number, TiffEntry>;
  /** Offset of the next directory; 0 for none. */
  next: number;
}

export interface TiffHeader {
  littleEndian: boolean;
  firstDirectory: number;
}

/** Makers write up to some 150 entries. */
const mostEntries = 1000;

/** Bytes per value of the TIFF types 1 (BYTE) to 13 (IFD). */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

export async function readTiffHeader(source: ByteSource): Promise<TiffHeader | null> {
  const head = await source.read(0, 8);
  if (head.length < 8) return null;
  const mark = viewOf(head).getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return null;
  const littleEndian = mark === 0x4949;
  return { littleEndian, firstDirectory: viewOf(head).getUint32(4, littleEndian) };
}

/** The directory at an offset; null where there is none. Entries of an unknown type or with a value outside the block are left out. */
export async function readDirectory(
  source: ByteSource,
  offset: number,
  littleEndian: boolean,
): Promise<TiffDirectory | null> {
  const head = await source.read(offset, 2);
  if (offset < 8 || head.length < 2) return null;
  const count = viewOf(head).getUint16(0, littleEndian);
  if (count > mostEntries) return null;
  const body = await source.read(offset + 2, count * 12 + 4);
  const view = viewOf(body);
  const entries = new Map<number, TiffEntry>();
  for (let at = 0; at + 12 <= body.length && at < count * 12; at += 12) {
    const type = view.getUint16(at + 2, littleEndian);
    const valueCount = view.getUint32(at + 4, littleEndian);
    const sizeBytes = (typeBytes[type] ?? 0) * valueCount;
    const valueAt = sizeBytes <= 4 ? offset + 2 + at + 8 : view.getUint32(at + 8, littleEndian);
    if (sizeBytes === 0 || valueAt + sizeBytes > source.sizeBytes) continue;
    const tag = view.getUint16(at, littleEndian);
    if (!entries.has(tag)) entries.set(tag, { type, count: valueCount, sizeBytes, at: valueAt });
  }
  const next = body.length >= count * 12 + 4 ? view.getUint32(count * 12, littleEndian) : 0;
  return { entries, next };
}

/** The bytes of a value, or null where it is longer than `longest`: such a value is not cut, it is not wanted. */
export async function readValue(
  source: ByteSource,
  entry: TiffEntry | undefined,
  longest: number,
): Promise<Uint8Array | null> {
  if (entry === undefined || entry.sizeBytes > longest) return null;
  const bytes = await source.read(entry.at, entry.sizeBytes);
  return bytes.length === entry.sizeBytes ? bytes : null;
}

/** The whole numbers of a BYTE, SHORT or LONG value, the first `most` of them. */
export async function readIntegers(
  source: ByteSource,
  entry: TiffEntry | undefined,
  littleEndian: boolean,
  most: number,
): Promise<number[]> {
  if (entry === undefined || ![1, 3, 4, 13].includes(entry.type)) return [];
  const width = typeBytes[entry.type] ?? 1;
  const bytes = await source.read(entry.at, Math.min(entry.count, most) * width);
  const view = viewOf(bytes);
  const numbers: number[] = [];
  for (let at = 0; at + width <= bytes.length; at += width) {
    if (width === 1) numbers.push(view.getUint8(at));
    else numbers.push(width === 2 ? view.getUint16(at, littleEndian) : view.getUint32(at, littleEndian));
  }
  return numbers;
}
