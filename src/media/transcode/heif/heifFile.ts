/** Finds the images of a HEIF file in memory, and their data and properties; ISO/IEC 23008-12. */
import { readBoxes, findBox } from "../../inspect/bytes/bmffBoxes.ts";
import { memorySource } from "../../inspect/bytes/byteSource.ts";
import {
  readItems,
  readLocations,
  readPrimaryId,
  readProperties,
  readReferences,
  type ItemLocation,
} from "../../inspect/containers/heif/heifItems.ts";

export interface ItemProperty {
  type: string;
  /** Content of the box, a FullBox's version and flags included. */
  bytes: Uint8Array;
}

export interface HeifFile {
  primaryId: number;
  /** The four characters of an item; empty if there is no such item. */
  typeOf(id: number): string;
  /** Ids that an item refers to, by the item; see `readReferences`. */
  references(type: string): Promise<Map<number, number[]>>;
  properties(id: number): Promise<ItemProperty[]>;
  /** Parts of an item's data, in order. Throws for items without data in the file. */
  dataOf(id: number): Uint8Array[];
}

const DAMAGED = "the file's meta box is damaged or truncated";

/** Cuts the parts of an item out of the bytes that its offsets refer to. */
function cutExtents(bytes: Uint8Array, { extents }: ItemLocation): Uint8Array[] {
  const parts = extents.map(({ offset, length }) => bytes.subarray(offset, length === 0 ? undefined : offset + length));
  // Extents may overlap: together they are no more than the file.
  if (parts.reduce((sum, part) => sum + part.length, 0) > bytes.length) throw new Error(DAMAGED);
  return parts;
}

/** Reads the tables of a file. Throws if it has no primary image. */
export async function openHeifFile(file: Uint8Array): Promise<HeifFile> {
  const source = memorySource(file);
  const outer = findBox(await readBoxes(source, 0, source.sizeBytes), "meta");
  if (outer === undefined) throw new Error("the file has no meta box: it is truncated or not a HEIF");
  const metaBytes = file.subarray(outer.start + 4, outer.end);
  const meta = memorySource(metaBytes);
  const boxes = await readBoxes(meta, 0, meta.sizeBytes);
  const primaryId = await readPrimaryId(meta, boxes);
  if (primaryId === null) throw new Error("the file has no primary image");
  const items = await readItems(meta, boxes);
  const locations = await readLocations(meta, boxes);
  const idat = findBox(boxes, "idat");
  return {
    primaryId,
    typeOf: (id) => items.get(id)?.type ?? "",
    references: (type) => readReferences(meta, boxes, type),
    properties: async (id) => {
      const { ofItem } = await readProperties(meta, boxes, id);
      return ofItem.map(({ type, start, end }) => ({ type, bytes: metaBytes.subarray(start, end) }));
    },
    dataOf: (id) => {
      const location = locations.get(id);
      if (location === undefined || location.method > 1) throw new Error(DAMAGED);
      if (location.method === 0) return cutExtents(file, location);
      return cutExtents(metaBytes.subarray(idat?.start ?? metaBytes.length, idat?.end), location);
    },
  };
}
