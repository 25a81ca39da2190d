/**
 * Decodes EXIF blocks with exifr. Their entries are checked first, because exifr allocates the declared number of
 * values.
 */
import { type ExifrTags, type ExifrValue, fileParsers, parse, segmentParsers } from "exifr/src/core.mjs";
import { TiffFileParser } from "exifr/src/file-parsers/tiff.mjs";
import { TiffExif } from "exifr/src/segment-parsers/tiff-exif.mjs";
import { type TiffDirectory, TIFF_VERSION } from "../tiff/tiffDirectory.ts";
import { BYTE_TYPE, RATIONAL_TYPE, longTypes, numbersInText } from "../tiff/tiffValue.ts";
import { type DecodedTags, MAX_VALUE_BYTES, decodeValue } from "./decodedTags.ts";
import type { ExifDirectories } from "./exifDirectories.ts";
import { EXIF_POINTER_TAG, exifTags, GPS_POINTER_TAG, gpsTags, imageTags } from "./exifTags.ts";
import { MAX_NUMBERS, type TagValue } from "./tagValues.ts";

fileParsers.set("tiff", TiffFileParser);
segmentParsers.set("tiff", TiffExif);

/** IFD; exifr rejects the types of BigTIFF. */
const LAST_EXIFR_TYPE = 13;
const REPLACEMENT_CHARACTER = "\uFFFD";

const wantedTags = {
  image: [...Object.values(imageTags), ...Object.values(exifTags)],
  exif: Object.values(exifTags),
  gps: Object.values(gpsTags),
};

/** One object for all calls: exifr's cache keeps the settings of every options object. */
const options = {
  ifd0: { pick: wantedTags.image },
  exif: { pick: wantedTags.exif },
  gps: { pick: wantedTags.gps },
  mergeOutput: false,
  reviveValues: false,
  translateKeys: false,
  translateValues: false,
  silentErrors: false,
};

/**
 * Returns null for a block that exifr decodes only partly: invalid entries or pointers, an unsigned exposure bias, text
 * other than UTF-8, coordinates of one number. `bytes` must span its entire buffer.
 */
export async function decodeWithExifr(bytes: Uint8Array, directories: ExifDirectories): Promise<DecodedTags | null> {
  if (!isDecodable(directories)) return null;
  try {
    const { ifd0, exif, gps } = (await parse(bytes, options)) ?? {};
    return {
      image: tagValues(ifd0, imageTags),
      exif: new Map([...tagValues(ifd0, exifTags), ...tagValues(exif, exifTags)]),
      gps: tagValues(gps, gpsTags),
    };
  } catch {
    return null;
  }
}

function isDecodable({ header, image, exif, gps, gpsPointerIn }: ExifDirectories): boolean {
  if (header.version !== TIFF_VERSION || image === null || gpsPointerIn === "exif") return false;
  return (
    hasPointer(image, EXIF_POINTER_TAG, exif) &&
    hasPointer(image, GPS_POINTER_TAG, gps) &&
    hasValidEntries(image, wantedTags.image) &&
    hasValidEntries(exif, wantedTags.exif) &&
    hasValidEntries(gps, wantedTags.gps)
  );
}

/** exifr follows pointers of any type to any offset. */
function hasPointer(image: TiffDirectory, tag: number, directory: TiffDirectory | null): boolean {
  const entry = image.entries.get(tag);
  if (image.invalidTags.has(tag)) return false;
  if (entry === undefined) return directory === null;
  return directory !== null && longTypes.includes(entry.type) && entry.count === 1;
}

function hasValidEntries(directory: TiffDirectory | null, tags: readonly number[]): boolean {
  if (directory === null) return true;
  return tags.every((tag) => {
    const entry = directory.entries.get(tag);
    if (directory.invalidTags.has(tag)) return false;
    if (entry === undefined) return true;
    if (tag === exifTags.exposureBias && entry.type === RATIONAL_TYPE) return false;
    return entry.type <= LAST_EXIFR_TYPE && entry.sizeBytes <= MAX_VALUE_BYTES;
  });
}

function tagValues(directory: ExifrTags | undefined, tags: Record<string, number>): Map<number, TagValue> {
  const values = new Map<number, TagValue>();
  for (const tag of Object.values(tags)) {
    if (directory !== undefined && tag in directory) values.set(tag, tagValue(directory[tag]));
  }
  return values;
}

/** Blank text is undefined. */
function tagValue(value: ExifrValue): TagValue {
  if (value === undefined) return { text: "", numbers: [] };
  if (typeof value === "number") return { text: null, numbers: [value] };
  if (value instanceof Uint8Array) return decodeValue({ type: BYTE_TYPE, bytes: value, littleEndian: false });
  if (typeof value !== "string") return { text: null, numbers: Array.from(value).slice(0, MAX_NUMBERS) };
  if (value.includes(REPLACEMENT_CHARACTER)) throw new Error("the text is not UTF-8");
  const [text = ""] = value.split("\0", 1);
  return { text, numbers: numbersInText(text) };
}
