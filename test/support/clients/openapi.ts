/** Reads the published API description: its operations, sample requests from its schemas, and answers held against it. */
import { Validator, type Schema } from "@cfworker/json-schema";
import { newId } from "../../../src/kernel/ids.ts";
import { call } from "./api.ts";

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Schema;
}

interface Content {
  content?: Record<string, { schema: Schema }>;
}

interface PathItem {
  parameters?: Parameter[];
  security?: Record<string, string[]>[];
  requestBody?: Content;
  responses: Record<string, Content & { description: string }>;
}

export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, PathItem>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Record<string, string>> };
}

export interface Operation extends PathItem {
  /** As it is written in the document: `PATCH /api/albums/{album_id}`. */
  title: string;
  method: string;
  path: string;
}

export async function readDocument(): Promise<ApiDocument> {
  const response = await call("GET", "/openapi.json", { token: null });
  return await response.json<ApiDocument>();
}

export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([key, operation]) => {
      const method = key.toUpperCase();
      return { ...operation, method, path, title: `${method} ${path}` };
    }),
  );
}

export function resolve(document: ApiDocument, schema: Schema): Schema {
  const reference: unknown = schema.$ref;
  if (typeof reference !== "string") return schema;
  const found = document.components.schemas[reference.replace("#/components/schemas/", "")];
  if (found === undefined) throw new Error(`${reference} leads nowhere`);
  return found;
}

/** The smallest value a schema takes, with its own examples where it has them. */
export function sampleOf(document: ApiDocument, given: Schema | boolean): unknown {
  if (typeof given === "boolean") return null;
  const schema = resolve(document, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  const type = [schema.type].flat()[0];
  if (type === "array")
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(document, schema.items ?? true));
  if (type === "object") {
    const entries = (schema.required ?? []).map((key) => [key, sampleOf(document, schema.properties?.[key] ?? true)]);
    return Object.fromEntries(entries);
  }
  return { string: "x", integer: 1, number: 1, boolean: true }[String(type)] ?? null;
}

interface SampleBody {
  json?: unknown;
  body?: FormData | string;
  headers?: Record<string, string>;
}

/** A body the operation takes: JSON, a form, a file, or none. */
export function sampleBody(document: ApiDocument, operation: Operation): SampleBody {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"];
  if (json !== undefined) return { json: sampleOf(document, json.schema) };
  const multipart = content["multipart/form-data"];
  const [type] = Object.keys(content);
  if (multipart === undefined) return type === undefined ? {} : { body: "x", headers: { "content-type": type } };
  const form = new FormData();
  for (const key of resolve(document, multipart.schema).required ?? []) form.set(key, "x");
  return { body: form };
}

/** The prefix of ids that a parameter takes, going by its example. */
export function prefixOf(parameter: Parameter): string | null {
  const example: unknown = parameter.schema.example;
  return typeof example === "string" ? (/^([a-z_]+_)[^_]{22}$/.exec(example)?.[1] ?? null) : null;
}

/** The operation's path with `ids` (by prefix) in it; for a kind that is not among them, an id nobody has. */
export function fillPath(operation: Operation, ids: Record<string, string> = {}): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((candidate) => candidate.name === name && candidate.in === "path");
    const prefix = parameter === undefined ? null : prefixOf(parameter);
    if (prefix === null) return "x";
    return ids[prefix] ?? prefix + newId("asset").slice("asset_".length);
  });
}

/** A query that has what the operation requires, and `more`. */
export function sampleQuery(document: ApiDocument, operation: Operation, more: Record<string, string> = {}): string {
  const required = (operation.parameters ?? []).filter((each) => each.in === "query" && each.required);
  const samples = required.map((each) => [each.name, String(sampleOf(document, each.schema))]);
  const query = new URLSearchParams({ ...Object.fromEntries(samples), ...more }).toString();
  return query === "" ? "" : `?${query}`;
}

type Json = Record<string, unknown>;

/** A copy in which an object holds nothing but what is published. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const copy: Json = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  if (typeof copy.properties === "object" && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
}

export interface Verdict {
  valid: boolean;
  errors: string[];
}

/** Holds answers against the published schema of their status. */
export class Referee {
  readonly seen = new Map<string, Set<number>>();
  private readonly validators = new Map<string, Validator>();
  private readonly document: ApiDocument;

  constructor(document: ApiDocument) {
    this.document = document;
  }

  private validatorOf(operation: Operation, status: number, schema: Schema): Validator {
    const key = `${operation.title} ${status}`;
    const known = this.validators.get(key);
    if (known !== undefined) return known;
    const whole = closed(structuredClone({ ...schema, components: { schemas: this.document.components.schemas } }));
    const made = new Validator(whole as Schema, "2020-12", false);
    this.validators.set(key, made);
    return made;
  }

  async judge(operation: Operation, response: Response): Promise<Verdict> {
    const statuses = this.seen.get(operation.title) ?? new Set<number>();
    this.seen.set(operation.title, statuses.add(response.status));
    const published = operation.responses[String(response.status)];
    if (published === undefined)
      return { valid: false, errors: [`${response.status} is not published: ${await response.text()}`] };
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const range = type.replace(/\/.*/, "/*");
    const schema = (published.content?.[type] ?? published.content?.[range])?.schema;
    if (schema === undefined) return { valid: false, errors: [`${response.status} is not published as "${type}"`] };
    if (schema.format === "binary") return { valid: (await response.arrayBuffer()).byteLength > 0, errors: [] };
    const body: unknown = type === "application/json" ? await response.json() : await response.text();
    const result = this.validatorOf(operation, response.status, schema).validate(body);
    return { valid: result.valid, errors: result.errors.map((error) => `${error.instanceLocation}: ${error.error}`) };
  }
}
