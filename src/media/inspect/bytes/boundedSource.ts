/** A file seen through a window: few larger reads instead of many small ones, and an end to them. Must not hold the file whole. */
import type { ByteSource } from "./byteSource.ts";

export interface BoundedSource extends ByteSource {
  /** What was fetched from the source underneath so far. */
  bytesFetched(): number;
}

/** The first read: an EXIF block, an XMP packet and the frame header of most photos lie in it. */
const headBytes = 128 * 1024;
const pageBytes = 16 * 1024;
/** One block of metadata is never asked for in a larger piece. */
const longestRead = 1024 * 1024;
const heldPages = 96;

/**
 * Reads beyond `budgetBytes` come back short, as if the file ended there: a reader of a format needs
 * no second rule for a file that sends it round in circles.
 */
export function boundedSource(source: ByteSource, budgetBytes: number): BoundedSource {
  const pages = new Map<number, Uint8Array>();
  let fetched = 0;

  async function fetchPages(first: number, last: number): Promise<void> {
    const offset = first * pageBytes;
    const length = Math.min((last - first + 1) * pageBytes, source.sizeBytes - offset);
    if (length <= 0 || fetched + length > budgetBytes) return;
    fetched += length;
    const bytes = await source.read(offset, length);
    for (let page = first; page <= last; page++) {
      const start = (page - first) * pageBytes;
      if (start < bytes.length) pages.set(page, bytes.subarray(start, start + pageBytes));
    }
    for (const page of pages.keys()) {
      if (pages.size <= heldPages) break;
      if (page < first || page > last) pages.delete(page);
    }
  }

  async function fetchMissing(first: number, last: number): Promise<void> {
    let missing = -1;
    for (let page = first; page <= last + 1; page++) {
      const wanted = page <= last && !pages.has(page);
      if (wanted && missing < 0) missing = page;
      if (!wanted && missing >= 0) {
        await fetchPages(missing, page - 1);
        missing = -1;
      }
    }
  }

  async function read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + Math.min(length, longestRead), source.sizeBytes);
    if (!(offset >= 0 && end > offset)) return new Uint8Array(0);
    if (fetched === 0) await fetchPages(0, headBytes / pageBytes - 1);
    const first = Math.floor(offset / pageBytes);
    await fetchMissing(first, Math.floor((end - 1) / pageBytes));
    return joined(pages, offset, end);
  }

  return { sizeBytes: source.sizeBytes, read, bytesFetched: () => fetched };
}

/** The bytes of `offset` to `end`, up to the first page that is not there. */
function joined(pages: Map<number, Uint8Array>, offset: number, end: number): Uint8Array {
  const first = Math.floor(offset / pageBytes);
  const only = pages.get(first);
  if (only === undefined) return new Uint8Array(0);
  const start = offset - first * pageBytes;
  if (end <= (first + 1) * pageBytes) return only.subarray(start, start + end - offset);
  const bytes = new Uint8Array(end - offset);
  let filled = 0;
  for (let page = first; filled < bytes.length; page++) {
    const held = pages.get(page);
    if (held === undefined) break;
    const from = page === first ? start : 0;
    const part = held.subarray(from, from + bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (held.length < pageBytes) break;
  }
  return bytes.subarray(0, filled);
}

/** A stretch of a source as a source of its own: offsets inside it count from its first byte. */
export function section(source: ByteSource, start: number, length: number): ByteSource {
  const sizeBytes = Math.max(0, Math.min(length, source.sizeBytes - start));
  return {
    sizeBytes,
    read: (offset, wanted) =>
      offset >= 0 && offset < sizeBytes
        ? source.read(start + offset, Math.min(wanted, sizeBytes - offset))
        : Promise.resolve(new Uint8Array(0)),
  };
}
