import type { ByteSource } from "../bytes/byteSource.ts";
import { type TiffDirectory, PANASONIC_VERSION, readValue } from "../tiff/tiffDirectory.ts";
import { type TiffValue, asSigned, numbersOf, textOf } from "../tiff/tiffValue.ts";
import type { ExifDirectories } from "./exifDirectories.ts";
import { exifTags, gpsTags, imageTags, PANASONIC_ISO_TAG } from "./exifTags.ts";
import { MAX_NUMBERS, type TagValue, type TagValues } from "./tagValues.ts";

/** The values of one block. `exif` includes EXIF tags that a writer put into IFD0. */
export interface DecodedTags {
  image: TagValues;
  exif: TagValues;
  gps: TagValues;
}

/** Longer values are skipped. */
export const MAX_VALUE_BYTES = 64 * 1024;

/** Decodes a value of any TIFF type; BYTE and UNDEFINED are both text and numbers. */
export function decodeValue(value: TiffValue): TagValue {
  return { text: textOf(value), numbers: numbersOf(value, MAX_NUMBERS) };
}

/** Reads and decodes the tags that `exifTags.ts` lists, of any type and from any file. */
export async function decodeTags(
  source: ByteSource,
  { header, image, exif, gps }: ExifDirectories,
): Promise<DecodedTags> {
  const decode = async (directory: TiffDirectory | null, tag: number): Promise<TagValue | null> => {
    const entry = directory?.entries.get(tag);
    const bytes = await readValue(source, entry, MAX_VALUE_BYTES);
    if (bytes === null || entry === undefined) return null;
    const value = { type: entry.type, bytes, littleEndian: header.littleEndian };
    return decodeValue(tag === exifTags.exposureBias ? asSigned(value) : value);
  };
  const decodeAll = async (directory: TiffDirectory | null, tags: Record<string, number>, fallback = directory) => {
    const values = new Map<number, TagValue>();
    for (const tag of Object.values(tags)) {
      const value = (await decode(directory, tag)) ?? (fallback === directory ? null : await decode(fallback, tag));
      if (value !== null) values.set(tag, value);
    }
    return values;
  };
  const tags = {
    image: await decodeAll(image, imageTags),
    exif: await decodeAll(exif, exifTags, image),
    gps: await decodeAll(gps, gpsTags),
  };
  if (header.version === PANASONIC_VERSION && !tags.exif.has(exifTags.iso)) {
    const iso = await decode(image, PANASONIC_ISO_TAG);
    if (iso !== null) tags.exif.set(exifTags.iso, iso);
  }
  return tags;
}
