/** Parses the tables of a HEIF `meta` box: items, their locations and properties (ISO/IEC 14496-12, 23008-12). */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface HeifItem {
  type: string;
  /** The content type of a "mime" item. */
  contentType: string;
  /** "deflate" or empty. */
  contentEncoding: string;
}

export interface Extent {
  offset: number;
  length: number;
}

export interface ItemLocation {
  /** construction_method: 0 for offsets in the file, 1 for offsets in the `idat` box. */
  method: number;
  extents: Extent[];
}

/** A 100-megapixel image has some 400 tiles, each an item. */
const MAX_ITEMS = 4096;
/** With field widths of 0, a table of a few bytes can declare 65,535 extents per item. */
const MAX_ITEM_EXTENTS = 64;
const MAX_EXTENTS = 16_384;
/** A metadata item describes one image, or a few. */
const MAX_REFERENCES = 64;

/** Reads consecutive big-endian fields; throws a RangeError past the end. */
class FieldReader {
  at = 0;
  private readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.view = viewOf(bytes);
  }
  take(width: number): number {
    const at = this.at;
    this.at += width;
    if (width === 0) return 0;
    if (width === 1) return this.view.getUint8(at);
    if (width === 2) return this.view.getUint16(at);
    if (width === 4) return this.view.getUint32(at);
    return this.view.getUint32(at) * 2 ** 32 + this.view.getUint32(at + 4);
  }
}

/** Returns the item id in `pitm`. */
export async function readPrimaryId(meta: ByteSource, boxes: Box[]): Promise<number | null> {
  const reader = await openBox(meta, findBox(boxes, "pitm"));
  if (reader === null) return null;
  const version = reader.take(4) >>> 24;
  return reader.take(version === 0 ? 2 : 4);
}

/** Reads `iinf`: items by id. */
export async function readItems(meta: ByteSource, boxes: Box[]): Promise<Map<number, HeifItem>> {
  const items = new Map<number, HeifItem>();
  const table = findBox(boxes, "iinf");
  if (table === undefined) return items;
  const version = viewOf(await meta.read(table.start, 1)).getUint8(0);
  const first = table.start + 4 + (version === 0 ? 2 : 4);
  for (const box of await readBoxes(meta, first, table.end, MAX_ITEMS)) {
    const bytes = await meta.read(box.start, Math.min(box.end - box.start, 256));
    const reader = new FieldReader(bytes);
    const entryVersion = reader.take(4) >>> 24;
    if (entryVersion < 2) continue;
    const id = reader.take(entryVersion === 2 ? 2 : 4);
    const typeAt = reader.at + 2;
    const [, contentType = "", contentEncoding = ""] = asciiAt(bytes, typeAt + 4, 200).split("\0");
    items.set(id, { type: asciiAt(bytes, typeAt, 4), contentType, contentEncoding });
  }
  return items;
}

/** Reads `iloc`: locations by item id. */
export async function readLocations(meta: ByteSource, boxes: Box[]): Promise<Map<number, ItemLocation>> {
  const locations = new Map<number, ItemLocation>();
  const reader = await openBox(meta, findBox(boxes, "iloc"));
  if (reader === null) return locations;
  const version = reader.take(4) >>> 24;
  const sizes = reader.take(2);
  const width = (shift: number) => (sizes >> shift) & 0xf;
  const count = Math.min(reader.take(version < 2 ? 2 : 4), MAX_ITEMS);
  let extentCount = 0;
  for (let i = 0; i < count && extentCount < MAX_EXTENTS; i++) {
    const id = reader.take(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : reader.take(2) & 0xf;
    reader.take(2);
    const base = reader.take(width(4));
    const extents: Extent[] = [];
    for (let left = reader.take(2); left > 0; left--) {
      if (version > 0) reader.take(width(0));
      const offset = base + reader.take(width(12));
      extents.push({ offset, length: reader.take(width(8)) });
      if (extents.length > MAX_ITEM_EXTENTS) break;
    }
    extentCount += extents.length;
    locations.set(id, { method, extents });
  }
  return locations;
}

/** Reads `iref`: the ids of the metadata items that describe this image ("cdsc"). */
export async function readDescribingIds(meta: ByteSource, boxes: Box[], imageId: number | null): Promise<Set<number>> {
  const ids = new Set<number>();
  const table = findBox(boxes, "iref");
  if (table === undefined) return ids;
  const idBytes = viewOf(await meta.read(table.start, 1)).getUint8(0) === 0 ? 2 : 4;
  for (const box of await readBoxes(meta, table.start + 4, table.end, MAX_ITEMS)) {
    const reader = box.type === "cdsc" ? await openBox(meta, box) : null;
    if (reader === null) continue;
    const from = reader.take(idBytes);
    const count = Math.min(reader.take(2), Math.floor((box.end - box.start) / idBytes) - 1, MAX_REFERENCES);
    for (let i = 0; i < count; i++) if (reader.take(idBytes) === imageId) ids.add(from);
  }
  return ids;
}

/**
 * Reads the references of a type in `iref`: "dimg" from a grid to its tiles, "auxl" from an auxiliary image to its
 * master, "prem" from an image to the alpha that it is multiplied with.
 */
export async function readReferences(meta: ByteSource, boxes: Box[], type: string): Promise<Map<number, number[]>> {
  const references = new Map<number, number[]>();
  const table = findBox(boxes, "iref");
  if (table === undefined) return references;
  const idBytes = viewOf(await meta.read(table.start, 1)).getUint8(0) === 0 ? 2 : 4;
  for (const box of await readBoxes(meta, table.start + 4, table.end, MAX_ITEMS)) {
    const reader = box.type === type ? await openBox(meta, box) : null;
    if (reader === null) continue;
    const from = reader.take(idBytes);
    const count = Math.min(reader.take(2), MAX_ITEMS);
    references.set(
      from,
      Array.from({ length: count }, () => reader.take(idBytes)),
    );
  }
  return references;
}

export interface HeifProperties {
  all: Box[];
  /** The properties of the requested item, in the order in which they apply. */
  ofItem: Box[];
}

/** Reads `ipco` and the associations of one item in `ipma`. */
export async function readProperties(meta: ByteSource, boxes: Box[], itemId: number | null): Promise<HeifProperties> {
  const outer = findBox(boxes, "iprp");
  const inner = outer === undefined ? [] : await readBoxes(meta, outer.start, outer.end);
  const container = findBox(inner, "ipco");
  if (container === undefined) return { all: [], ofItem: [] };
  const all = await readBoxes(meta, container.start, container.end, MAX_ITEMS);
  const reader = await openBox(meta, findBox(inner, "ipma"));
  const indexes = reader === null ? [] : propertyIndexes(reader, itemId);
  return { all, ofItem: indexes.flatMap((index) => all[index - 1] ?? []) };
}

/** Returns the indexes of an item's properties in `ipma`, which count from 1. */
function propertyIndexes(reader: FieldReader, itemId: number | null): number[] {
  const head = reader.take(4);
  const isWide = (head & 1) === 1;
  for (let left = Math.min(reader.take(4), MAX_ITEMS); left > 0; left--) {
    const id = reader.take(head >>> 24 === 0 ? 2 : 4);
    const indexes = Array.from({ length: reader.take(1) }, () =>
      isWide ? reader.take(2) & 0x7fff : reader.take(1) & 0x7f,
    );
    if (id === itemId) return indexes;
  }
  return [];
}

async function openBox(meta: ByteSource, box: Box | undefined): Promise<FieldReader | null> {
  return box === undefined ? null : new FieldReader(await meta.read(box.start, box.end - box.start));
}
