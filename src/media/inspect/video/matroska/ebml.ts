/** Reads EBML elements (RFC 8794) and their values. */
import { decodeText, viewOf } from "../../bytes/bytes.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";

export interface Element {
  id: number;
  start: number;
  end: number;
}

/** The first cluster starts the frames; metadata is read up to it. */
export const CLUSTER_ID = 0x1f43b675;

const MAX_ELEMENTS = 128;
const MAX_TEXT_BYTES = 4096;

/** Reads the elements between two offsets, up to the first cluster. */
export async function elementsIn(source: ByteSource, start: number, end: number): Promise<Element[]> {
  const elements: Element[] = [];
  let at = start;
  while (at < end && elements.length < MAX_ELEMENTS) {
    const element = await elementAt(source, at, end);
    if (element === null) break;
    elements.push(element);
    if (element.id === CLUSTER_ID) break;
    at = element.end;
  }
  return elements;
}

/**
 * Reads an element header: an id including its length marker, then a size without it. A size of all ones extends to
 * `end`.
 */
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

/** Reads the children of the first element with this id. */
export async function childrenOf(source: ByteSource, elements: Element[], id: number): Promise<Element[]> {
  const element = elements.find((one) => one.id === id);
  return element === undefined ? [] : await elementsIn(source, element.start, element.end);
}

/** Reads a big-endian unsigned integer of at most 8 bytes; null if it is missing. */
export async function readUnsigned(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined || field.end - field.start > 8) return null;
  let value = 0;
  for (const byte of await source.read(field.start, field.end - field.start)) value = value * 256 + byte;
  return value;
}

/** Reads a 32-bit or 64-bit float; null if it is missing, NaN or infinite. */
export async function readFloat(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return null;
  const bytes = await source.read(field.start, 8);
  const length = Math.min(field.end - field.start, bytes.length);
  const value = length === 8 ? viewOf(bytes).getFloat64(0) : length === 4 ? viewOf(bytes).getFloat32(0) : NaN;
  return Number.isFinite(value) ? value : null;
}

/** Reads a UTF-8 string; null if it is missing or empty. */
export async function readText(source: ByteSource, fields: Element[], id: number): Promise<string | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return null;
  return normalizeText(decodeText(await source.read(field.start, Math.min(field.end - field.start, MAX_TEXT_BYTES))));
}
