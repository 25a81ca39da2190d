/** Requests that no honest client sends, made from the published description: one thing wrong in each. Sends none. */
import type { CallOptions } from "../support/clients/api.ts";
import { bodyOf, BOUNDARY, MULTIPART, type RawPart } from "../support/clients/multipart.ts";
import { ID, bodies, headerAttacks, jsonTexts, texts, types } from "./hostileValues.ts";
import { fillPath, resolve, sampleQuery, type ApiDocument, type Operation } from "../support/clients/openapi.ts";

export interface Attack {
  /** What is wrong with it, for the report. */
  name: string;
  path: string;
  options: CallOptions;
}

type Json = Record<string, unknown>;

/** Where a value may stand in a body, as a way through keys and places in lists. */
function places(value: unknown, way: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [way];
  const entries = Array.isArray(value)
    ? value.slice(0, 1).map((inner, i): [number, unknown] => [i, inner])
    : Object.entries(value);
  return [way, ...entries.flatMap(([key, inner]) => places(inner, [...way, key]))];
}

const HOLE = "\u2603hole\u2603";

/** The body as text, with `text` in the place that `way` leads to. */
function withText(body: unknown, way: (string | number)[], text: string): string {
  const put = (value: unknown, depth: number): unknown => {
    const key = way[depth];
    if (key === undefined) return HOLE;
    if (Array.isArray(value)) return value.map((inner: unknown, i) => (i === key ? put(inner, depth + 1) : inner));
    return { ...(value as Json), [key]: put((value as Json)[String(key)], depth + 1) };
  };
  return JSON.stringify(put(body, 0)).replace(`"${HOLE}"`, () => text);
}

const asJson = (body: string | Uint8Array, type = "application/json"): CallOptions => ({
  body,
  headers: { "content-type": type },
});

/** Bodies of a JSON route: whole ones, and the honest one with each of its values replaced in turn. */
function jsonAttacks(path: string, honest: unknown): Attack[] {
  const whole = bodies.map(([name, body]) => ({ name: `body of ${name}`, path, options: asJson(body) }));
  const typed = types.map((type) => ({
    name: `body as "${type}"`,
    path,
    options: asJson(JSON.stringify(honest), type),
  }));
  const inside = places(honest)
    .filter((way) => way.length > 0)
    .flatMap((way) =>
      jsonTexts.map((text) => ({
        name: `body.${way.join(".")} = ${text.slice(0, 40)}`,
        path,
        options: asJson(withText(honest, way, text)),
      })),
    );
  return [...whole, ...typed, ...inside];
}

export type FormFields = Record<string, string | Uint8Array>;

/** What a part is called as a file; null: it is none. */
function partOf(name: string, content: string | Uint8Array, filename: string | null): RawPart {
  return { disposition: `; name="${name}"${filename === null ? "" : `; filename="${filename}"`}`, content };
}

/** The honest form with one field replaced, doubled, left out, or sent as what it is not. */
async function formAttacks(path: string, honest: FormFields): Promise<Attack[]> {
  const nameOf = (content: string | Uint8Array): string | null => (typeof content === "string" ? null : "a.jpg");
  const attack = async (name: string, changed: string, replacement: RawPart[]): Promise<Attack> => {
    const parts = Object.entries(honest).flatMap(([field, content]) =>
      field === changed ? replacement : [partOf(field, content, nameOf(content))],
    );
    return { name, path, options: { body: await bodyOf(parts), headers: { "content-type": MULTIPART } } };
  };
  const found: Attack[] = [];
  for (const [field, content] of Object.entries(honest)) {
    const own = partOf(field, content, nameOf(content));
    for (const text of texts) {
      const short = text.slice(0, 40);
      found.push(await attack(`field ${field} = ${short}`, field, [partOf(field, text, nameOf(content))]));
      found.push(await attack(`${field} as a file ${short}`, field, [partOf(field, content, `${text}.jpg`)]));
    }
    found.push(await attack(`no ${field}`, field, []), await attack(`${field} twice`, field, [own, own]));
  }
  const others = [...bodies.slice(0, 14), ["a boundary alone", `--${BOUNDARY}`] as const].map(([name, body]) => ({
    name: `form of ${name}`,
    path,
    options: asJson(body, MULTIPART),
  }));
  return [
    ...found,
    ...others,
    ...types.map((type) => ({ name: `form as ${type}`, path, options: asJson("{}", type) })),
  ];
}

function pathAttacks(operation: Operation, path: string): Attack[] {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const parts = operation.path.split("/");
  const filled = path.split("?")[0]?.split("/") ?? [];
  return names.flatMap((name) =>
    texts.flatMap((text) => {
      const encoded = encodeURIComponent(text.replaceAll("\uD800", ""));
      return [encoded, ...(text.startsWith("%") ? [text] : [])].map((piece) => ({
        name: `path ${name} = ${piece.slice(0, 40)}`,
        path: filled.map((word, i) => (parts[i] === `{${name}}` ? piece.slice(0, 8000) : word)).join("/"),
        options: {},
      }));
    }),
  );
}

function queryAttacks(document: ApiDocument, operation: Operation, base: string): Attack[] {
  const parameters = (operation.parameters ?? []).filter((each) => each.in === "query");
  return parameters.flatMap(({ name }) => {
    const single = texts.map((text) => ({
      name: `query ${name} = ${text.slice(0, 40)}`,
      path: base + sampleQuery(document, operation, { [name]: text.slice(0, 12_000) }),
      options: {},
    }));
    const ids = Array.from({ length: 201 }, () => `asset_${ID}`).join(",");
    const others = [`${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`, name, `${name}=%ff%fe`, `${name}=%`];
    return [
      ...single,
      ...[...others, `${name}=${ids}`].map((query) => ({
        name: `query ${query.slice(0, 40)}`,
        path: `${base}?${query}`,
        options: {},
      })),
    ];
  });
}

export interface Honest {
  ids: Record<string, string>;
  json?: unknown;
  form?: FormFields;
  /** The type of a body that is neither. */
  raw?: string;
}

/** All that is tried on one operation, whose honest request is known. */
export async function attacksOn(document: ApiDocument, operation: Operation, honest: Honest): Promise<Attack[]> {
  const base = fillPath(operation, honest.ids);
  const path = base + sampleQuery(document, operation);
  const json = honest.json === undefined ? [] : jsonAttacks(path, honest.json);
  const form = honest.form === undefined ? [] : await formAttacks(path, honest.form);
  const rawTypes = honest.raw === undefined ? [] : [honest.raw.replace("*", "jpeg"), "image/x", "text/html", ""];
  const raw = rawTypes.flatMap((type) =>
    bodies.map(([name, body]) => ({ name: `${type} of ${name}`, path, options: asJson(body, type) })),
  );
  const headers = headerAttacks.map((each) => ({
    name: `header ${JSON.stringify(each).slice(0, 60)}`,
    path,
    options: { headers: each, ...(honest.json === undefined ? {} : { json: honest.json }) },
  }));
  const bodied = operation.method === "GET" ? [] : [{ name: "no body at all", path, options: {} }];
  return [
    ...pathAttacks(operation, path),
    ...queryAttacks(document, operation, base),
    ...json,
    ...form,
    ...raw,
    ...headers,
    ...bodied,
  ];
}

/** A body with every property that the schema knows, required or not. */
export function fullSample(document: ApiDocument, given: unknown, ids: Record<string, string>): unknown {
  if (typeof given !== "object" || given === null) return null;
  const schema = resolve(document, given);
  const example: unknown = schema.example;
  if (typeof example === "string") {
    const prefix = /^([a-z_]+_)[^_]{22}$/.exec(example)?.[1];
    return (prefix === undefined ? undefined : ids[prefix]) ?? example;
  }
  if (schema.enum !== undefined) return schema.enum[0];
  const type = [schema.type].flat()[0];
  if (type === "array") return [fullSample(document, schema.items ?? {}, ids)];
  if (type === "object" || schema.properties !== undefined) {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([key, inner]) => [key, fullSample(document, inner, ids)]));
  }
  return { string: "x", integer: 1, number: 1, boolean: true }[String(type)] ?? null;
}
