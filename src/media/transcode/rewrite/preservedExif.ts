/**
 * Preserves the EXIF of an upload for its edited versions: camera, time and location, without offsets, pixel coding and
 * thumbnails.
 */
import { startsWith } from "../../inspect/bytes/bytes.ts";
import { type ExifBlock, MAX_EXIF_BLOCKS } from "../../inspect/containers/imageContent.ts";
import { readDirectories } from "../../inspect/exif/exifDirectories.ts";
import { MAKER_NOTE_TAG } from "../../inspect/exif/exifTags.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { type InspectionBudget, inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import { type TiffDirectory, readValue } from "../../inspect/tiff/tiffDirectory.ts";
import { type TiffTables, type TiffValue, integerValue, LONG_TYPE, SHORT_TYPE, writeTiff } from "../tiff/tiffWriter.ts";
import type { ImageSize } from "./malformedImage.ts";

export interface PreservedExif {
  littleEndian: boolean;
  tables: TiffTables;
}

const ORIENTATION_TAG = 0x112;
const PIXEL_WIDTH_TAG = 0xa002;
const PIXEL_HEIGHT_TAG = 0xa003;

/**
 * IFD0: description, make, model, resolution, software, date, artist, host computer, copyright, rating, Windows' XP
 * texts, serial number. Pixel layout tags of TIFF and RAW are omitted.
 */
const imageTags = new Set([
  0x10e, 0x10f, 0x110, 0x11a, 0x11b, 0x128, 0x131, 0x132, 0x13b, 0x13c, 0x4746, 0x4749, 0x8298, 0x9c9b, 0x9c9c, 0x9c9d,
  0x9c9e, 0x9c9f, 0xc62f,
]);

/** Tag range of Exif 3.0 §4.6.6. */
const FIRST_EXIF_TAG = 0x829a;
const LAST_EXIF_TAG = 0xa4ff;
/**
 * Omitted: component coding, compression, colour space, subject location, interoperability IFD, dimensions (written
 * again) and pointers.
 */
const pixelTags = new Set([
  0x8769,
  0x8825,
  0x9101,
  0x9102,
  0x9214,
  0xa001,
  PIXEL_WIDTH_TAG,
  PIXEL_HEIGHT_TAG,
  0xa005,
  0xa20c,
  0xa214,
  0xa302,
]);
const LAST_GPS_TAG = 0x1f;

/** Bytes per element of types BYTE (1) to DOUBLE (12); 0 is unused. */
const elementBytes = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8];
const MAX_VALUE_BYTES = 32 * 1024;
/** Leaves room for three directories in a JPEG segment. */
const MAX_VALUES_BYTES = 56 * 1024;

function isExifTag(tag: number): boolean {
  return tag >= FIRST_EXIF_TAG && tag <= LAST_EXIF_TAG && !pixelTags.has(tag);
}

/** Apple's maker note has offsets relative to itself. Others break when moved, and some contain a preview. */
function isMovable({ tag, bytes }: TiffValue): boolean {
  return tag !== MAKER_NOTE_TAG || startsWith(bytes, "Apple iOS\0");
}

/** A rational is two numbers of four bytes. */
function toByteOrder(value: TiffValue, isSwapped: boolean): TiffValue {
  const width = elementBytes[value.type] ?? 1;
  if (!isSwapped || width === 1) return value;
  const bytes = Uint8Array.from(value.bytes);
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return { ...value, bytes };
}

async function readValues(
  source: ByteSource,
  directory: TiffDirectory | null,
  isWanted: (tag: number) => boolean,
  budget: InspectionBudget,
): Promise<TiffValue[]> {
  const values: TiffValue[] = [];
  for (const [tag, entry] of directory?.entries ?? []) {
    if (!isWanted(tag) || elementBytes[entry.type] === undefined || entry.sizeBytes > MAX_VALUE_BYTES) continue;
    // Entries may share the same bytes.
    if (!budget.spendOnParsing(entry.sizeBytes)) continue;
    const bytes = await readValue(source, entry, MAX_VALUE_BYTES);
    if (bytes !== null) values.push({ tag, type: entry.type, count: entry.count, bytes: Uint8Array.from(bytes) });
  }
  return values.filter(isMovable);
}

/** Drops the longest values until all fit a segment: a long comment before the date. */
function dropLongestValues(tables: TiffTables): TiffTables {
  const all = [...tables.image, ...tables.exif, ...tables.gps].toSorted((a, b) => b.bytes.length - a.bytes.length);
  const dropped = new Set<TiffValue>();
  let total = all.reduce((sum, value) => sum + value.bytes.length, 0);
  for (const value of all) {
    if (total <= MAX_VALUES_BYTES) break;
    dropped.add(value);
    total -= value.bytes.length;
  }
  const kept = (values: TiffValue[]) => values.filter((value) => !dropped.has(value));
  return { image: kept(tables.image), exif: kept(tables.exif), gps: kept(tables.gps) };
}

/** Collects the EXIF values to keep. The first block that has a value takes precedence; null for an empty result. */
export async function preserveExif(blocks: ExifBlock[], budget = inspectionBudget()): Promise<PreservedExif | null> {
  const preserved: TiffTables = { image: [], exif: [], gps: [] };
  let littleEndian: boolean | null = null;
  for (const block of blocks.slice(0, MAX_EXIF_BLOCKS)) {
    const directories = await readDirectories(block.source, block.firstDirectory);
    if (directories === null) continue;
    littleEndian ??= directories.header.littleEndian;
    const isSwapped = littleEndian !== directories.header.littleEndian;
    const add = async (name: keyof TiffTables, isWanted: (tag: number) => boolean): Promise<void> => {
      const known = new Set(preserved[name].map((value) => value.tag));
      const values = await readValues(
        block.source,
        directories[name],
        (tag) => isWanted(tag) && !known.has(tag),
        budget,
      );
      preserved[name].push(...values.map((value) => toByteOrder(value, isSwapped)));
    };
    await add("image", (tag) => imageTags.has(tag));
    await add("exif", isExifTag);
    await add("gps", (tag) => tag <= LAST_GPS_TAG);
  }
  const tables = dropLongestValues(preserved);
  const isEmpty = tables.image.length + tables.exif.length + tables.gps.length === 0;
  return littleEndian === null || isEmpty ? null : { littleEndian, tables };
}

/** Writes a TIFF structure for an upright image of this size. */
export function writePreservedExif({ littleEndian, tables }: PreservedExif, size: ImageSize): Uint8Array {
  const side = (tag: number, pixels: number) => integerValue(tag, LONG_TYPE, pixels, littleEndian);
  return writeTiff(
    {
      image: [...tables.image, integerValue(ORIENTATION_TAG, SHORT_TYPE, 1, littleEndian)],
      exif: [...tables.exif, side(PIXEL_WIDTH_TAG, size.width), side(PIXEL_HEIGHT_TAG, size.height)],
      gps: tables.gps,
    },
    littleEndian,
  );
}
