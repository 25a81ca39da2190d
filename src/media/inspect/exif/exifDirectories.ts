import type { ByteSource } from "../bytes/byteSource.ts";
import type { ExifBlock } from "../containers/imageContent.ts";
import {
  type TiffDirectory,
  type TiffHeader,
  readDirectory,
  readIntegers,
  readTiffHeader,
} from "../tiff/tiffDirectory.ts";
import { EXIF_POINTER_TAG, GPS_POINTER_TAG } from "./exifTags.ts";

export interface ExifDirectories {
  header: TiffHeader;
  /** IFD0. */
  image: TiffDirectory | null;
  exif: TiffDirectory | null;
  gps: TiffDirectory | null;
  /** The directory whose pointer led to `gps`: some writers put it into the EXIF directory. */
  gpsPointerIn: "image" | "exif" | null;
}

/**
 * Reads the entries of the image, EXIF and GPS directories of a block; null without a TIFF header or first directory.
 */
export async function readDirectories(
  source: ByteSource,
  firstDirectory: ExifBlock["firstDirectory"],
): Promise<ExifDirectories | null> {
  const header = await readTiffHeader(source);
  const first = header && (await readDirectory(source, header.firstDirectory, header));
  if (header === null || first === null) return null;
  const none = { header, image: null, exif: null, gps: null, gpsPointerIn: null };
  if (firstDirectory !== "image") return { ...none, [firstDirectory]: first };
  const follow = async (directory: TiffDirectory | null, tag: number) => {
    const [offset] = await readIntegers(source, directory?.entries.get(tag), header.littleEndian, 1);
    return offset === undefined ? null : readDirectory(source, offset, header);
  };
  const exif = await follow(first, EXIF_POINTER_TAG);
  const gps = await follow(first, GPS_POINTER_TAG);
  if (gps !== null) return { header, image: first, exif, gps, gpsPointerIn: "image" };
  const nestedGps = await follow(exif, GPS_POINTER_TAG);
  return { header, image: first, exif, gps: nestedGps, gpsPointerIn: nestedGps && "exif" };
}
