/** The elements of a Matroska file (EBML): where they are and the plain values inside them. */
import { decodeText, viewOf } from "../../bytes/bytes.ts";
import { tidyText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface Element {
  id: number;
  start: number;
  end: number;
}

/** Behind the first of them lie the pictures. */
export const cluster = 0x1f43b675;

const mostElements = 128;
const longestTextBytes = 4096;

/** The elements of a stretch up to the first cluster. */
export async function elementsIn(source: ByteSource, start: number, end: number): Promise<Element[]> {
  const elements: Element[] = [];
  let at = start;
  while (at < end && elements.length < mostElements) {
    const element = await elementAt(source, at, end);
    if (element === null) break;
    elements.push(element);
    if (element.id === cluster) break;
    at = element.end;
  }
  return elements;
}

/** An id that keeps its length marker, a size without it, then the content. A size of all ones means "to the end". */
export async function elementAt(source: ByteSource, at: number, end: number): Promise<Element | null> {
  const head = await source.read(at, 12);
  const idBytes = Math.clz32(head[0] ?? 0) - 23;
  const sizeBytes = Math.clz32(head[idBytes] ?? 0) - 23;
  if (idBytes > 4 || sizeBytes > 8 || head.length < idBytes + sizeBytes) return null;
  let id = 0;
  for (let i = 0; i < idBytes; i++) id = id * 256 + (head[i] ?? 0);
  const mark = 0x100 >> sizeBytes;
  let size = (head[idBytes] ?? 0) - mark;
  let isUnknown = size === mark - 1;
  for (let i = 1; i < sizeBytes; i++) {
    const byte = head[idBytes + i] ?? 0;
    isUnknown = isUnknown && byte === 0xff;
    size = size * 256 + byte;
  }
  const start = at + idBytes + sizeBytes;
  return { id, start, end: isUnknown ? end : Math.min(start + size, end) };
}

/** The elements inside the first of that kind. */
export async function childrenOf(source: ByteSource, elements: Element[], id: number): Promise<Element[]> {
  const element = elements.find((one) => one.id === id);
  return element === undefined ? [] : await elementsIn(source, element.start, element.end);
}

/** At most 8 bytes, the highest first. */
export async function unsigned(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined || field.end - field.start > 8) return null;
  let value = 0;
  for (const byte of await source.read(field.start, field.end - field.start)) value = value * 256 + byte;
  return value;
}

export async function float(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return null;
  const bytes = await source.read(field.start, 8);
  const length = Math.min(field.end - field.start, bytes.length);
  const value = length === 8 ? viewOf(bytes).getFloat64(0) : length === 4 ? viewOf(bytes).getFloat32(0) : NaN;
  return Number.isFinite(value) ? value : null;
}

export async function textIn(source: ByteSource, fields: Element[], id: number): Promise<string | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return null;
  return tidyText(decodeText(await source.read(field.start, Math.min(field.end - field.start, longestTextBytes))));
}
