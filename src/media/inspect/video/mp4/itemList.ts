/**
 * Reads the items of a `meta` box: numbered with names in `keys` (Apple, Android) or named by four letters (iTunes).
 */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type MovieTags, addTag } from "../movieTags.ts";
import { decodeMovieText } from "./movieText.ts";

const MAX_TAG_BYTES = 4096;
const MAX_ITEMS = 256;
/** A `data` box starts with type and locale. Numbers are returned as decimal text. */
const DATA_HEADER_BYTES = 8;
const TYPE_UTF16 = 2;
const TYPE_SHIFT_JIS = 3;
const TYPE_SIGNED_INTEGER = 21;
const TYPE_UNSIGNED_INTEGER = 22;
const numberTypes = [TYPE_SIGNED_INTEGER, TYPE_UNSIGNED_INTEGER];

/** Adds the items of a `meta` box to `tags`. */
export async function readItemList(source: ByteSource, meta: Box, tags: MovieTags): Promise<void> {
  const boxes = await readMetaBoxes(source, meta);
  const values = findBox(boxes, "ilst");
  if (values === undefined) return;
  const keys = findBox(boxes, "keys");
  // Each key has the layout of a box: size, "mdta", name.
  const names = keys === undefined ? [] : await readBoxes(source, keys.start + 8, keys.end, MAX_ITEMS);
  for (const item of await readBoxes(source, values.start, values.end, MAX_ITEMS)) {
    const key = names[keyNumber(item.type) - 1];
    const name = key === undefined ? item.type : await readKeyName(source, key);
    if (name !== null) addTag(tags, name, await readItemText(source, item));
  }
}

/** Reads the boxes in `meta`. MP4 puts a zero version and flags field before them; QuickTime omits it. */
export async function readMetaBoxes(source: ByteSource, meta: Box): Promise<Box[]> {
  const head = await source.read(meta.start, 4);
  const isFull = head.length === 4 && viewOf(head).getUint32(0) === 0;
  return await readBoxes(source, meta.start + (isFull ? 4 : 0), meta.end);
}

function keyNumber(type: string): number {
  return [...type].reduce((number, letter) => number * 256 + letter.charCodeAt(0), 0);
}

async function readKeyName(source: ByteSource, key: Box): Promise<string | null> {
  if (key.end - key.start > MAX_TAG_BYTES) return null;
  return decodeMovieText(await source.read(key.start, key.end - key.start));
}

/** Prefers the value without a locale, else takes the first. */
async function readItemText(source: ByteSource, item: Box): Promise<string | null> {
  const values = (await readBoxes(source, item.start, item.end, 16)).filter(({ type }) => type === "data");
  let first: string | null = null;
  for (const { start, end } of values) {
    if (end - start < DATA_HEADER_BYTES || end - start > MAX_TAG_BYTES) continue;
    const bytes = await source.read(start, end - start);
    const view = viewOf(bytes);
    const text = decodeValue(view.getUint32(0), bytes.subarray(DATA_HEADER_BYTES));
    if (view.getUint32(4) === 0) return text;
    first ??= text;
  }
  return first;
}

function decodeValue(type: number, bytes: Uint8Array): string | null {
  if (type === TYPE_UTF16) return new TextDecoder("utf-16be").decode(bytes);
  if (type === TYPE_SHIFT_JIS) return new TextDecoder("shift_jis").decode(bytes);
  if (!numberTypes.includes(type)) return decodeMovieText(bytes);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return String(number);
}
