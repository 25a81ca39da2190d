import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { call } from "../support/clients/api.ts";
import {
  listOperations,
  readDocument,
  resolveReference,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";

/** The OpenAPI document itself, and the development stand-in for the edge's image route. */
const UNPUBLISHED_ROUTES = ["GET /openapi.json", "GET /cdn-cgi/image/*"];

let document: ApiDocument;
let operations: Operation[];

beforeAll(async () => {
  document = await readDocument();
  operations = listOperations(document);
});

function withoutParameterNames(title: string): string {
  return title.replaceAll(/:\w+|\{\w+\}/g, "{}").replace(/(.)\/$/, "$1");
}

/** Collects every `$ref` in a value. */
function collectReferences(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : collectReferences(inner)));
}

describe("the OpenAPI document", () => {
  it("is OpenAPI 3.1, public and cacheable", async () => {
    const response = await call("GET", "/openapi.json", { token: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toContain("public");
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it("lists exactly the routes of the app", () => {
    const routes = createApp()
      .routes.filter((route) => route.method !== "ALL" && route.method !== "HEAD")
      .map((route) => `${route.method} ${route.path}`)
      .filter((title) => !UNPUBLISHED_ROUTES.includes(title))
      .map(withoutParameterNames);
    expect(operations.map((operation) => withoutParameterNames(operation.title)).toSorted()).toEqual(
      [...new Set(routes)].toSorted(),
    );
  });

  it("lists the paths as clients spell them", () => {
    const titles = operations.map((operation) => operation.title);
    for (const title of [
      "POST /api/assets",
      "GET /api/assets",
      "GET /api/assets/{asset_id}",
      "GET /api/albums/{album_id}/assets",
      "POST /api/api-keys/",
      "PATCH /api/api-keys/{key_id}",
    ]) {
      expect(titles).toContain(title);
    }
  });

  it("has a schema for every response of every operation", () => {
    const withoutSchema = operations.flatMap((operation) =>
      Object.entries(operation.responses)
        .filter(([status]) => !["304", "412", "416"].includes(status))
        .filter(([, response]) =>
          Object.values(response.content ?? {}).every((content) => content.schema === undefined),
        )
        .map(([status]) => `${operation.title} ${status}`),
    );
    expect(withoutSchema).toEqual([]);
    for (const operation of operations)
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
  });

  it("declares a parameter for every path placeholder", () => {
    for (const { path, parameters = [], title } of operations) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").toSorted();
      const named = parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
      expect(named.toSorted(), title).toEqual(placeholders);
    }
  });

  it("has no unresolved reference", () => {
    const references = collectReferences(document);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of new Set(references))
      expect(resolveReference(document, { $ref: reference })).toBeTypeOf("object");
  });

  it("declares the credentials of every operation, and none for the ping and signed media", () => {
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: "http", scheme: "bearer" },
      apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
    });
    const publicPaths = operations
      .filter((operation) => operation.security?.length === 0)
      .map((operation) => operation.path);
    expect(publicPaths.toSorted()).toEqual(["/api/server/ping", "/media/{asset_id}/{version_id}/{variant}"]);
    for (const operation of operations.filter(({ path }) => !publicPaths.includes(path))) {
      expect(operation.security, operation.title).toEqual([{ bearer: [] }, { apiKey: [] }]);
    }
  });

  it("publishes the contract's parameters of the asset list", () => {
    const list = operations.find((operation) => operation.title === "GET /api/assets");
    const names = list?.parameters?.map((parameter) => parameter.name).toSorted();
    expect(names).toEqual(
      [
        "album_filter",
        "album_id",
        "bbox",
        "center",
        "ids",
        "include",
        "library_id",
        "limit",
        "local_datetime_after",
        "local_datetime_before",
        "media_type",
        "order",
        "person_id",
        "person_ids",
        "radius",
        "stack_id",
        "starting_after_id",
        "state",
      ].toSorted(),
    );
  });
});
