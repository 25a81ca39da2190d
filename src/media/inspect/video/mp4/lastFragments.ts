/** Finds the last fragments of a fragmented MP4, whose time codes give the end of the movie. */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, startsWith, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

/** `mfro` ends the file and stores the size of the `mfra` index before it. */
const MFRO_BYTES = 16;
const MAX_INDEX_BYTES = 256 * 1024;
/** The index names key frames; fragments without one may follow. */
const MAX_BOXES_AFTER_INDEX_ENTRY = 32;
/** The end of the file that is searched for a fragment, in two steps. */
const FIRST_TAIL_SEARCH_BYTES = 256 * 1024;
export const MAX_TAIL_SEARCH_BYTES = 1024 * 1024;
/** The last fragment may belong to another track. */
const MAX_LAST_FRAGMENTS = 8;
/** A fragment begins with its header: the box type, then a box `mfhd` of 16 bytes. */
const FRAGMENT_START = "moof\0\0\0\x10mfhd";

/**
 * Returns up to eight fragments (`moof`), the last first: of the boxes `top` if they reach the end of the file, else
 * from the random access index (`mfra`), else by a search of the last megabyte. Empty if the last one begins before it.
 */
export async function findLastFragments(source: ByteSource, top: Box[]): Promise<Box[]> {
  const isWhole = (top.at(-1)?.end ?? 0) >= source.sizeBytes;
  if (isWhole) return lastFragmentsOf(top);
  const indexed = lastFragmentsOf(await boxesAfterIndexEntry(source));
  return indexed.length > 0 ? indexed : await searchTail(source);
}

function lastFragmentsOf(boxes: Box[]): Box[] {
  return boxes
    .filter(({ type }) => type === "moof")
    .slice(-MAX_LAST_FRAGMENTS)
    .toReversed();
}

/** Returns the boxes from the last fragment that `mfra` lists to the end of the file; empty if there are too many. */
async function boxesAfterIndexEntry(source: ByteSource): Promise<Box[]> {
  const trailer = await source.read(source.sizeBytes - MFRO_BYTES, MFRO_BYTES);
  if (trailer.length < MFRO_BYTES || asciiAt(trailer, 4, 4) !== "mfro") return [];
  const size = viewOf(trailer).getUint32(12);
  if (size > MAX_INDEX_BYTES) return [];
  const index = findBox(await readBoxes(source, source.sizeBytes - size, source.sizeBytes, 1), "mfra");
  let last = -1;
  for (const box of index === undefined ? [] : await readBoxes(source, index.start, index.end, 32)) {
    if (box.type === "tfra") last = Math.max(last, await lastIndexEntry(source, box));
  }
  if (last < 0) return [];
  const boxes = await readBoxes(source, last, source.sizeBytes, MAX_BOXES_AFTER_INDEX_ENTRY);
  return (boxes.at(-1)?.end ?? 0) >= source.sizeBytes ? boxes : [];
}

/** Returns the `moof` offset of the last key frame; -1 without one. */
async function lastIndexEntry(source: ByteSource, { start, end }: Box): Promise<number> {
  const view = viewOf(await source.read(start, end - start));
  if (view.byteLength < 16) return -1;
  const is64Bit = view.getUint8(0) === 1;
  const widths = view.getUint32(8);
  const entryBytes = (is64Bit ? 16 : 8) + ((widths >> 4) & 3) + ((widths >> 2) & 3) + (widths & 3) + 3;
  const at = 16 + (view.getUint32(12) - 1) * entryBytes;
  if (at < 16 || at + entryBytes > view.byteLength) return -1;
  return is64Bit ? Number(view.getBigUint64(at + 8)) : view.getUint32(at + 4);
}

/** Searches the end of the file, for recordings that stopped before the index was written. */
async function searchTail(source: ByteSource): Promise<Box[]> {
  for (const tailBytes of [FIRST_TAIL_SEARCH_BYTES, MAX_TAIL_SEARCH_BYTES]) {
    const start = Math.max(0, source.sizeBytes - tailBytes);
    const bytes = await source.read(start, tailBytes);
    const found: Box[] = [];
    for (let at = bytes.lastIndexOf(0x6d); at >= 4 && found.length < MAX_LAST_FRAGMENTS;) {
      if (startsWith(bytes, FRAGMENT_START, at)) {
        const end = start + at - 4 + viewOf(bytes).getUint32(at - 4);
        if (end <= source.sizeBytes) found.push({ type: "moof", start: start + at + 4, end });
      }
      at = bytes.lastIndexOf(0x6d, at - 1);
    }
    if (found.length > 0) return found;
  }
  return [];
}
