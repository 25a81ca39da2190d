import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { call } from "../support/clients/api.ts";
import { operationsOf, readDocument, resolve, type ApiDocument, type Operation } from "../support/clients/openapi.ts";

/** Routes that are no part of the API they describe. */
/** The description itself, and the stand-in for an edge route that only development has. */
const UNPUBLISHED = ["GET /openapi.json", "GET /cdn-cgi/image/*"];

let document: ApiDocument;
let operations: Operation[];

beforeAll(async () => {
  document = await readDocument();
  operations = operationsOf(document);
});

function withoutNames(title: string): string {
  return title.replaceAll(/:\w+|\{\w+\}/g, "{}").replace(/(.)\/$/, "$1");
}

/** Every `$ref` anywhere below. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : referencesIn(inner)));
}

describe("the published API description", () => {
  it("is OpenAPI 3.1, needs no credential and may be cached", async () => {
    const response = await call("GET", "/openapi.json", { token: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toContain("public");
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it("holds every route the app has, and no other", () => {
    const routes = createApp()
      .routes.filter((route) => route.method !== "ALL" && route.method !== "HEAD")
      .map((route) => `${route.method} ${route.path}`)
      .filter((title) => !UNPUBLISHED.includes(title))
      .map(withoutNames);
    expect(operations.map((operation) => withoutNames(operation.title)).toSorted()).toEqual(
      [...new Set(routes)].toSorted(),
    );
  });

  it("holds the routes with the spelling that clients use", () => {
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

  it("gives every answer of every operation a schema", () => {
    const bare = operations.flatMap((operation) =>
      Object.entries(operation.responses)
        .filter(([status]) => !["304", "412", "416"].includes(status))
        .filter(([, response]) =>
          Object.values(response.content ?? {}).every((content) => content.schema === undefined),
        )
        .map(([status]) => `${operation.title} ${status}`),
    );
    expect(bare).toEqual([]);
    for (const operation of operations)
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
  });

  it("names a parameter for every placeholder of a path", () => {
    for (const { path, parameters = [], title } of operations) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").toSorted();
      const named = parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
      expect(named.toSorted(), title).toEqual(placeholders);
    }
  });

  it("has no reference that leads nowhere", () => {
    const references = referencesIn(document);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of new Set(references)) expect(resolve(document, { $ref: reference })).toBeTypeOf("object");
  });

  it("says which credentials open a route, and only the ping and the media say none", () => {
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: "http", scheme: "bearer" },
      apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
    });
    const open = operations.filter((operation) => operation.security?.length === 0).map((operation) => operation.path);
    expect(open.toSorted()).toEqual(["/api/server/ping", "/media/{asset_id}/{version_id}/{variant}"]);
    for (const operation of operations.filter(({ path }) => !open.includes(path))) {
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
