/** The directories of a TIFF structure, wherever in the file they lie. Reads values only when asked, and never more than its bounds. */
import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { numbersOf, typeBytes, wholeNumbers } from "./tiffValue.ts";

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

/** How the numbers of directories are written. */
export interface TiffNumbering {
  littleEndian: boolean;
  /** BigTIFF: counts and offsets of eight bytes. */
  isBig: boolean;
}

export interface TiffHeader extends TiffNumbering {
  /** 42; another number in BigTIFF and some RAW families. */
  version: number;
  firstDirectory: number;
}

/** Panasonic's RW2. */
export const panasonicVersion = 0x55;

/** Makers write up to some 150 entries. */
const mostEntries = 1000;

export async function readTiffHeader(source: ByteSource): Promise<TiffHeader | null> {
  const head = await source.read(0, 16);
  if (head.length < 8) return null;
  const view = viewOf(head);
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return null;
  const littleEndian = mark === 0x4949;
  const version = view.getUint16(2, littleEndian);
  const isBig = version === 43 && head.length === 16;
  const firstDirectory = isBig ? longOffset(view, 8, littleEndian) : view.getUint32(4, littleEndian);
  return { littleEndian, isBig, version, firstDirectory };
}

/** The directory at an offset; null where there is none. Entries of an unknown type or with a value outside the block are left out. */
export async function readDirectory(
  source: ByteSource,
  offset: number,
  { littleEndian, isBig }: TiffNumbering,
): Promise<TiffDirectory | null> {
  const countBytes = isBig ? 8 : 2;
  const entryBytes = isBig ? 20 : 12;
  const offsetBytes = isBig ? 8 : 4;
  const head = await source.read(offset, countBytes);
  if (offset < 8 || head.length < countBytes) return null;
  const count = isBig ? longOffset(viewOf(head), 0, littleEndian) : viewOf(head).getUint16(0, littleEndian);
  if (count > mostEntries) return null;
  const body = await source.read(offset + countBytes, count * entryBytes + offsetBytes);
  const view = viewOf(body);
  const numberAt = (at: number) => (isBig ? longOffset(view, at, littleEndian) : view.getUint32(at, littleEndian));
  const entries = new Map<number, TiffEntry>();
  for (let at = 0; at + entryBytes <= body.length && at < count * entryBytes; at += entryBytes) {
    const tag = view.getUint16(at, littleEndian);
    const type = view.getUint16(at + 2, littleEndian);
    const valueCount = numberAt(at + 4);
    const sizeBytes = (typeBytes[type] ?? 0) * valueCount;
    const fieldAt = at + 4 + offsetBytes;
    const valueAt = sizeBytes <= offsetBytes ? offset + countBytes + fieldAt : numberAt(fieldAt);
    if (sizeBytes === 0 || valueAt + sizeBytes > source.sizeBytes || entries.has(tag)) continue;
    entries.set(tag, { type, count: valueCount, sizeBytes, at: valueAt });
  }
  const next = body.length >= count * entryBytes + offsetBytes ? numberAt(count * entryBytes) : 0;
  return { entries, next };
}

/** Beyond 2^53 no file reaches: such an offset lies outside of any. */
function longOffset(view: DataView, at: number, littleEndian: boolean): number {
  return Number(view.getBigUint64(at, littleEndian));
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

/** The whole numbers of a BYTE, SHORT or LONG value, the first `most` of them; none where one is negative. */
export async function readIntegers(
  source: ByteSource,
  entry: TiffEntry | undefined,
  littleEndian: boolean,
  most: number,
): Promise<number[]> {
  if (entry === undefined || !wholeNumbers.includes(entry.type)) return [];
  const width = typeBytes[entry.type] ?? 1;
  const bytes = await source.read(entry.at, Math.min(entry.count, most) * width);
  const numbers = numbersOf({ type: entry.type, bytes, littleEndian });
  return numbers.some((number) => number < 0) ? [] : numbers;
}
