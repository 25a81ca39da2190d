/** The Range header of RFC 9110 §14, one range of bytes at most. Pure: knows no file and no answer. */

/** `first` to `last`, both included; `last` is Infinity where the header leaves it open. */
export type RangeSpec = { first: number; last: number } | { suffixLength: number };

export interface ByteRange {
  offset: number;
  length: number;
}

const SINGLE_RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * Null for no header and for one to be ignored (§14.2): another unit, several ranges, nonsense. Several could be
 * answered as multipart/byteranges, but no player asks for them and they invite requests of many overlapping ones.
 */
export function parseRange(header: string | null): RangeSpec | null {
  const match = SINGLE_RANGE.exec(header ?? "");
  if (match === null) return null;
  const [, first, last, suffix] = match;
  if (first === undefined) return { suffixLength: Number(suffix) };
  const range = { first: Number(first), last: last === undefined || last === "" ? Infinity : Number(last) };
  return range.last < range.first ? null : range;
}

/** The part of the file it means; null where no byte of the file is in it. */
export function rangeWithin(spec: RangeSpec, sizeBytes: number): ByteRange | null {
  const first = "first" in spec ? spec.first : Math.max(0, sizeBytes - spec.suffixLength);
  const last = "first" in spec ? Math.min(spec.last, sizeBytes - 1) : sizeBytes - 1;
  return first > last ? null : { offset: first, length: last - first + 1 };
}

export function contentRange({ offset, length }: ByteRange, sizeBytes: number): string {
  return `bytes ${offset}-${offset + length - 1}/${sizeBytes}`;
}

export function unsatisfiedRange(sizeBytes: number): string {
  return `bytes */${sizeBytes}`;
}
