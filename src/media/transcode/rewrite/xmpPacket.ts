/** The properties of an XMP packet as they are written, to be put into another packet. Understands no value. */
import { decodePacket, longestPacketBytes, prefixes, tagEnd } from "../../inspect/metadata/xmp.ts";

export interface XmpProperty {
  namespace: string;
  name: string;
  /** An attribute of its description, or an element in it: verbatim. */
  form: "attribute" | "element";
  text: string;
}

/** One rdf:Description at the top, and what its prefixes mean. */
export interface XmpDescription {
  namespaces: ReadonlyMap<string, string>;
  properties: XmpProperty[];
}

const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const mostTags = 20_000;
const deepest = 100;
const mostNamespaces = 200;
const ATTRIBUTE = /(?<=\s)(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/g;
const ELEMENT = /^(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)(?=[\s/]|$)/;

/** Prefixes that careless writers use without saying what they mean. */
const customary = new Map([...prefixes].map(([namespace, prefix]) => [prefix, namespace]));

interface Open {
  /** As it is written, which its end tag repeats. */
  name: string;
  namespaces: ReadonlyMap<string, string>;
  description: XmpDescription | null;
}

interface Walk {
  text: string;
  open: Open[];
  descriptions: XmpDescription[];
  /** The element of a property that is not closed yet: how deep it is, where it began. */
  property: { depth: number; at: number; namespace: string; name: string } | null;
}

function namespaceOf(prefix: string | undefined, namespaces: ReadonlyMap<string, string>): string | null {
  if (prefix === undefined || prefix === "xml" || prefix === "xmlns") return null;
  return namespaces.get(prefix) ?? null;
}

function scopeOf(tag: string, outer: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const own = [...tag.matchAll(ATTRIBUTE)]
    .filter(([, prefix]) => prefix === "xmlns")
    .map(([, , name = "", value = ""]): [string, string] => [name, value.slice(1, -1)]);
  return own.length === 0 ? outer : new Map([...outer, ...own]);
}

function attributeProperties(tag: string, namespaces: ReadonlyMap<string, string>): XmpProperty[] {
  return [...tag.matchAll(ATTRIBUTE)].flatMap(([text, prefix, name = ""]) => {
    const namespace = namespaceOf(prefix, namespaces);
    return namespace === null || namespace === rdf ? [] : [{ namespace, name, form: "attribute" as const, text }];
  });
}

function keep(walk: Walk, property: XmpProperty): void {
  walk.open.findLast((element) => element.description !== null)?.description?.properties.push(property);
}

/** False where the text is no XML any more. */
function openTag(walk: Walk, tag: string, at: number, end: number): boolean {
  const isEmpty = tag.endsWith("/");
  const [, prefix, name = ""] = ELEMENT.exec(tag) ?? [];
  if (name === "" || walk.open.length >= deepest) return false;
  const parent = walk.open.at(-1);
  const namespaces = scopeOf(tag, parent?.namespaces ?? customary);
  if (namespaces.size > mostNamespaces) return false;
  const namespace = namespaceOf(prefix, namespaces);
  const isInside = walk.open.some((element) => element.description !== null);
  let description: XmpDescription | null = null;
  if (!isInside && namespace === rdf && name === "Description") {
    description = { namespaces, properties: attributeProperties(tag, namespaces) };
    walk.descriptions.push(description);
  } else if (parent?.description != null && namespace !== null) {
    const element = { namespace, name, form: "element" as const };
    if (isEmpty) keep(walk, { ...element, text: walk.text.slice(at, end + 1) });
    else walk.property = { depth: walk.open.length, at, namespace, name };
  }
  const written = prefix === undefined ? name : `${prefix}:${name}`;
  if (!isEmpty) walk.open.push({ name: written, namespaces, description });
  return true;
}

function closeTag(walk: Walk, tag: string, end: number): boolean {
  const closed = walk.open.pop();
  if (closed === undefined || tag.slice(1).trim() !== closed.name) return false;
  const { property } = walk;
  if (property === null || property.depth !== walk.open.length) return true;
  const { namespace, name } = property;
  keep(walk, { namespace, name, form: "element", text: walk.text.slice(property.at, end + 1) });
  walk.property = null;
  return true;
}

/** As far as the packet is well formed. One with a document type declares entities: nobody's XMP does. */
export function xmpDescriptions(packet: Uint8Array): XmpDescription[] {
  const text = decodePacket(packet.subarray(0, longestPacketBytes));
  const walk: Walk = { text, open: [], descriptions: [], property: null };
  let tags = 0;
  for (let at = text.indexOf("<"); at >= 0 && tags < mostTags; tags++) {
    const end = tagEnd(text, at);
    const tag = text.slice(at + 1, end);
    if (end < 0 || /^!(?!--|\[CDATA\[)/.test(tag)) break;
    const isMarkup = !tag.startsWith("?") && !tag.startsWith("!");
    const isFine = !isMarkup || (tag.startsWith("/") ? closeTag(walk, tag, end) : openTag(walk, tag, at, end));
    if (!isFine) break;
    at = text.indexOf("<", end);
  }
  return walk.descriptions;
}
