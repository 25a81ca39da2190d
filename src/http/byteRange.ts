/** The Range and Content-Range headers of RFC 9110 §14, for a single byte range. */

/** `first` and `last` are inclusive; `last` is Infinity for an open range. */
export type RangeSpec = { first: number; last: number } | { suffixLength: number };

export interface ByteRange {
  offset: number;
  length: number;
}

const SINGLE_RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * Parses a Range header. Returns null if it is missing or must be ignored (§14.2): another unit, a malformed range, or
 * several ranges, which are unused by players and invite many overlapping ones (§17.15).
 */
export function parseRange(header: string | null): RangeSpec | null {
  const match = SINGLE_RANGE.exec(header ?? "");
  if (match === null) return null;
  const [, first, last, suffix] = match;
  if (first === undefined) return { suffixLength: Number(suffix) };
  const range = { first: Number(first), last: last === undefined || last === "" ? Infinity : Number(last) };
  return range.last < range.first ? null : range;
}

/** Resolves a range against a file size; null when the range is unsatisfiable. */
export function resolveRange(spec: RangeSpec, sizeBytes: number): ByteRange | null {
  const first = "first" in spec ? spec.first : Math.max(0, sizeBytes - spec.suffixLength);
  const last = "first" in spec ? Math.min(spec.last, sizeBytes - 1) : sizeBytes - 1;
  return first > last ? null : { offset: first, length: last - first + 1 };
}

export function contentRange({ offset, length }: ByteRange, sizeBytes: number): string {
  return `bytes ${offset}-${offset + length - 1}/${sizeBytes}`;
}

export function unsatisfiedContentRange(sizeBytes: number): string {
  return `bytes */${sizeBytes}`;
}
