/** A TIFF structure of three directories, written in one piece. Chooses no values and reads none. */
import { concatenated, viewOf } from "../../inspect/bytes/bytes.ts";
import { exifPointer, gpsPointer } from "../../inspect/exif/exifTags.ts";

export interface TiffValue {
  tag: number;
  type: number;
  count: number;
  /** In the byte order of the block. */
  bytes: Uint8Array;
}

export interface TiffTables {
  image: TiffValue[];
  exif: TiffValue[];
  gps: TiffValue[];
}

export const shortType = 3;
export const longType = 4;

const headerBytes = 8;

/** A SHORT or LONG as it stands in a block of this byte order. */
export function integerValue(tag: number, type: typeof shortType | typeof longType, value: number, little: boolean) {
  const bytes = new Uint8Array(type === shortType ? 2 : 4);
  if (type === shortType) viewOf(bytes).setUint16(0, value, little);
  else viewOf(bytes).setUint32(0, value, little);
  return { tag, type, count: 1, bytes } satisfies TiffValue;
}

function directoryBytes(values: number): number {
  return 2 + values * 12 + 4;
}

/** TIFF 6 wants entries in order of tags and values at even offsets. A table without values is left out. */
export function writeTiff({ image, exif, gps }: TiffTables, littleEndian: boolean): Uint8Array {
  const pointers = (exif.length > 0 ? 1 : 0) + (gps.length > 0 ? 1 : 0);
  const exifAt = headerBytes + directoryBytes(image.length + pointers);
  const gpsAt = exifAt + (exif.length > 0 ? directoryBytes(exif.length) : 0);
  const valuesAt = gpsAt + (gps.length > 0 ? directoryBytes(gps.length) : 0);
  const first = [...image];
  if (exif.length > 0) first.push(integerValue(exifPointer, longType, exifAt, littleEndian));
  if (gps.length > 0) first.push(integerValue(gpsPointer, longType, gpsAt, littleEndian));
  return written(
    [first, exif, gps].filter((table) => table.length > 0),
    valuesAt,
    littleEndian,
  );
}

function written(tables: TiffValue[][], valuesAt: number, littleEndian: boolean): Uint8Array {
  const head = new Uint8Array(valuesAt);
  const view = viewOf(head);
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, headerBytes, littleEndian);
  const values: Uint8Array[] = [head];
  let at = headerBytes;
  let valueAt = valuesAt;
  for (const table of tables) {
    view.setUint16(at, table.length, littleEndian);
    for (const [i, { tag, type, count, bytes }] of table.toSorted((a, b) => a.tag - b.tag).entries()) {
      const entryAt = at + 2 + i * 12;
      view.setUint16(entryAt, tag, littleEndian);
      view.setUint16(entryAt + 2, type, littleEndian);
      view.setUint32(entryAt + 4, count, littleEndian);
      if (bytes.length <= 4) {
        head.set(bytes, entryAt + 8);
        continue;
      }
      view.setUint32(entryAt + 8, valueAt, littleEndian);
      values.push(bytes, new Uint8Array(bytes.length % 2));
      valueAt += bytes.length + (bytes.length % 2);
    }
    at += directoryBytes(table.length);
  }
  return concatenated(values);
}
