import { concat, viewOf } from "../../inspect/bytes/bytes.ts";
import { EXIF_POINTER_TAG, GPS_POINTER_TAG } from "../../inspect/exif/exifTags.ts";

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

export const SHORT_TYPE = 3;
export const LONG_TYPE = 4;

const HEADER_BYTES = 8;

/** Encodes a SHORT or LONG value. */
export function integerValue(
  tag: number,
  type: typeof SHORT_TYPE | typeof LONG_TYPE,
  value: number,
  littleEndian: boolean,
) {
  const bytes = new Uint8Array(type === SHORT_TYPE ? 2 : 4);
  if (type === SHORT_TYPE) viewOf(bytes).setUint16(0, value, littleEndian);
  else viewOf(bytes).setUint32(0, value, littleEndian);
  return { tag, type, count: 1, bytes } satisfies TiffValue;
}

function directoryBytes(values: number): number {
  return 2 + values * 12 + 4;
}

/**
 * Writes a TIFF structure of up to three directories; empty ones are omitted. TIFF 6.0 requires entries in tag order
 * and values at even offsets.
 */
export function writeTiff({ image, exif, gps }: TiffTables, littleEndian: boolean): Uint8Array {
  const pointers = (exif.length > 0 ? 1 : 0) + (gps.length > 0 ? 1 : 0);
  const exifAt = HEADER_BYTES + directoryBytes(image.length + pointers);
  const gpsAt = exifAt + (exif.length > 0 ? directoryBytes(exif.length) : 0);
  const valuesAt = gpsAt + (gps.length > 0 ? directoryBytes(gps.length) : 0);
  const first = [...image];
  if (exif.length > 0) first.push(integerValue(EXIF_POINTER_TAG, LONG_TYPE, exifAt, littleEndian));
  if (gps.length > 0) first.push(integerValue(GPS_POINTER_TAG, LONG_TYPE, gpsAt, littleEndian));
  return writeTables(
    [first, exif, gps].filter((table) => table.length > 0),
    valuesAt,
    littleEndian,
  );
}

function writeTables(tables: TiffValue[][], valuesAt: number, littleEndian: boolean): Uint8Array {
  const header = new Uint8Array(valuesAt);
  const view = viewOf(header);
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, HEADER_BYTES, littleEndian);
  const values: Uint8Array[] = [header];
  let at = HEADER_BYTES;
  let valueAt = valuesAt;
  for (const table of tables) {
    view.setUint16(at, table.length, littleEndian);
    for (const [i, { tag, type, count, bytes }] of table.toSorted((a, b) => a.tag - b.tag).entries()) {
      const entryAt = at + 2 + i * 12;
      view.setUint16(entryAt, tag, littleEndian);
      view.setUint16(entryAt + 2, type, littleEndian);
      view.setUint32(entryAt + 4, count, littleEndian);
      if (bytes.length <= 4) {
        header.set(bytes, entryAt + 8);
        continue;
      }
      view.setUint32(entryAt + 8, valueAt, littleEndian);
      values.push(bytes, new Uint8Array(bytes.length % 2));
      valueAt += bytes.length + (bytes.length % 2);
    }
    at += directoryBytes(table.length);
  }
  return concat(values);
}
