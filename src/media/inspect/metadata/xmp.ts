/**
 * Parses the simple properties of an XMP packet (XMP part 1) in one pass. Only character references and the five
 * predefined entities are expanded; structures are skipped.
 */
import { asciiAt, decodeText, viewOf } from "../bytes/bytes.ts";
import { type InspectionBudget, XML_TAG_COST_BYTES, inspectionBudget } from "../bytes/inspectionBudget.ts";

/** Values by name ("photoshop:City"): one, or those of a list with the default language first. */
export type XmpProperties = ReadonlyMap<string, readonly string[]>;

/** The prefixes of property names, by namespace; packets may declare other prefixes. */
export const xmpPrefixes = new Map([
  ["http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"],
  ["http://purl.org/dc/elements/1.1/", "dc"],
  ["http://ns.adobe.com/xap/1.0/", "xmp"],
  ["http://ns.adobe.com/photoshop/1.0/", "photoshop"],
  ["http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore"],
  ["http://ns.adobe.com/exif/1.0/", "exif"],
  ["http://cipa.jp/exif/1.0/", "exifEX"],
  ["http://ns.adobe.com/tiff/1.0/", "tiff"],
  ["http://ns.adobe.com/exif/1.0/aux/", "aux"],
  ["http://ns.google.com/photos/1.0/panorama/", "GPano"],
  ["http://ns.google.com/photos/1.0/camera/", "GCamera"],
]);

export const MAX_PACKET_BYTES = 1024 * 1024;
const MAX_PROPERTIES = 2000;
const MAX_VALUES = 100;
/** Each part of an extended packet begins with a GUID of 32 characters, the total length and the part's offset. */
const PART_HEADER_BYTES = 32 + 4 + 4;

/**
 * The element path from a property to its value: empty, a list item, or rdf:value of a qualified value. Other paths are
 * structures.
 */
const VALUE_PATH = /^(?:rdf:(?:Alt|Seq|Bag) rdf:li ?)?(?:(?:rdf:Description )?rdf:value)?$/;
const MAX_VALUE_PATH = 4;
const CDATA_START = "<![CDATA[";

/** The parser state. `depth` counts from rdf:Description, whose properties are at 1. */
interface ParserState {
  namespaces: Map<string, string>;
  values: Map<string, string[]>;
  depth: number;
  property: string | null;
  /** The open elements inside the property. */
  path: string[];
  text: string;
  isDefaultLanguage: boolean;
}

/**
 * Returns the values of each property, up to the end of the budget. The work is one pass over the packet, for any
 * entities and nesting.
 */
export function parseXmp(packet: Uint8Array, budget: InspectionBudget = inspectionBudget()): XmpProperties {
  if (!budget.spendOnParsing(Math.min(packet.length, MAX_PACKET_BYTES))) return new Map();
  const text = decodePacket(packet.subarray(0, MAX_PACKET_BYTES));
  const state: ParserState = {
    namespaces: new Map(),
    values: new Map(),
    depth: -1,
    property: null,
    path: [],
    text: "",
    isDefaultLanguage: false,
  };
  let at = text.indexOf("<");
  while (at >= 0 && state.values.size < MAX_PROPERTIES && budget.spendOnParsing(XML_TAG_COST_BYTES)) {
    const end = tagEnd(text, at);
    if (end < 0) break;
    if (text.startsWith(CDATA_START, at))
      state.text += text.slice(at + CDATA_START.length, end - 2).replaceAll("&", "&amp;");
    else readTag(text.slice(at + 1, end), state);
    at = text.indexOf("<", end);
    const between = text.slice(end + 1, at < 0 ? text.length : at);
    if (state.property !== null && between !== "") state.text += between;
  }
  return state.values;
}

/** Decodes UTF-8, or UTF-16 with or without a byte order mark. */
export function decodePacket(packet: Uint8Array): string {
  const [first, second] = packet;
  if ((first === 0xfe && second === 0xff) || first === 0) return new TextDecoder("utf-16be").decode(packet);
  if ((first === 0xff && second === 0xfe) || second === 0) return new TextDecoder("utf-16le").decode(packet);
  return decodeText(packet);
}

/**
 * Returns the offset of the last character of the tag, comment or CDATA section that begins at `at`; -1 if it is
 * unclosed.
 */
export function tagEnd(text: string, at: number): number {
  if (text.startsWith("<!--", at)) return closingEnd(text, "-->", at);
  if (text.startsWith("<?", at)) return closingEnd(text, "?>", at);
  if (text.startsWith(CDATA_START, at)) return closingEnd(text, "]]>", at);
  let quote = "";
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return i;
  }
  return -1;
}

function closingEnd(text: string, closing: string, at: number): number {
  const index = text.indexOf(closing, at);
  return index < 0 ? -1 : index + closing.length - 1;
}

function readTag(tag: string, state: ParserState): void {
  if (tag.startsWith("?") || tag.startsWith("!")) return;
  if (tag.startsWith("/")) {
    closeTag(state);
    return;
  }
  const isEmpty = tag.endsWith("/");
  const body = isEmpty ? tag.slice(0, -1) : tag;
  const name = /^[^\s]+/.exec(body)?.[0] ?? "";
  const attributes = parseAttributes(body.slice(name.length));
  for (const [key, value] of attributes) {
    if (key.startsWith("xmlns:")) state.namespaces.set(key.slice(6), value);
  }
  openTag(canonicalName(name, state), attributes, state);
  if (isEmpty) closeTag(state);
}

function openTag(name: string, attributes: [string, string][], state: ParserState): void {
  if (state.depth < 0) {
    if (name === "rdf:Description") {
      state.depth = 0;
      for (const [key, value] of attributes) addValue(canonicalName(key, state), value, state);
    }
    return;
  }
  state.depth += 1;
  state.text = "";
  if (state.depth === 1) {
    state.property = name;
    state.path = [];
  } else {
    state.path.push(name);
  }
  state.isDefaultLanguage = attributes.some(([key, value]) => key === "xml:lang" && value === "x-default");
}

function closeTag(state: ParserState): void {
  if (state.depth < 0) return;
  const text = decodeEntities(state.text).trim();
  if (state.property !== null && text !== "" && isValuePath(state.path)) {
    addValue(state.property, text, state, state.isDefaultLanguage);
  }
  state.text = "";
  state.path.pop();
  state.depth -= 1;
  if (state.depth < 1) state.property = null;
}

/** Runs for each closing tag, so its cost must be independent of the nesting depth. */
function isValuePath(path: string[]): boolean {
  return path.length <= MAX_VALUE_PATH && VALUE_PATH.test(path.join(" "));
}

function addValue(name: string, value: string, state: ParserState, first = false): void {
  if (value === "" || name.startsWith("xmlns:")) return;
  const values = state.values.get(name) ?? [];
  const next = first ? [value, ...values].slice(0, MAX_VALUES) : [...values, value];
  if (next.length <= MAX_VALUES) state.values.set(name, next);
}

function canonicalName(name: string, state: ParserState): string {
  const colon = name.indexOf(":");
  if (colon < 0) return name;
  const prefix = name.slice(0, colon);
  const namespace = state.namespaces.get(prefix);
  const known = namespace === undefined ? prefix : (xmpPrefixes.get(namespace) ?? prefix);
  return `${known}${name.slice(colon)}`;
}

function parseAttributes(text: string): [string, string][] {
  return [...text.matchAll(/(?<=\s)([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
    ([, key = "", double, single]): [string, string] => [key, decodeEntities(double ?? single ?? "").trim()],
  );
}

const entities = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (typeof name === "string") return entities.get(name) ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Joins an extended XMP packet from several JPEG segments (XMP part 3); null without parts or if it is too long. */
export function joinExtendedXmp(parts: Uint8Array[]): Uint8Array | null {
  const first = parts[0];
  if (first === undefined || first.length < PART_HEADER_BYTES) return null;
  const guid = asciiAt(first, 0, 32);
  const packetBytes = viewOf(first).getUint32(32);
  const partBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (packetBytes > MAX_PACKET_BYTES || packetBytes > partBytes) return null;
  const packet = new Uint8Array(packetBytes);
  for (const part of parts) {
    if (part.length < PART_HEADER_BYTES || asciiAt(part, 0, 32) !== guid) continue;
    const offset = viewOf(part).getUint32(36);
    const body = part.subarray(PART_HEADER_BYTES);
    if (offset + body.length <= packetBytes) packet.set(body, offset);
  }
  return packet;
}
