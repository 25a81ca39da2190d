/** Where in a TIFF-based RAW file (DNG, CR2, NEF, ARW, RW2, ORF, PEF, SRW) JPEG pictures lie. Doesn't look into them. */
import type { Stretch } from "./embeddedJpeg.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { type TiffDirectory, readDirectory, readIntegers, readTiffHeader } from "../../inspect/tiff/tiffDirectory.ts";

const tags = {
  compression: 0x103,
  stripOffsets: 0x111,
  stripSizes: 0x117,
  subDirectories: 0x14a,
  jpegOffset: 0x201,
  jpegSize: 0x202,
  /** Panasonic's JpgFromRaw: the value is the JPEG. */
  panasonicJpeg: 0x2e,
} as const;

/** Old-style and new-style JPEG; a CR2 calls its preview the one, a DNG the other. */
const jpegCompressions = [6, 7];
const mostDirectories = 24;

export async function tiffPreviews(source: ByteSource): Promise<Stretch[]> {
  const header = await readTiffHeader(source);
  if (header === null) return [];
  const { littleEndian } = header;
  const stretches: Stretch[] = [];
  const seen = new Set<number>();
  const open = [header.firstDirectory];
  for (let at = open.shift(); at !== undefined && seen.size < mostDirectories; at = open.shift()) {
    if (at === 0 || seen.has(at)) continue;
    seen.add(at);
    const directory = await readDirectory(source, at, header);
    if (directory === null) continue;
    stretches.push(...(await stretchesIn(source, directory, littleEndian)));
    const below = await readIntegers(source, directory.entries.get(tags.subDirectories), littleEndian, 8);
    open.push(...below, directory.next);
  }
  return stretches;
}

async function stretchesIn(source: ByteSource, { entries }: TiffDirectory, littleEndian: boolean): Promise<Stretch[]> {
  const numbers = (tag: number) => readIntegers(source, entries.get(tag), littleEndian, 2);
  const found: Stretch[] = [];
  const panasonic = entries.get(tags.panasonicJpeg);
  if (panasonic !== undefined) found.push({ offset: panasonic.at, length: panasonic.sizeBytes });
  const [offset] = await numbers(tags.jpegOffset);
  const [length] = await numbers(tags.jpegSize);
  if (offset !== undefined && length !== undefined) found.push({ offset, length });
  const [compression] = await numbers(tags.compression);
  const offsets = await numbers(tags.stripOffsets);
  const [size] = await numbers(tags.stripSizes);
  // More than one strip is a picture in pieces, not a file of its own.
  const isWhole = offsets.length === 1 && jpegCompressions.includes(compression ?? 0);
  if (isWhole && offsets[0] !== undefined && size !== undefined) found.push({ offset: offsets[0], length: size });
  return found;
}

/** Olympus, Pentax and Samsung name theirs in maker notes of their own making; the JPEG lies in the first few megabytes. */
const scannedBytes = 6 * 1024 * 1024;

/** Every place where a JPEG begins, as far as is looked. Its end is where the next begins, or the end of what was read. */
export async function scannedPreviews(source: ByteSource): Promise<Stretch[]> {
  const head = await source.read(0, Math.min(scannedBytes, source.sizeBytes));
  const starts: number[] = [];
  for (let at = head.indexOf(0xff); at >= 0 && starts.length < 64; at = head.indexOf(0xff, at + 1)) {
    if (head[at + 1] === 0xd8 && head[at + 2] === 0xff) starts.push(at);
  }
  return starts.map((offset) => ({ offset, length: endOfJpeg(head, offset) - offset }));
}

/** Behind the last end-of-image marker before the next JPEG at the same level; a thumbnail inside has its own pair. */
function endOfJpeg(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd8 && bytes[at + 2] === 0xff) depth++;
    if (bytes[at + 1] === 0xd9) depth--;
    if (depth === 0) return at + 2;
  }
  return bytes.length;
}
