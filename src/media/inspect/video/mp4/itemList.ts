/** The values of a `meta` box: numbered, with their names in `keys` (Apple, Android), or under names of four letters (iTunes). */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type MovieTags, keepTag } from "../movieTags.ts";
import { movieText } from "./movieText.ts";

const longestTagBytes = 4096;
const mostItems = 256;
/** Value, type and language of a `data` box stand before its text; numbers are spelled out. */
const dataHeadBytes = 8;
const utf16 = 2;
const japanese = 3;
const signedNumber = 21;
const unsignedNumber = 22;
const numberTypes = [signedNumber, unsignedNumber];

export async function readItemList(source: ByteSource, meta: Box, tags: MovieTags): Promise<void> {
  const boxes = await metaBoxes(source, meta);
  const values = findBox(boxes, "ilst");
  if (values === undefined) return;
  const keys = findBox(boxes, "keys");
  // Each key is laid out like a box: size, "mdta", name.
  const names = keys === undefined ? [] : await boxesIn(source, keys.start + 8, keys.end, mostItems);
  for (const item of await boxesIn(source, values.start, values.end, mostItems)) {
    const key = names[numberOf(item.type) - 1];
    const name = key === undefined ? item.type : await keyName(source, key);
    if (name !== null) keepTag(tags, name, await itemText(source, item));
  }
}

/** MP4's `meta` has version and flags, which are zero, in front of its boxes; QuickTime's has not. */
export async function metaBoxes(source: ByteSource, meta: Box): Promise<Box[]> {
  const head = await source.read(meta.start, 4);
  const isFull = head.length === 4 && viewOf(head).getUint32(0) === 0;
  return await boxesIn(source, meta.start + (isFull ? 4 : 0), meta.end);
}

function numberOf(type: string): number {
  return [...type].reduce((number, letter) => number * 256 + letter.charCodeAt(0), 0);
}

async function keyName(source: ByteSource, key: Box): Promise<string | null> {
  if (key.end - key.start > longestTagBytes) return null;
  return movieText(await source.read(key.start, key.end - key.start));
}

/** The value in no language, or else the first. */
async function itemText(source: ByteSource, item: Box): Promise<string | null> {
  const values = (await boxesIn(source, item.start, item.end, 16)).filter(({ type }) => type === "data");
  let first: string | null = null;
  for (const { start, end } of values) {
    if (end - start < dataHeadBytes || end - start > longestTagBytes) continue;
    const bytes = await source.read(start, end - start);
    const view = viewOf(bytes);
    const text = dataText(view.getUint32(0), bytes.subarray(dataHeadBytes));
    if (view.getUint32(4) === 0) return text;
    first ??= text;
  }
  return first;
}

function dataText(type: number, bytes: Uint8Array): string | null {
  if (type === utf16) return new TextDecoder("utf-16be").decode(bytes);
  if (type === japanese) return new TextDecoder("shift_jis").decode(bytes);
  if (!numberTypes.includes(type)) return movieText(bytes);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return String(number);
}
