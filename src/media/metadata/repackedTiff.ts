/**
 * A small TIFF with only the values that this project reads, taken from a large or hostile one.
 * exifr wants all of a file's directories in one piece of memory, allocates by counts it reads and gives up a
 * directory at its first bad entry; from a repacked block it gets neither far offsets nor bad entries.
 */
import { concatenated, decodeText, viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import { type TiffDirectory, type TiffHeader, readValue } from "../tiffDirectory.ts";

export interface TiffDirectories {
  header: TiffHeader;
  image: TiffDirectory | null;
  exif: TiffDirectory | null;
  gps: TiffDirectory | null;
}

export const exifPointer = 0x8769;
export const gpsPointer = 0x8825;

/** ImageDescription, Make, Model, Orientation, DateTime, Rating. */
const imageTags = [0x10e, 0x10f, 0x110, 0x112, 0x132, 0x4746];
/** Exposure, aperture, ISO, dates, offsets, sub-seconds, bias, focal length, LensModel. */
const exifTags = [
  0x829a, 0x829d, 0x8827, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9204, 0x920a, 0x9290, 0x9291, 0x9292, 0xa434,
];
/** References, latitude, longitude, altitude. */
const gpsTags = [1, 2, 3, 4, 5, 6];

const longestValueBytes = 64 * 1024;
const asciiType = 2;
const longType = 4;
/** BYTE, ASCII, SHORT, LONG, RATIONAL and their signed kin: what the tags above are written in. */
const knownTypes = [1, 2, 3, 4, 5, 8, 9, 10];

interface PackedEntry {
  tag: number;
  type: number;
  count: number;
  bytes: Uint8Array;
}

export async function repackTiff(source: ByteSource, directories: TiffDirectories): Promise<Uint8Array> {
  const { littleEndian } = directories.header;
  const image = await packEntries(source, directories.image, imageTags);
  const exif = await packEntries(source, directories.exif, exifTags);
  const gps = await packEntries(source, directories.gps, gpsTags);
  const headerBytes = 8;
  const imageBytes = directoryBytes(image.length + 2);
  const exifAt = headerBytes + imageBytes;
  const gpsAt = exifAt + directoryBytes(exif.length);
  const pointer = (tag: number, at: number): PackedEntry => {
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, at, littleEndian);
    return { tag, type: longType, count: 1, bytes };
  };
  const tables = [[...image, pointer(exifPointer, exifAt), pointer(gpsPointer, gpsAt)], exif, gps];
  return written(tables, headerBytes, gpsAt + directoryBytes(gps.length), littleEndian);
}

function directoryBytes(entries: number): number {
  return 2 + entries * 12 + 4;
}

async function packEntries(
  source: ByteSource,
  directory: TiffDirectory | null,
  tags: number[],
): Promise<PackedEntry[]> {
  const packed: PackedEntry[] = [];
  for (const tag of tags) {
    const entry = directory?.entries.get(tag);
    if (entry === undefined || !knownTypes.includes(entry.type)) continue;
    const value = await readValue(source, entry, longestValueBytes);
    if (value === null) continue;
    // exifr takes text for UTF-8; older software wrote Latin.
    const bytes = entry.type === asciiType ? new TextEncoder().encode(decodeText(value)) : value;
    const count = entry.type === asciiType ? bytes.length : entry.count;
    packed.push({ tag, type: entry.type, count, bytes });
  }
  return packed;
}

function written(tables: PackedEntry[][], headerBytes: number, valuesAt: number, littleEndian: boolean): Uint8Array {
  const head = new Uint8Array(valuesAt);
  const view = viewOf(head);
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, headerBytes, littleEndian);
  const values: Uint8Array[] = [head];
  let at = headerBytes;
  let valueAt = valuesAt;
  for (const entries of tables) {
    view.setUint16(at, entries.length, littleEndian);
    for (const [i, { tag, type, count, bytes }] of entries.entries()) {
      const entryAt = at + 2 + i * 12;
      view.setUint16(entryAt, tag, littleEndian);
      view.setUint16(entryAt + 2, type, littleEndian);
      view.setUint32(entryAt + 4, count, littleEndian);
      if (bytes.length <= 4) {
        head.set(bytes, entryAt + 8);
        continue;
      }
      view.setUint32(entryAt + 8, valueAt, littleEndian);
      values.push(bytes);
      valueAt += bytes.length;
    }
    at += directoryBytes(entries.length);
  }
  return concatenated(values);
}
