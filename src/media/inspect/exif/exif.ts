/** EXIF: the values of a file's TIFF blocks by their tags. Judges nothing: stillMetadata.ts does. */
import type { TiffBlock } from "../containers/imageContent.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import {
  type TiffDirectory,
  type TiffHeader,
  panasonicVersion,
  readDirectory,
  readIntegers,
  readTiffHeader,
  readValue,
} from "../tiff/tiffDirectory.ts";
import { type TiffValue, numbersOf, textOf } from "../tiff/tiffValue.ts";
import { exifPointer, exifTags, gpsPointer, gpsTags, imageTags, makerNote, panasonicIso } from "./exifTags.ts";
import { type MakerNote, readMakerNote } from "./makerNotes.ts";
import { finiteNumber, tidyText } from "../metadata/normalize.ts";

export type TagValues = ReadonlyMap<number, TiffValue>;

export interface ExifValues {
  image: TagValues;
  exif: TagValues;
  gps: TagValues;
  note: MakerNote;
}

interface Directories {
  header: TiffHeader;
  image: TiffDirectory | null;
  exif: TiffDirectory | null;
  gps: TiffDirectory | null;
}

const longestValueBytes = 64 * 1024;
/** Of one file; what lies behind is not looked at. */
export const mostBlocks = 4;

export function textAt(values: TagValues, tag: number): string | null {
  const value = values.get(tag);
  return value === undefined ? null : tidyText(textOf(value));
}

/** The first where there are several. */
export function numberAt(values: TagValues, tag: number): number | null {
  const value = values.get(tag);
  return value === undefined ? null : finiteNumber(numbersOf(value)[0]);
}

/** Of several blocks the first that has a value wins. */
export async function readExif(blocks: TiffBlock[]): Promise<ExifValues> {
  const image = new Map<number, TiffValue>();
  const exif = new Map<number, TiffValue>();
  const gps = new Map<number, TiffValue>();
  const notes: MakerNote[] = [];
  for (const { source, firstDirectory } of blocks.slice(0, mostBlocks)) {
    const directories = await readDirectories(source, firstDirectory);
    if (directories === null) continue;
    const { header } = directories;
    const add = async (directory: TiffDirectory | null, tag: number, to: Map<number, TiffValue>, as = tag) => {
      const entry = to.has(as) ? undefined : directory?.entries.get(tag);
      const bytes = await readValue(source, entry, longestValueBytes);
      if (bytes !== null && entry !== undefined)
        to.set(as, { type: entry.type, bytes, littleEndian: header.littleEndian });
    };
    for (const tag of Object.values(imageTags)) await add(directories.image, tag, image);
    for (const tag of Object.values(exifTags)) await add(directories.exif, tag, exif);
    for (const tag of Object.values(exifTags)) await add(directories.image, tag, exif);
    for (const tag of Object.values(gpsTags)) await add(directories.gps, tag, gps);
    if (header.version === panasonicVersion) await add(directories.image, panasonicIso, exif, exifTags.iso);
    const make = textAt(image, imageTags.make) ?? "";
    const camera = { make, littleEndian: header.littleEndian, wantsLens: !exif.has(exifTags.lensModel) };
    notes.push(await readMakerNote(source, directories.exif?.entries.get(makerNote), camera));
  }
  const first = (name: keyof MakerNote) => notes.find((note) => note[name] !== null)?.[name] ?? null;
  const note = {
    contentIdentifier: first("contentIdentifier"),
    burstIdentifier: first("burstIdentifier"),
    lensModel: first("lensModel"),
  };
  return { image, exif, gps, note };
}

export async function readDirectories(
  source: ByteSource,
  firstDirectory: TiffBlock["firstDirectory"],
): Promise<Directories | null> {
  const header = await readTiffHeader(source);
  const first = header && (await readDirectory(source, header.firstDirectory, header));
  if (header === null || first === null) return null;
  const none = { header, image: null, exif: null, gps: null };
  if (firstDirectory !== "image") return { ...none, [firstDirectory]: first };
  const follow = async (directory: TiffDirectory | null, tag: number) => {
    const [at] = await readIntegers(source, directory?.entries.get(tag), header.littleEndian, 1);
    return at === undefined ? null : readDirectory(source, at, header);
  };
  const exif = await follow(first, exifPointer);
  return { ...none, image: first, exif, gps: (await follow(first, gpsPointer)) ?? (await follow(exif, gpsPointer)) };
}
