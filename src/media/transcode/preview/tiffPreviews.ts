/** Locates the JPEG previews of TIFF-based RAW files (DNG, CR2, NEF, ARW, RW2, ORF, PEF, SRW). */
import type { ByteRange, ByteSource } from "../../inspect/bytes/byteSource.ts";
import { type TiffDirectory, readDirectory, readIntegers, readTiffHeader } from "../../inspect/tiff/tiffDirectory.ts";

const tags = {
  compression: 0x103,
  stripOffsets: 0x111,
  stripSizes: 0x117,
  subDirectories: 0x14a,
  jpegOffset: 0x201,
  jpegSize: 0x202,
  /** Panasonic's JpgFromRaw, whose value is the JPEG. */
  panasonicJpeg: 0x2e,
} as const;

/** Old-style (6, CR2) and new-style (7, DNG) JPEG. */
const jpegCompressions = [6, 7];
const MAX_DIRECTORIES = 24;

/** Finds the JPEGs that directories and sub-directories reference. */
export async function tiffPreviews(source: ByteSource): Promise<ByteRange[]> {
  const header = await readTiffHeader(source);
  if (header === null) return [];
  const { littleEndian } = header;
  const ranges: ByteRange[] = [];
  const visited = new Set<number>();
  const pending = [header.firstDirectory];
  for (let at = pending.shift(); at !== undefined && visited.size < MAX_DIRECTORIES; at = pending.shift()) {
    if (at === 0 || visited.has(at)) continue;
    visited.add(at);
    const directory = await readDirectory(source, at, header);
    if (directory === null) continue;
    ranges.push(...(await directoryPreviews(source, directory, littleEndian)));
    const subDirectories = await readIntegers(source, directory.entries.get(tags.subDirectories), littleEndian, 8);
    pending.push(...subDirectories, directory.next);
  }
  return ranges;
}

async function directoryPreviews(
  source: ByteSource,
  { entries }: TiffDirectory,
  littleEndian: boolean,
): Promise<ByteRange[]> {
  const numbers = (tag: number) => readIntegers(source, entries.get(tag), littleEndian, 2);
  const ranges: ByteRange[] = [];
  const panasonic = entries.get(tags.panasonicJpeg);
  if (panasonic !== undefined) ranges.push({ offset: panasonic.at, length: panasonic.sizeBytes });
  const [offset] = await numbers(tags.jpegOffset);
  const [length] = await numbers(tags.jpegSize);
  if (offset !== undefined && length !== undefined) ranges.push({ offset, length });
  const [compression] = await numbers(tags.compression);
  const offsets = await numbers(tags.stripOffsets);
  const [size] = await numbers(tags.stripSizes);
  // Several strips are parts of one image.
  const isSingleJpeg = offsets.length === 1 && jpegCompressions.includes(compression ?? 0);
  if (isSingleJpeg && offsets[0] !== undefined && size !== undefined) ranges.push({ offset: offsets[0], length: size });
  return ranges;
}

/** Olympus, Pentax and Samsung reference the JPEG only from maker notes; it is in the first megabytes. */
export const MAX_SCANNED_BYTES = 6 * 1024 * 1024;
const SCAN_WINDOW_BYTES = 1024 * 1024;
const MAX_SCANNED_JPEGS = 64;

/**
 * Finds JPEGs by their start markers in the first 6 MiB, with 1 MiB in memory. Pairs start-of-image with end-of-image
 * markers in one pass: a thumbnail within a JPEG has its own pair. A JPEG without an end reaches to the end of the
 * scan.
 */
export async function scannedPreviews(source: ByteSource): Promise<ByteRange[]> {
  const end = Math.min(MAX_SCANNED_BYTES, source.sizeBytes);
  const scan: Scan = { ranges: [], open: [], uncounted: 0, end };
  for (let offset = 0; offset < end; offset += SCAN_WINDOW_BYTES) {
    // A marker at the end of a window needs the two bytes behind it.
    const bytes = await source.read(offset, Math.min(SCAN_WINDOW_BYTES + 2, end - offset));
    scanWindow(bytes, offset, scan);
  }
  return scan.ranges;
}

interface Scan {
  ranges: ByteRange[];
  /** JPEGs without an end so far. Those beyond the limit are only counted. */
  open: ByteRange[];
  uncounted: number;
  end: number;
}

function scanWindow(bytes: Uint8Array, offset: number, scan: Scan): void {
  const { ranges, open } = scan;
  for (let at = bytes.indexOf(0xff); at >= 0 && at < SCAN_WINDOW_BYTES; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd8 && bytes[at + 2] === 0xff) {
      if (ranges.length === MAX_SCANNED_JPEGS) scan.uncounted++;
      else {
        const range = { offset: offset + at, length: scan.end - offset - at };
        ranges.push(range);
        open.push(range);
      }
    } else if (bytes[at + 1] === 0xd9) {
      if (scan.uncounted > 0) scan.uncounted--;
      else {
        const range = open.pop();
        if (range !== undefined) range.length = offset + at + 2 - range.offset;
      }
    }
  }
}
