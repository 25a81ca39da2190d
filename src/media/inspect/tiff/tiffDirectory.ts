/**
 * Reads the directories of a TIFF structure (TIFF 6.0, section 2; BigTIFF); values only on request and within bounds.
 */
import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { bytesPerType, integerTypes, numbersOf } from "./tiffValue.ts";

export interface TiffEntry {
  type: number;
  count: number;
  sizeBytes: number;
  /** Offset of the value from the start of the block. */
  at: number;
}

export interface TiffDirectory {
  entries: Map<number, TiffEntry>;
  /** Tags of the entries that were left out: of an unknown type, empty, or with a value outside the block. */
  invalidTags: ReadonlySet<number>;
  /** Offset of the next directory; 0 for the last. */
  next: number;
}

export interface TiffEncoding {
  littleEndian: boolean;
  /** BigTIFF: counts and offsets of eight bytes. */
  isBig: boolean;
}

export interface TiffHeader extends TiffEncoding {
  version: number;
  /** Offset of the first directory. */
  firstDirectory: number;
}

/** Other numbers are BigTIFF and some RAW formats. */
export const TIFF_VERSION = 42;
const BIG_TIFF_VERSION = 43;
/** Panasonic's RW2. */
export const PANASONIC_VERSION = 0x55;

/** Cameras write up to some 150 entries. */
const MAX_ENTRIES = 1000;

/** Reads the TIFF header at the start of a block; null if it is missing. */
export async function readTiffHeader(source: ByteSource): Promise<TiffHeader | null> {
  const head = await source.read(0, 16);
  if (head.length < 8) return null;
  const view = viewOf(head);
  const byteOrder = view.getUint16(0);
  if (byteOrder !== 0x4949 && byteOrder !== 0x4d4d) return null;
  const littleEndian = byteOrder === 0x4949;
  const version = view.getUint16(2, littleEndian);
  const isBig = version === BIG_TIFF_VERSION && head.length === 16;
  const firstDirectory = isBig ? readUint64(view, 8, littleEndian) : view.getUint32(4, littleEndian);
  return { littleEndian, isBig, version, firstDirectory };
}

/** Reads the directory at an offset; null if the offset is outside the block or the directory too large. */
export async function readDirectory(
  source: ByteSource,
  offset: number,
  { littleEndian, isBig }: TiffEncoding,
): Promise<TiffDirectory | null> {
  const countBytes = isBig ? 8 : 2;
  const entryBytes = isBig ? 20 : 12;
  const offsetBytes = isBig ? 8 : 4;
  const head = await source.read(offset, countBytes);
  if (offset < 8 || head.length < countBytes) return null;
  const count = isBig ? readUint64(viewOf(head), 0, littleEndian) : viewOf(head).getUint16(0, littleEndian);
  if (count > MAX_ENTRIES) return null;
  const body = await source.read(offset + countBytes, count * entryBytes + offsetBytes);
  const view = viewOf(body);
  const numberAt = (at: number) => (isBig ? readUint64(view, at, littleEndian) : view.getUint32(at, littleEndian));
  const entries = new Map<number, TiffEntry>();
  const invalidTags = new Set<number>();
  for (let at = 0; at + entryBytes <= body.length && at < count * entryBytes; at += entryBytes) {
    const tag = view.getUint16(at, littleEndian);
    const type = view.getUint16(at + 2, littleEndian);
    const valueCount = numberAt(at + 4);
    const sizeBytes = (bytesPerType[type] ?? 0) * valueCount;
    const fieldAt = at + 4 + offsetBytes;
    const valueAt = sizeBytes <= offsetBytes ? offset + countBytes + fieldAt : numberAt(fieldAt);
    if (sizeBytes === 0 || valueAt + sizeBytes > source.sizeBytes) invalidTags.add(tag);
    else if (!entries.has(tag)) entries.set(tag, { type, count: valueCount, sizeBytes, at: valueAt });
  }
  const next = body.length >= count * entryBytes + offsetBytes ? numberAt(count * entryBytes) : 0;
  return { entries, invalidTags, next };
}

/** Offsets beyond 2^53 lose precision, but are outside any file. */
function readUint64(view: DataView, at: number, littleEndian: boolean): number {
  return Number(view.getBigUint64(at, littleEndian));
}

/** Reads the bytes of a value; null if it is missing, truncated or longer than `maxBytes`. */
export async function readValue(
  source: ByteSource,
  entry: TiffEntry | undefined,
  maxBytes: number,
): Promise<Uint8Array | null> {
  if (entry === undefined || entry.sizeBytes > maxBytes) return null;
  const bytes = await source.read(entry.at, entry.sizeBytes);
  return bytes.length === entry.sizeBytes ? bytes : null;
}

/** Reads the first `maxCount` numbers of an integer value; empty for other types, or if one is negative. */
export async function readIntegers(
  source: ByteSource,
  entry: TiffEntry | undefined,
  littleEndian: boolean,
  maxCount: number,
): Promise<number[]> {
  if (entry === undefined || !integerTypes.includes(entry.type)) return [];
  const width = bytesPerType[entry.type] ?? 1;
  const bytes = await source.read(entry.at, Math.min(entry.count, maxCount) * width);
  const numbers = numbersOf({ type: entry.type, bytes, littleEndian }, maxCount);
  return numbers.some((number) => number < 0) ? [] : numbers;
}
