/**
 * EXIF written anew for other pixels: what was known of the camera, the moment and the place; nothing that tells where
 * in the old file something lies, how its pixels were coded, or what they looked like.
 */
import { startsWith } from "../../inspect/bytes/bytes.ts";
import type { TiffBlock } from "../../inspect/containers/imageContent.ts";
import { mostBlocks, readDirectories } from "../../inspect/exif/exif.ts";
import { makerNote } from "../../inspect/exif/exifTags.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { type TiffDirectory, readValue } from "../../inspect/tiff/tiffDirectory.ts";
import { type TiffTables, type TiffValue, integerValue, longType, shortType, writeTiff } from "../tiff/tiffWriter.ts";
import type { Size } from "./malformedImage.ts";

export interface CarriedExif {
  littleEndian: boolean;
  tables: TiffTables;
}

const orientationTag = 0x112;
const pixelWidthTag = 0xa002;
const pixelHeightTag = 0xa003;

/**
 * Of the first directory: description, maker, model, resolution, software, date, artist, computer, copyright, rating,
 * Windows' five texts, serial number. In a TIFF or a RAW file it also tells how the pixels lie, which is left out.
 */
const imageTags = new Set([
  0x10e, 0x10f, 0x110, 0x11a, 0x11b, 0x128, 0x131, 0x132, 0x13b, 0x13c, 0x4746, 0x4749, 0x8298, 0x9c9b, 0x9c9c, 0x9c9d,
  0x9c9e, 0x9c9f, 0xc62f,
]);

/** Exif 3.0 §4.6.6 uses these. */
const firstExifTag = 0x829a;
const lastExifTag = 0xa4ff;
/**
 * Left out of them: how components are coded and compressed, colour space, where in the picture the subject is, the
 * directory of interoperability, the dimensions (written anew), and pointers.
 */
const pixelTags = new Set([
  0x8769,
  0x8825,
  0x9101,
  0x9102,
  0x9214,
  0xa001,
  pixelWidthTag,
  pixelHeightTag,
  0xa005,
  0xa20c,
  0xa214,
  0xa302,
]);
const lastGpsTag = 0x1f;

/** BYTE to DOUBLE. Pointers to directories are not among them. */
const widths = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8];
const longestValueBytes = 32 * 1024;
/** Room for the tables of three directories is left in a JPEG's segment. */
const longestBlockBytes = 56 * 1024;

function isExifTag(tag: number): boolean {
  return tag >= firstExifTag && tag <= lastExifTag && !pixelTags.has(tag);
}

/** Apple's offsets count from the note itself; all others' break when it is moved, and some hold a preview. */
function isMovable({ tag, bytes }: TiffValue): boolean {
  return tag !== makerNote || startsWith(bytes, "Apple iOS\0");
}

/** Two halves of a rational are two numbers: type 5 counts as pairs of four bytes. */
function inOrder(value: TiffValue, isSwapped: boolean): TiffValue {
  const width = widths[value.type] ?? 1;
  if (!isSwapped || width === 1) return value;
  const bytes = Uint8Array.from(value.bytes);
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return { ...value, bytes };
}

async function readValues(
  source: ByteSource,
  directory: TiffDirectory | null,
  isWanted: (tag: number) => boolean,
): Promise<TiffValue[]> {
  const values: TiffValue[] = [];
  for (const [tag, entry] of directory?.entries ?? []) {
    if (!isWanted(tag) || widths[entry.type] === undefined) continue;
    const bytes = await readValue(source, entry, longestValueBytes);
    if (bytes !== null) values.push({ tag, type: entry.type, count: entry.count, bytes: Uint8Array.from(bytes) });
  }
  return values.filter(isMovable);
}

/** The longest go first where all together would not fit: a long comment before the date. */
function withoutExcess(tables: TiffTables): TiffTables {
  const all = [...tables.image, ...tables.exif, ...tables.gps].toSorted((a, b) => b.bytes.length - a.bytes.length);
  const dropped = new Set<TiffValue>();
  let total = all.reduce((sum, value) => sum + value.bytes.length, 0);
  for (const value of all) {
    if (total <= longestBlockBytes) break;
    dropped.add(value);
    total -= value.bytes.length;
  }
  const kept = (values: TiffValue[]) => values.filter((value) => !dropped.has(value));
  return { image: kept(tables.image), exif: kept(tables.exif), gps: kept(tables.gps) };
}

/** Of several blocks the first that has a value wins, as when they are read. */
export async function carryExif(blocks: TiffBlock[]): Promise<CarriedExif | null> {
  const carried: TiffTables = { image: [], exif: [], gps: [] };
  let littleEndian: boolean | null = null;
  for (const block of blocks.slice(0, mostBlocks)) {
    const directories = await readDirectories(block.source, block.firstDirectory);
    if (directories === null) continue;
    littleEndian ??= directories.header.littleEndian;
    const isSwapped = littleEndian !== directories.header.littleEndian;
    const add = async (name: keyof TiffTables, isWanted: (tag: number) => boolean): Promise<void> => {
      const known = new Set(carried[name].map((value) => value.tag));
      const values = await readValues(block.source, directories[name], (tag) => isWanted(tag) && !known.has(tag));
      carried[name].push(...values.map((value) => inOrder(value, isSwapped)));
    };
    await add("image", (tag) => imageTags.has(tag));
    await add("exif", isExifTag);
    await add("gps", (tag) => tag <= lastGpsTag);
  }
  const tables = withoutExcess(carried);
  const isEmpty = tables.image.length + tables.exif.length + tables.gps.length === 0;
  return littleEndian === null || isEmpty ? null : { littleEndian, tables };
}

/** A TIFF block for pixels of this size, which lie upright. */
export function writeCarriedExif({ littleEndian, tables }: CarriedExif, size: Size): Uint8Array {
  const side = (tag: number, pixels: number) => integerValue(tag, longType, pixels, littleEndian);
  return writeTiff(
    {
      image: [...tables.image, integerValue(orientationTag, shortType, 1, littleEndian)],
      exif: [...tables.exif, side(pixelWidthTag, size.width), side(pixelHeightTag, size.height)],
      gps: tables.gps,
    },
    littleEndian,
  );
}
