/** Reads the published OpenAPI document, builds sample requests from its schemas and validates responses against it. */
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
  operationId?: string;
  description?: string;
  parameters?: Parameter[];
  security?: Record<string, string[]>[];
  requestBody?: Content & { required?: boolean };
  responses: Record<string, Content & { description: string }>;
}

export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, PathItem>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Record<string, string>> };
}

export interface Operation extends PathItem {
  /** Method and path as in the document: `PATCH /api/albums/{album_id}`. */
  title: string;
  method: string;
  path: string;
}

export async function readDocument(): Promise<ApiDocument> {
  const response = await call("GET", "/openapi.json", { token: null });
  return await response.json<ApiDocument>();
}

export function listOperations(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([key, operation]) => {
      const method = key.toUpperCase();
      return { ...operation, method, path, title: `${method} ${path}` };
    }),
  );
}

export function resolveReference(document: ApiDocument, schema: Schema): Schema {
  const reference: unknown = schema.$ref;
  if (typeof reference !== "string") return schema;
  const resolved = document.components.schemas[reference.replace("#/components/schemas/", "")];
  if (resolved === undefined) throw new Error(`unresolved reference ${reference}`);
  return resolved;
}

function unknownId(prefix: string): string {
  return prefix + newId("asset").slice("asset_".length);
}

/** The smallest valid value of a schema; its examples take precedence. */
export function sampleValue(document: ApiDocument, schemaOrBoolean: Schema | boolean): unknown {
  if (typeof schemaOrBoolean === "boolean") return null;
  const schema = resolveReference(document, schemaOrBoolean);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  const prefix = idPrefixOfSchema(schema);
  if (prefix !== null) return unknownId(prefix);
  const type = [schema.type].flat()[0];
  if (type === "array")
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleValue(document, schema.items ?? true));
  if (type === "object") {
    const entries = (schema.required ?? []).map((key) => [
      key,
      sampleValue(document, schema.properties?.[key] ?? true),
    ]);
    return Object.fromEntries(entries);
  }
  return { string: "x", integer: 1, number: 1, boolean: true }[String(type)] ?? null;
}

interface SampleBody {
  json?: unknown;
  body?: FormData | string;
  headers?: Record<string, string>;
}

/** A valid body for the operation: JSON, a form, a file, or no body. */
export function sampleBody(document: ApiDocument, operation: Operation): SampleBody {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"];
  if (json !== undefined) return { json: sampleValue(document, json.schema) };
  const multipart = content["multipart/form-data"];
  const [type] = Object.keys(content);
  if (multipart === undefined) return type === undefined ? {} : { body: "x", headers: { "content-type": type } };
  const form = new FormData();
  for (const key of resolveReference(document, multipart.schema).required ?? []) form.set(key, "x");
  return { body: form };
}

/** The id prefix that a schema accepts, taken from its pattern. */
export function idPrefixOfSchema(schema: Schema): string | null {
  return /^\^([a-z_]+_)\[/.exec(schema.pattern ?? "")?.[1] ?? null;
}

/** The id prefix that a parameter accepts, taken from its pattern. A task is also found by an id of any form. */
export function idPrefixOf(parameter: Parameter): string | null {
  return parameter.name === "task_id" ? "btask_" : idPrefixOfSchema(parameter.schema);
}

/** Fills the path with `ids`, keyed by prefix; a missing prefix gets an unknown id. */
export function fillPath(operation: Operation, ids: Record<string, string> = {}): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((candidate) => candidate.name === name && candidate.in === "path");
    const prefix = parameter === undefined ? null : idPrefixOf(parameter);
    if (prefix === null) return "x";
    return ids[prefix] ?? unknownId(prefix);
  });
}

/** A query with the required parameters and `more`. */
export function sampleQuery(document: ApiDocument, operation: Operation, more: Record<string, string> = {}): string {
  const required = (operation.parameters ?? []).filter((each) => each.in === "query" && each.required);
  const samples = required.map((each) => [each.name, String(sampleValue(document, each.schema))]);
  const query = new URLSearchParams({ ...Object.fromEntries(samples), ...more }).toString();
  return query === "" ? "" : `?${query}`;
}

type Json = Record<string, unknown>;

/** Copies a schema so that every object rejects unpublished properties. */
function forbidAdditionalProperties(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forbidAdditionalProperties);
  if (typeof value !== "object" || value === null) return value;
  const copy: Json = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, forbidAdditionalProperties(inner)]),
  );
  if (typeof copy.properties === "object" && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
}

export interface ValidationResult {
  valid: boolean;
  errors: string[];
}

/** Validates responses against the published schema of their status, and records the observed statuses. */
export class ResponseValidator {
  readonly observedStatuses = new Map<string, Set<number>>();
  private readonly validators = new Map<string, Validator>();
  private readonly document: ApiDocument;

  constructor(document: ApiDocument) {
    this.document = document;
  }

  private validatorFor(operation: Operation, status: number, schema: Schema): Validator {
    const key = `${operation.title} ${status}`;
    const cached = this.validators.get(key);
    if (cached !== undefined) return cached;
    const strictSchema = forbidAdditionalProperties(
      structuredClone({ ...schema, components: { schemas: this.document.components.schemas } }),
    );
    const validator = new Validator(strictSchema as Schema, "2020-12", false);
    this.validators.set(key, validator);
    return validator;
  }

  async validate(operation: Operation, response: Response): Promise<ValidationResult> {
    const statuses = this.observedStatuses.get(operation.title) ?? new Set<number>();
    this.observedStatuses.set(operation.title, statuses.add(response.status));
    const published = operation.responses[String(response.status)];
    if (published === undefined)
      return { valid: false, errors: [`${response.status} is not a published status: ${await response.text()}`] };
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const range = type.replace(/\/.*/, "/*");
    const schema = (published.content?.[type] ?? published.content?.[range])?.schema;
    if (schema === undefined)
      return { valid: false, errors: [`${response.status} has no published content type "${type}"`] };
    if (schema.format === "binary") return { valid: (await response.arrayBuffer()).byteLength > 0, errors: [] };
    const body: unknown = type === "application/json" ? await response.json() : await response.text();
    const result = this.validatorFor(operation, response.status, schema).validate(body);
    return { valid: result.valid, errors: result.errors.map((error) => `${error.instanceLocation}: ${error.error}`) };
  }
}
