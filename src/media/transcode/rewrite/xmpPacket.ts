/** Splits an XMP packet into properties, verbatim. */
import { type InspectionBudget, XML_TAG_COST_BYTES, inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import { decodePacket, MAX_PACKET_BYTES, xmpPrefixes, tagEnd } from "../../inspect/metadata/xmp.ts";

export interface XmpProperty {
  namespace: string;
  name: string;
  /** An attribute of rdf:Description, or a child element. */
  form: "attribute" | "element";
  text: string;
}

/** A top-level rdf:Description and the prefixes in scope. */
export interface XmpDescription {
  namespaces: ReadonlyMap<string, string>;
  properties: XmpProperty[];
}

const RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const MAX_TAGS = 20_000;
const MAX_DEPTH = 100;
const MAX_NAMESPACES = 200;
/** Work of copying one declared namespace into a nested scope. */
const NAMESPACE_COST_BYTES = 4;
const ATTRIBUTE = /(?<=\s)(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/g;
const ELEMENT = /^(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)(?=[\s/]|$)/;

/** Well-known prefixes, for packets that use them undeclared. */
const defaultNamespaces = new Map([...xmpPrefixes].map(([namespace, prefix]) => [prefix, namespace]));

interface OpenElement {
  /** The qualified name, which the end tag repeats. */
  name: string;
  namespaces: ReadonlyMap<string, string>;
  description: XmpDescription | null;
}

interface Walk {
  text: string;
  open: OpenElement[];
  descriptions: XmpDescription[];
  budget: InspectionBudget;
  /** The open property element: depth, offset and name. */
  property: { depth: number; at: number; namespace: string; name: string } | null;
}

function resolvePrefix(prefix: string | undefined, namespaces: ReadonlyMap<string, string>): string | null {
  if (prefix === undefined || prefix === "xml" || prefix === "xmlns") return null;
  return namespaces.get(prefix) ?? null;
}

/** Returns null at the end of the budget. */
function namespacesInScope(
  tag: string,
  outer: ReadonlyMap<string, string>,
  budget: InspectionBudget,
): ReadonlyMap<string, string> | null {
  const declared = [...tag.matchAll(ATTRIBUTE)]
    .filter(([, prefix]) => prefix === "xmlns")
    .map(([, , name = "", value = ""]): [string, string] => [name, value.slice(1, -1)]);
  if (declared.length === 0) return outer;
  return budget.spendOnParsing(NAMESPACE_COST_BYTES * outer.size) ? new Map([...outer, ...declared]) : null;
}

function attributeProperties(tag: string, namespaces: ReadonlyMap<string, string>): XmpProperty[] {
  return [...tag.matchAll(ATTRIBUTE)].flatMap(([text, prefix, name = ""]) => {
    const namespace = resolvePrefix(prefix, namespaces);
    return namespace === null || namespace === RDF_NAMESPACE
      ? []
      : [{ namespace, name, form: "attribute" as const, text }];
  });
}

function addProperty(walk: Walk, property: XmpProperty): void {
  walk.open.findLast((element) => element.description !== null)?.description?.properties.push(property);
}

/** Returns false for malformed XML, and at the end of the budget. */
function openTag(walk: Walk, tag: string, at: number, end: number): boolean {
  const isEmpty = tag.endsWith("/");
  const [, prefix, name = ""] = ELEMENT.exec(tag) ?? [];
  if (name === "" || walk.open.length >= MAX_DEPTH) return false;
  const parent = walk.open.at(-1);
  const namespaces = namespacesInScope(tag, parent?.namespaces ?? defaultNamespaces, walk.budget);
  if (namespaces === null || namespaces.size > MAX_NAMESPACES) return false;
  const namespace = resolvePrefix(prefix, namespaces);
  const isInside = walk.open.some((element) => element.description !== null);
  let description: XmpDescription | null = null;
  if (!isInside && namespace === RDF_NAMESPACE && name === "Description") {
    description = { namespaces, properties: attributeProperties(tag, namespaces) };
    walk.descriptions.push(description);
  } else if (parent?.description != null && namespace !== null) {
    const element = { namespace, name, form: "element" as const };
    if (isEmpty) addProperty(walk, { ...element, text: walk.text.slice(at, end + 1) });
    else walk.property = { depth: walk.open.length, at, namespace, name };
  }
  const qualifiedName = prefix === undefined ? name : `${prefix}:${name}`;
  if (!isEmpty) walk.open.push({ name: qualifiedName, namespaces, description });
  return true;
}

function closeTag(walk: Walk, tag: string, end: number): boolean {
  const closed = walk.open.pop();
  if (closed === undefined || tag.slice(1).trim() !== closed.name) return false;
  const { property } = walk;
  if (property === null || property.depth !== walk.open.length) return true;
  const { namespace, name } = property;
  addProperty(walk, { namespace, name, form: "element", text: walk.text.slice(property.at, end + 1) });
  walk.property = null;
  return true;
}

/**
 * Parses up to the first malformed tag or the end of the budget. A document type declaration ends parsing: it could
 * declare entities.
 */
export function parseXmpDescriptions(packet: Uint8Array, budget = inspectionBudget()): XmpDescription[] {
  if (!budget.spendOnParsing(Math.min(packet.length, MAX_PACKET_BYTES))) return [];
  const text = decodePacket(packet.subarray(0, MAX_PACKET_BYTES));
  const walk: Walk = { text, open: [], descriptions: [], budget, property: null };
  let tags = 0;
  for (let at = text.indexOf("<"); at >= 0 && tags < MAX_TAGS; tags++) {
    if (!budget.spendOnParsing(XML_TAG_COST_BYTES)) break;
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
