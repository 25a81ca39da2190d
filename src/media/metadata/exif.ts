/** EXIF: the values of a file's TIFF blocks by name, decoded by exifr. Judges nothing: stillMetadata.ts does. */
import exifr from "exifr";
import { startsWith, viewOf } from "../bytes.ts";
import type { TiffBlock } from "../containers/stillContent.ts";
import { type ByteSource, memorySource } from "../source.ts";
import { type TiffDirectory, readDirectory, readIntegers, readTiffHeader, readValue } from "../tiffDirectory.ts";
import { type TiffDirectories, exifPointer, gpsPointer, repackTiff } from "./repackedTiff.ts";
import { tidyText } from "./tidy.ts";

/** Values by exifr's names; what the file really put there is not yet known. */
export interface ExifValues {
  image: Record<string, unknown>;
  exif: Record<string, unknown>;
  gps: Record<string, unknown>;
  /** From Apple's maker note. */
  contentIdentifier: string | null;
  burstIdentifier: string | null;
}

/** Raw strings and numbers: exifr would turn dates into instants of the machine's zone. One object: exifr caches by it. */
const options = {
  tiff: true,
  ifd0: {},
  exif: true,
  gps: true,
  ifd1: false,
  interop: false,
  makerNote: false,
  userComment: false,
  xmp: false,
  iptc: false,
  icc: false,
  jfif: false,
  mergeOutput: false,
  translateKeys: true,
  translateValues: false,
  reviveValues: false,
};

const makerNoteTag = 0x927c;
const longestMakerNoteBytes = 256 * 1024;
const mostBlocks = 4;

/** Of several blocks the first that has a value wins. */
export async function readExif(blocks: TiffBlock[]): Promise<ExifValues> {
  const values: ExifValues = {
    image: {},
    exif: {},
    gps: {},
    contentIdentifier: null,
    burstIdentifier: null,
  };
  for (const block of blocks.slice(0, mostBlocks)) {
    const directories = await readDirectories(block);
    if (directories === null) continue;
    const found = recordOf(await exifr.parse(await repackTiff(block.source, directories), options));
    values.image = { ...recordOf(found["ifd0"]), ...values.image };
    values.exif = { ...recordOf(found["exif"]), ...values.exif };
    values.gps = { ...recordOf(found["gps"]), ...values.gps };
    await readAppleNote(block.source, directories.exif, values);
  }
  return values;
}

async function readDirectories({ source, firstDirectory }: TiffBlock): Promise<TiffDirectories | null> {
  const header = await readTiffHeader(source);
  if (header === null) return null;
  const { littleEndian } = header;
  const first = await readDirectory(source, header.firstDirectory, littleEndian);
  const directories: TiffDirectories = { header, image: null, exif: null, gps: null };
  if (first === null) return null;
  if (firstDirectory !== "image") return { ...directories, [firstDirectory]: first };
  const follow = async (tag: number) => {
    const [at] = await readIntegers(source, first.entries.get(tag), littleEndian, 1);
    return at === undefined ? null : readDirectory(source, at, littleEndian);
  };
  return { header, image: first, exif: await follow(exifPointer), gps: await follow(gpsPointer) };
}

/** "Apple iOS", a version and a byte order, then a directory whose offsets count from the note's own start. */
async function readAppleNote(source: ByteSource, exif: TiffDirectory | null, values: ExifValues): Promise<void> {
  const note = await readValue(source, exif?.entries.get(makerNoteTag), longestMakerNoteBytes);
  if (note === null || note.length < 16 || !startsWith(note, "Apple iOS\0")) return;
  const block = memorySource(note);
  const directory = await readDirectory(block, 14, viewOf(note).getUint16(12) === 0x4949);
  const text = async (tag: number) => {
    const bytes = await readValue(block, directory?.entries.get(tag), 256);
    return bytes === null ? null : tidyText(new TextDecoder().decode(bytes));
  };
  values.contentIdentifier ??= await text(0x11);
  values.burstIdentifier ??= await text(0x0b);
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
