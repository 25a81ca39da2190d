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

/** Reads the elements between two offsets, up to the first cluster, at most `maxCount`. */
export async function elementsIn(
  source: ByteSource,
  start: number,
  end: number,
  maxCount = MAX_ELEMENTS,
): Promise<Element[]> {
  const elements: Element[] = [];
  let at = start;
  while (at < end && elements.length < maxCount) {
    const element = await elementAt(source, at, end);
    if (element === null) break;
    elements.push(element);
    if (element.id === CLUSTER_ID) break;
    at = element.end;
  }
  return elements;
}

/** Id and size of an element. */
export interface ElementHeader {
  id: number;
  /** Offset of the content. */
  start: number;
  /** Null if the size is unknown, as in live recordings. */
  sizeBytes: number | null;
}

/** An id of four bytes and a size of eight. */
const ELEMENT_HEADER_BYTES = 12;

/** Parses an element header: an id including its length marker, then a size without it. Null if it is invalid. */
function parseElementHeader(head: Uint8Array, at: number): ElementHeader | null {
  const idBytes = Math.clz32(head[0] ?? 0) - 23;
  const size = idBytes > 4 ? null : parseVariableInteger(head, idBytes);
  if (size === null) return null;
  const id = unsignedOf(head, { id: 0, start: 0, end: idBytes });
  return { id, start: at + idBytes + size.bytes, sizeBytes: size.isUnknown ? null : size.value };
}

export interface VariableInteger {
  value: number;
  bytes: number;
  /** Whether all bits are ones, which means an unknown size. */
  isUnknown: boolean;
}

/** Parses an integer of one to eight bytes, whose first byte tells their number (RFC 8794 §4). Null if truncated. */
export function parseVariableInteger(from: Uint8Array, at: number): VariableInteger | null {
  const bytes = Math.clz32(from[at] ?? 0) - 23;
  if (bytes > 8 || from.length < at + bytes) return null;
  const mark = 0x100 >> bytes;
  let value = (from[at] ?? 0) - mark;
  let isUnknown = value === mark - 1;
  for (let i = 1; i < bytes; i++) {
    const byte = from[at + i] ?? 0;
    isUnknown = isUnknown && byte === 0xff;
    value = value * 256 + byte;
  }
  return { value, bytes, isUnknown };
}

/** Reads an element header; null if it is invalid or behind the end. */
export async function readElementHeader(source: ByteSource, at: number): Promise<ElementHeader | null> {
  return parseElementHeader(await source.read(at, ELEMENT_HEADER_BYTES), at);
}

function toElement({ id, start, sizeBytes }: ElementHeader, end: number): Element {
  return { id, start, end: Math.min(sizeBytes === null ? end : start + sizeBytes, end) };
}

/** Reads an element; one of unknown size extends to `end`. */
export async function elementAt(source: ByteSource, at: number, end: number): Promise<Element | null> {
  const header = await readElementHeader(source, at);
  return header === null ? null : toElement(header, end);
}

/** Yields the elements in bytes in memory. Offsets count from the start of the bytes. */
export function* elementsOf(bytes: Uint8Array, start = 0, end = bytes.length): Generator<Element> {
  for (let at = start; at < end;) {
    const header = parseElementHeader(bytes.subarray(at, at + ELEMENT_HEADER_BYTES), at);
    if (header === null) return;
    const element = toElement(header, end);
    yield element;
    at = element.end;
  }
}

/** Returns the big-endian unsigned integer of an element in memory. */
export function unsignedOf(bytes: Uint8Array, { start, end }: Element): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + (bytes[at] ?? 0);
  return value;
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
  const bytes = await source.read(field.start, field.end - field.start);
  return unsignedOf(bytes, { id, start: 0, end: bytes.length });
}

/** Reads the content of an element, at most `maxBytes`; empty if it is missing. */
export async function readBinary(
  source: ByteSource,
  fields: Element[],
  id: number,
  maxBytes: number,
): Promise<Uint8Array> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return new Uint8Array();
  return await source.read(field.start, Math.min(field.end - field.start, maxBytes));
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
