/** Builds invalid requests from the OpenAPI document; each differs from a valid request in one value. */
import type { CallOptions } from "../support/clients/api.ts";
import { multipartBody, BOUNDARY, MULTIPART, type RawPart } from "../support/clients/multipart.ts";
import { ID, rawBodies, invalidHeaders, jsonValues, textValues, contentTypes } from "./fuzzValues.ts";
import {
  idPrefixOfSchema,
  fillPath,
  resolveReference,
  sampleQuery,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";

export interface FuzzCase {
  /** Describes the invalid value in failure messages. */
  name: string;
  path: string;
  options: CallOptions;
}

type Json = Record<string, unknown>;

/** Lists the path (keys and indexes) of every value in a body. */
function valuePaths(value: unknown, valuePath: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [valuePath];
  const entries = Array.isArray(value)
    ? value.slice(0, 1).map((inner, i): [number, unknown] => [i, inner])
    : Object.entries(value);
  return [valuePath, ...entries.flatMap(([key, inner]) => valuePaths(inner, [...valuePath, key]))];
}

const PLACEHOLDER = "\u2603placeholder\u2603";

/** Serializes the body with raw `text` in place of the value at `valuePath`. */
function replaceValue(body: unknown, valuePath: (string | number)[], text: string): string {
  const substitute = (value: unknown, depth: number): unknown => {
    const key = valuePath[depth];
    if (key === undefined) return PLACEHOLDER;
    if (Array.isArray(value))
      return value.map((inner: unknown, i) => (i === key ? substitute(inner, depth + 1) : inner));
    return { ...(value as Json), [key]: substitute((value as Json)[String(key)], depth + 1) };
  };
  return JSON.stringify(substitute(body, 0)).replace(`"${PLACEHOLDER}"`, () => text);
}

const rawBody = (body: string | Uint8Array, type = "application/json"): CallOptions => ({
  body,
  headers: { "content-type": type },
});

/** Cases for a JSON operation: invalid bodies and content types, and the valid body with each value replaced. */
function jsonCases(path: string, valid: unknown): FuzzCase[] {
  const bodyCases = rawBodies.map(([name, body]) => ({ name: `body of ${name}`, path, options: rawBody(body) }));
  const contentTypeCases = contentTypes.map((type) => ({
    name: `body as "${type}"`,
    path,
    options: rawBody(JSON.stringify(valid), type),
  }));
  const valueCases = valuePaths(valid)
    .filter((valuePath) => valuePath.length > 0)
    .flatMap((valuePath) =>
      jsonValues.map((text) => ({
        name: `body.${valuePath.join(".")} = ${text.slice(0, 40)}`,
        path,
        options: rawBody(replaceValue(valid, valuePath, text)),
      })),
    );
  return [...bodyCases, ...contentTypeCases, ...valueCases];
}

export type FormFields = Record<string, string | Uint8Array>;

/** A null `filename` makes a plain field. */
function formPart(name: string, content: string | Uint8Array, filename: string | null): RawPart {
  return { disposition: `; name="${name}"${filename === null ? "" : `; filename="${filename}"`}`, content };
}

/** Cases for a form: one field replaced, duplicated, omitted, or sent as a file. */
async function formCases(path: string, valid: FormFields): Promise<FuzzCase[]> {
  const nameOf = (content: string | Uint8Array): string | null => (typeof content === "string" ? null : "a.jpg");
  const createCase = async (name: string, changed: string, replacement: RawPart[]): Promise<FuzzCase> => {
    const parts = Object.entries(valid).flatMap(([field, content]) =>
      field === changed ? replacement : [formPart(field, content, nameOf(content))],
    );
    return { name, path, options: { body: await multipartBody(parts), headers: { "content-type": MULTIPART } } };
  };
  const cases: FuzzCase[] = [];
  for (const [field, content] of Object.entries(valid)) {
    const own = formPart(field, content, nameOf(content));
    for (const text of textValues) {
      const short = text.slice(0, 40);
      cases.push(await createCase(`field ${field} = ${short}`, field, [formPart(field, text, nameOf(content))]));
      cases.push(await createCase(`${field} as a file ${short}`, field, [formPart(field, content, `${text}.jpg`)]));
    }
    cases.push(await createCase(`no ${field}`, field, []), await createCase(`${field} twice`, field, [own, own]));
  }
  const rawCases = [...rawBodies.slice(0, 14), ["only a boundary", `--${BOUNDARY}`] as const].map(([name, body]) => ({
    name: `form of ${name}`,
    path,
    options: rawBody(body, MULTIPART),
  }));
  return [
    ...cases,
    ...rawCases,
    ...contentTypes.map((type) => ({ name: `form as ${type}`, path, options: rawBody("{}", type) })),
  ];
}

function pathCases(operation: Operation, path: string): FuzzCase[] {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const parts = operation.path.split("/");
  const filled = path.split("?")[0]?.split("/") ?? [];
  return names.flatMap((name) =>
    textValues.flatMap((text) => {
      const encoded = encodeURIComponent(text.replaceAll("\uD800", ""));
      return [encoded, ...(text.startsWith("%") ? [text] : [])].map((segment) => ({
        name: `path ${name} = ${segment.slice(0, 40)}`,
        path: filled.map((word, i) => (parts[i] === `{${name}}` ? segment.slice(0, 8000) : word)).join("/"),
        options: {},
      }));
    }),
  );
}

function queryCases(document: ApiDocument, operation: Operation, base: string): FuzzCase[] {
  const parameters = (operation.parameters ?? []).filter((each) => each.in === "query");
  return parameters.flatMap(({ name }) => {
    const valueQueries = textValues.map((text) => ({
      name: `query ${name} = ${text.slice(0, 40)}`,
      path: base + sampleQuery(document, operation, { [name]: text.slice(0, 12_000) }),
      options: {},
    }));
    const ids = Array.from({ length: 201 }, () => `asset_${ID}`).join(",");
    const others = [`${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`, name, `${name}=%ff%fe`, `${name}=%`];
    return [
      ...valueQueries,
      ...[...others, `${name}=${ids}`].map((query) => ({
        name: `query ${query.slice(0, 40)}`,
        path: `${base}?${query}`,
        options: {},
      })),
    ];
  });
}

export interface ValidRequest {
  ids: Record<string, string>;
  json?: unknown;
  form?: FormFields;
  /** Content type of any other body. */
  raw?: string;
}

/** Builds all cases of an operation from its valid request. */
export async function fuzzCases(document: ApiDocument, operation: Operation, valid: ValidRequest): Promise<FuzzCase[]> {
  const base = fillPath(operation, valid.ids);
  const path = base + sampleQuery(document, operation);
  const json = valid.json === undefined ? [] : jsonCases(path, valid.json);
  const form = valid.form === undefined ? [] : await formCases(path, valid.form);
  const rawTypes = valid.raw === undefined ? [] : [valid.raw.replace("*", "jpeg"), "image/x", "text/html", ""];
  const raw = rawTypes.flatMap((type) =>
    rawBodies.map(([name, body]) => ({ name: `${type} of ${name}`, path, options: rawBody(body, type) })),
  );
  const headers = invalidHeaders.map((each) => ({
    name: `header ${JSON.stringify(each).slice(0, 60)}`,
    path,
    options: { headers: each, ...(valid.json === undefined ? {} : { json: valid.json }) },
  }));
  const emptyBody = operation.method === "GET" ? [] : [{ name: "no body", path, options: {} }];
  return [
    ...pathCases(operation, path),
    ...queryCases(document, operation, base),
    ...json,
    ...form,
    ...raw,
    ...headers,
    ...emptyBody,
  ];
}

/** A sample body with every property of the schema, required or optional. */
export function fullSample(document: ApiDocument, schemaOrNull: unknown, ids: Record<string, string>): unknown {
  if (typeof schemaOrNull !== "object" || schemaOrNull === null) return null;
  const schema = resolveReference(document, schemaOrNull);
  const prefix = idPrefixOfSchema(schema);
  if (prefix !== null && ids[prefix] !== undefined) return ids[prefix];
  if (typeof schema.example === "string") return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  const type = [schema.type].flat()[0];
  if (type === "array") return [fullSample(document, schema.items ?? {}, ids)];
  if (type === "object" || schema.properties !== undefined) {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([key, inner]) => [key, fullSample(document, inner, ids)]));
  }
  return { string: "x", integer: 1, number: 1, boolean: true }[String(type)] ?? null;
}
