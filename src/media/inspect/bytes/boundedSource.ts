/** Groups small reads into pages and limits the total. Never holds a whole file. */
import type { ByteSource } from "./byteSource.ts";
import { type InspectionBudget, READ_COST_BYTES } from "./inspectionBudget.ts";

export interface BoundedSource extends ByteSource {
  /** Total bytes read from the underlying source so far. */
  bytesFetched(): number;
}

/** Contains the EXIF block, XMP packet and frame header of most photos. */
const FIRST_READ_BYTES = 128 * 1024;
const PAGE_BYTES = 16 * 1024;
/** Limit of one read. */
const MAX_READ_BYTES = 1024 * 1024;
const MAX_CACHED_PAGES = 96;

/**
 * Wraps a source so that reads beyond a total of `maxTotalBytes` return fewer bytes, as at the end of the file; this
 * also ends the reading of files with cyclic offsets. The bytes fetched, and those returned from the pages, are charged
 * to `budget`; without a budget only the fetched bytes are limited.
 */
export function boundedSource(source: ByteSource, maxTotalBytes: number, budget?: InspectionBudget): BoundedSource {
  const canSpend = (bytes: number): boolean => budget?.spend(bytes) ?? true;
  const pages = new Map<number, Uint8Array>();
  let fetched = 0;

  async function fetchPages(first: number, last: number): Promise<void> {
    const offset = first * PAGE_BYTES;
    const length = Math.min((last - first + 1) * PAGE_BYTES, source.sizeBytes - offset);
    if (length <= 0 || fetched + length > maxTotalBytes || !canSpend(length)) return;
    fetched += length;
    const bytes = await source.read(offset, length);
    for (let page = first; page <= last; page++) {
      const start = (page - first) * PAGE_BYTES;
      if (start < bytes.length) pages.set(page, bytes.subarray(start, start + PAGE_BYTES));
    }
    for (const page of pages.keys()) {
      if (pages.size <= MAX_CACHED_PAGES) break;
      if (page < first || page > last) pages.delete(page);
    }
  }

  async function fetchMissing(first: number, last: number): Promise<void> {
    let missing = -1;
    for (let page = first; page <= last + 1; page++) {
      const isMissing = page <= last && !pages.has(page);
      if (isMissing && missing < 0) missing = page;
      if (!isMissing && missing >= 0) {
        await fetchPages(missing, page - 1);
        missing = -1;
      }
    }
  }

  async function read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + Math.min(length, MAX_READ_BYTES), source.sizeBytes);
    if (!(offset >= 0 && end > offset) || !canSpend(READ_COST_BYTES + end - offset)) return new Uint8Array(0);
    if (fetched === 0) await fetchPages(0, FIRST_READ_BYTES / PAGE_BYTES - 1);
    const first = Math.floor(offset / PAGE_BYTES);
    await fetchMissing(first, Math.floor((end - 1) / PAGE_BYTES));
    return joinPages(pages, offset, end);
  }

  return { sizeBytes: source.sizeBytes, read, bytesFetched: () => fetched };
}

/** Returns the bytes from `offset` to `end`, or up to the first missing page. */
function joinPages(pages: Map<number, Uint8Array>, offset: number, end: number): Uint8Array {
  const first = Math.floor(offset / PAGE_BYTES);
  const only = pages.get(first);
  if (only === undefined) return new Uint8Array(0);
  const start = offset - first * PAGE_BYTES;
  if (end <= (first + 1) * PAGE_BYTES) return only.subarray(start, start + end - offset);
  const bytes = new Uint8Array(end - offset);
  let filled = 0;
  for (let page = first; filled < bytes.length; page++) {
    const cached = pages.get(page);
    if (cached === undefined) break;
    const from = page === first ? start : 0;
    const part = cached.subarray(from, from + bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (cached.length < PAGE_BYTES) break;
  }
  return bytes.subarray(0, filled);
}

/** Returns a range of a source as a source; offsets count from `start`. */
export function subSource(source: ByteSource, start: number, length: number): ByteSource {
  const sizeBytes = Math.max(0, Math.min(length, source.sizeBytes - start));
  return {
    sizeBytes,
    read: (offset, requested) =>
      offset >= 0 && offset < sizeBytes
        ? source.read(start + offset, Math.min(requested, sizeBytes - offset))
        : Promise.resolve(new Uint8Array(0)),
  };
}
