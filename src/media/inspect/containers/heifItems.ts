/** The tables of a HEIF `meta` box: which items there are, where their bytes lie, which properties they have. */
import { type Box, boxesIn, findBox } from "../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";

export interface HeifItem {
  type: string;
  /** The content type of a "mime" item. */
  contentType: string;
  /** "deflate" where it is packed so. */
  contentEncoding: string;
}

export interface Extent {
  offset: number;
  length: number;
}

export interface ItemLocation {
  /** 0: offsets from the start of the file. 1: offsets inside the `idat` box. */
  method: number;
  extents: Extent[];
}

/** A 100-megapixel picture has some 400 tiles, each an item. */
const mostItems = 4096;

/** Numbers of a table one after another; past the end of it, a RangeError. */
class Cursor {
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

export async function readPrimaryId(meta: ByteSource, boxes: Box[]): Promise<number | null> {
  const cursor = await openBox(meta, findBox(boxes, "pitm"));
  if (cursor === null) return null;
  const version = cursor.take(4) >>> 24;
  return cursor.take(version === 0 ? 2 : 4);
}

export async function readItems(meta: ByteSource, boxes: Box[]): Promise<Map<number, HeifItem>> {
  const items = new Map<number, HeifItem>();
  const table = findBox(boxes, "iinf");
  if (table === undefined) return items;
  const version = viewOf(await meta.read(table.start, 1)).getUint8(0);
  const first = table.start + 4 + (version === 0 ? 2 : 4);
  for (const box of await boxesIn(meta, first, table.end, mostItems)) {
    const bytes = await meta.read(box.start, Math.min(box.end - box.start, 256));
    const cursor = new Cursor(bytes);
    const entryVersion = cursor.take(4) >>> 24;
    if (entryVersion < 2) continue;
    const id = cursor.take(entryVersion === 2 ? 2 : 4);
    const typeAt = cursor.at + 2;
    const [, contentType = "", contentEncoding = ""] = asciiAt(bytes, typeAt + 4, 200).split("\0");
    items.set(id, { type: asciiAt(bytes, typeAt, 4), contentType, contentEncoding });
  }
  return items;
}

export async function readLocations(meta: ByteSource, boxes: Box[]): Promise<Map<number, ItemLocation>> {
  const locations = new Map<number, ItemLocation>();
  const cursor = await openBox(meta, findBox(boxes, "iloc"));
  if (cursor === null) return locations;
  const version = cursor.take(4) >>> 24;
  const sizes = cursor.take(2);
  const width = (shift: number) => (sizes >> shift) & 0xf;
  const count = Math.min(cursor.take(version < 2 ? 2 : 4), mostItems);
  for (let i = 0; i < count; i++) {
    const id = cursor.take(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : cursor.take(2) & 0xf;
    cursor.take(2);
    const base = cursor.take(width(4));
    const extents: Extent[] = [];
    for (let left = cursor.take(2); left > 0; left--) {
      if (version > 0) cursor.take(width(0));
      const offset = base + cursor.take(width(12));
      extents.push({ offset, length: cursor.take(width(8)) });
      // Widths of zero would let one table of a few bytes count to 65,535 extents per item.
      if (extents.length > 64) break;
    }
    locations.set(id, { method, extents });
  }
  return locations;
}

export interface HeifProperties {
  all: Box[];
  /** Those of the item asked for, in the order in which they apply. */
  own: Box[];
}

export async function readProperties(meta: ByteSource, boxes: Box[], itemId: number | null): Promise<HeifProperties> {
  const outer = findBox(boxes, "iprp");
  const inner = outer === undefined ? [] : await boxesIn(meta, outer.start, outer.end);
  const container = findBox(inner, "ipco");
  if (container === undefined) return { all: [], own: [] };
  const all = await boxesIn(meta, container.start, container.end, mostItems);
  const cursor = await openBox(meta, findBox(inner, "ipma"));
  const indexes = cursor === null ? [] : propertyIndexes(cursor, itemId);
  return { all, own: indexes.flatMap((index) => all[index - 1] ?? []) };
}

/** An association table has per item its id and the indexes of its properties, counted from 1. */
function propertyIndexes(cursor: Cursor, itemId: number | null): number[] {
  const head = cursor.take(4);
  const isWide = (head & 1) === 1;
  for (let left = Math.min(cursor.take(4), mostItems); left > 0; left--) {
    const id = cursor.take(head >>> 24 === 0 ? 2 : 4);
    const indexes = Array.from({ length: cursor.take(1) }, () =>
      isWide ? cursor.take(2) & 0x7fff : cursor.take(1) & 0x7f,
    );
    if (id === itemId) return indexes;
  }
  return [];
}

async function openBox(meta: ByteSource, box: Box | undefined): Promise<Cursor | null> {
  return box === undefined ? null : new Cursor(await meta.read(box.start, box.end - box.start));
}
