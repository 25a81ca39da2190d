import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

const WINDOW_BYTES = 64 * 1024;
/** Limit of the search from the start of the scan; beyond it, only the end of the file is searched. */
export const MAX_LINE_COUNT_SEARCH_BYTES = 1024 * 1024;

/** Marker, length 4 and the number of lines: six bytes. */
const SEGMENT_BYTES = 6;
const END_OF_IMAGE = 0xd9;
const DEFINE_NUMBER_OF_LINES = 0xdc;

interface SearchResult {
  lines: number | null;
  isEnd: boolean;
}

/** In entropy-coded data 0xff is followed by 0, so a marker is never part of it. */
function searchWindow(bytes: Uint8Array): SearchResult {
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker === END_OF_IMAGE) return { lines: null, isEnd: true };
    if (marker !== DEFINE_NUMBER_OF_LINES || at + SEGMENT_BYTES > bytes.length) continue;
    const view = viewOf(bytes);
    if (view.getUint16(at + 2) === 4) return { lines: view.getUint16(at + 4), isEnd: true };
  }
  return { lines: null, isEnd: bytes.length < WINDOW_BYTES };
}

/**
 * Finds the height of a JPEG whose frame header has height 0: the DNL segment after the first scan states it (ITU-T
 * T.81 B.2.5). `scanAt` is the offset of the first scan. Returns null if the segment is missing.
 */
export async function findLineCount(source: ByteSource, scanAt: number): Promise<number | null> {
  const limit = scanAt + MAX_LINE_COUNT_SEARCH_BYTES;
  let at = scanAt + 2;
  while (at < limit) {
    const { lines, isEnd } = searchWindow(await source.read(at, WINDOW_BYTES));
    if (isEnd) return lines;
    at += WINDOW_BYTES - SEGMENT_BYTES + 1;
  }
  const tailAt = Math.max(at, source.sizeBytes - WINDOW_BYTES);
  return searchWindow(await source.read(tailAt, WINDOW_BYTES)).lines;
}
