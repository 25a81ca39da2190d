/**
 * XMP: the simple properties of a packet by name. One pass over the text, entities never expanded beyond
 * the five of XML and character references; nested structures are left alone.
 */
import { decodeText } from "../bytes/bytes.ts";

/** "photoshop:City" → its values: one, or those of a list with the default language first. */
export type XmpProperties = ReadonlyMap<string, readonly string[]>;

/** The names this project reads by, whatever prefix a packet gives them. */
export const prefixes = new Map([
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

export const longestPacketBytes = 1024 * 1024;
const mostProperties = 2000;

/** The ways from a property to a value of it: none, through a list, through what is said of the value besides. Others lead into structures. */
const waysToValue = /^(?:rdf:(?:Alt|Seq|Bag) rdf:li ?)?(?:(?:rdf:Description )?rdf:value)?$/;
const longestWay = 4;
const cdataStart = "<![CDATA[";

/** What is open while the text is read: depth counts from the rdf:Description, its properties being at 1. */
interface Scan {
  namespaces: Map<string, string>;
  found: Map<string, string[]>;
  depth: number;
  property: string | null;
  /** What is open inside the property. */
  path: string[];
  text: string;
  isDefaultLanguage: boolean;
}

export function parseXmp(packet: Uint8Array): XmpProperties {
  const text = decodePacket(packet.subarray(0, longestPacketBytes));
  const scan: Scan = {
    namespaces: new Map(),
    found: new Map(),
    depth: -1,
    property: null,
    path: [],
    text: "",
    isDefaultLanguage: false,
  };
  let at = text.indexOf("<");
  while (at >= 0 && scan.found.size < mostProperties) {
    const end = tagEnd(text, at);
    if (end < 0) break;
    if (text.startsWith(cdataStart, at))
      scan.text += text.slice(at + cdataStart.length, end - 2).replaceAll("&", "&amp;");
    else readTag(text.slice(at + 1, end), scan);
    at = text.indexOf("<", end);
    const between = text.slice(end + 1, at < 0 ? text.length : at);
    if (scan.property !== null && between !== "") scan.text += between;
  }
  return scan.found;
}

/** UTF-16 packets exist in theory and in a few files, with a mark of their byte order or without. */
export function decodePacket(packet: Uint8Array): string {
  const [first, second] = packet;
  if ((first === 0xfe && second === 0xff) || first === 0) return new TextDecoder("utf-16be").decode(packet);
  if ((first === 0xff && second === 0xfe) || second === 0) return new TextDecoder("utf-16le").decode(packet);
  return decodeText(packet);
}

/** Where the markup that opens at `at` ends: past its quotes, comments and CDATA as wholes. */
export function tagEnd(text: string, at: number): number {
  if (text.startsWith("<!--", at)) return endOf(text, "-->", at);
  if (text.startsWith("<?", at)) return endOf(text, "?>", at);
  if (text.startsWith(cdataStart, at)) return endOf(text, "]]>", at);
  let quote = "";
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return i;
  }
  return -1;
}

function endOf(text: string, closing: string, at: number): number {
  const found = text.indexOf(closing, at);
  return found < 0 ? -1 : found + closing.length - 1;
}

function readTag(tag: string, scan: Scan): void {
  if (tag.startsWith("?") || tag.startsWith("!")) return;
  if (tag.startsWith("/")) {
    closeTag(scan);
    return;
  }
  const isEmpty = tag.endsWith("/");
  const body = isEmpty ? tag.slice(0, -1) : tag;
  const name = /^[^\s]+/.exec(body)?.[0] ?? "";
  const attributes = attributesIn(body.slice(name.length));
  for (const [key, value] of attributes) {
    if (key.startsWith("xmlns:")) scan.namespaces.set(key.slice(6), value);
  }
  openTag(canonical(name, scan), attributes, scan);
  if (isEmpty) closeTag(scan);
}

function openTag(name: string, attributes: [string, string][], scan: Scan): void {
  if (scan.depth < 0) {
    if (name === "rdf:Description") {
      scan.depth = 0;
      for (const [key, value] of attributes) keep(canonical(key, scan), value, scan);
    }
    return;
  }
  scan.depth += 1;
  scan.text = "";
  if (scan.depth === 1) {
    scan.property = name;
    scan.path = [];
  } else {
    scan.path.push(name);
  }
  scan.isDefaultLanguage = attributes.some(([key, value]) => key === "xml:lang" && value === "x-default");
}

function closeTag(scan: Scan): void {
  if (scan.depth < 0) return;
  const text = decodeEntities(scan.text).trim();
  if (scan.property !== null && text !== "" && leadsToValue(scan.path)) {
    keep(scan.property, text, scan, scan.isDefaultLanguage);
  }
  scan.text = "";
  scan.path.pop();
  scan.depth -= 1;
  if (scan.depth < 1) scan.property = null;
}

/** Looked at for each element that closes: never the whole of a path a hundred thousand deep. */
function leadsToValue(path: string[]): boolean {
  return path.length <= longestWay && waysToValue.test(path.join(" "));
}

function keep(name: string, value: string, scan: Scan, first = false): void {
  if (value === "" || name.startsWith("xmlns:")) return;
  const values = scan.found.get(name) ?? [];
  if (first) values.unshift(value);
  else if (values.length < 100) values.push(value);
  scan.found.set(name, values);
}

function canonical(name: string, scan: Scan): string {
  const colon = name.indexOf(":");
  if (colon < 0) return name;
  const prefix = name.slice(0, colon);
  const namespace = scan.namespaces.get(prefix);
  const known = namespace === undefined ? prefix : (prefixes.get(namespace) ?? prefix);
  return `${known}${name.slice(colon)}`;
}

function attributesIn(text: string): [string, string][] {
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
