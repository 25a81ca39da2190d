import type { Schema } from "@cfworker/json-schema";
import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../support/clients/api.ts";
import {
  fillPath,
  listOperations,
  readDocument,
  resolveReference,
  sampleValue,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";

interface BodyArray {
  operation: Operation;
  name: string;
  schema: Schema;
}

let document: ApiDocument;
let arrays: BodyArray[];

/** Arrays anywhere in a schema, with the property path of each. */
function findArrays(schemaOrBoolean: Schema | boolean | undefined, path: string): [string, Schema][] {
  if (schemaOrBoolean === undefined || typeof schemaOrBoolean === "boolean") return [];
  const schema = resolveReference(document, schemaOrBoolean);
  const combined = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const inner = [
    ...combined.flatMap((each) => findArrays(each, path)),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, each]) => findArrays(each, `${path}.${key}`)),
    ...[schema.items].flat().flatMap((each) => findArrays(each, `${path}[]`)),
  ];
  return [schema.type].flat().includes("array") ? [[path, schema], ...inner] : inner;
}

beforeAll(async () => {
  document = await readDocument();
  arrays = listOperations(document).flatMap((operation) =>
    findArrays(operation.requestBody?.content?.["application/json"]?.schema, "").map(([name, schema]) => ({
      operation,
      name: name.slice(1),
      schema,
    })),
  );
});

/** A body whose array has `length` items, or `items` in place of valid ones. */
function bodyWith({ operation, name, schema }: BodyArray, length: number, item?: unknown): Record<string, unknown> {
  const content = operation.requestBody?.content?.["application/json"];
  const sample = sampleValue(document, content?.schema ?? true) as Record<string, unknown>;
  const value = item ?? sampleValue(document, [schema.items].flat()[0] ?? true);
  return withArray(
    sample,
    name.split("."),
    Array.from({ length }, () => value),
  );
}

/** Replaces the array at a path of property names. */
function withArray(body: Record<string, unknown>, path: string[], items: unknown[]): Record<string, unknown> {
  const [key = "", ...rest] = path;
  const inner = body[key] as Record<string, unknown>;
  return { ...body, [key]: rest.length === 0 ? items : withArray(inner, rest, items) };
}

describe("arrays in request bodies", () => {
  it("have a maximum length in the document, as do arrays in queries", () => {
    expect(arrays.length).toBeGreaterThanOrEqual(10);
    for (const { operation, name, schema } of arrays) {
      expect(schema.maxItems, `${operation.title} ${name}`).toBeTypeOf("number");
      expect(name, "arrays in arrays need a separate body in this test").toMatch(/^\w+(\.\w+)*$/);
    }
    for (const operation of listOperations(document)) {
      for (const parameter of operation.parameters ?? []) {
        const isArray = [parameter.schema.type].flat().includes("array");
        if (isArray) expect(parameter.schema.maxItems, `${operation.title} ${parameter.name}`).toBeTypeOf("number");
      }
    }
  });

  it("answer 422 with one item too many, which the issue names", async () => {
    for (const array of arrays) {
      const { operation, name, schema } = array;
      const json = bodyWith(array, (schema.maxItems ?? 0) + 1);
      const response = await call(operation.method, fillPath(operation), { json });
      expect(response.status, `${operation.title} ${name}`).toBe(422);
      const { detail } = await response.json<{ detail: { loc: string[]; msg: string }[] }>();
      expect(detail, operation.title).toContainEqual(
        expect.objectContaining({
          loc: ["body", ...name.split(".")],
          msg: `must have at most ${schema.maxItems} items`,
        }),
      );
    }
  });

  it("answer a short 422 for a body of 1 MiB of wrong items", async () => {
    for (const array of arrays) {
      const json = bodyWith(array, 150_000, 0);
      const response = await call(array.operation.method, fillPath(array.operation), { json });
      expect(response.status, `${array.operation.title} ${array.name}`).toBe(422);
      expect((await response.text()).length, array.operation.title).toBeLessThan(5000);
    }
  });

  it("list at most 100 issues for an array of the greatest length", async () => {
    const json = { checksums: Array.from({ length: 5000 }, () => 0) };
    const response = await call("POST", "/api/assets/exist", { json });
    expect(response.status).toBe(422);
    expect((await response.json<{ detail: unknown[] }>()).detail).toHaveLength(100);
  });
});
