import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { ID_PREFIXES, isId, newId, type IdKind } from "../../src/kernel/ids.ts";
import { fileTimeSchema, storedTimeSchema } from "../../src/routes/fieldSchemas.ts";
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

interface NamedSchema {
  /** Operation or component, and the name of the parameter or property. */
  title: string;
  name: string;
  schema: { type?: string | string[]; pattern?: string; format?: string; enum?: unknown[]; example?: unknown };
}

/** Collects the text schemas in `value` with the name of the parameter or property that they belong to. */
function collectTextSchemas(value: unknown, title: string, name = ""): NamedSchema[] {
  if (typeof value !== "object" || value === null) return [];
  const schema = value as NamedSchema["schema"];
  const own = [schema.type].flat().includes("string") ? [{ title: `${title} ${name}`, name, schema }] : [];
  const nested = Object.entries(value).flatMap(([key, inner]) =>
    key === "properties"
      ? Object.entries(inner as object).flatMap(([property, of]) => collectTextSchemas(of, title, property))
      : collectTextSchemas(inner, title, name),
  );
  return [...own, ...nested];
}

function listTextSchemas(): NamedSchema[] {
  return [
    ...operations.flatMap(({ title, parameters = [], requestBody }) => [
      ...parameters.flatMap((parameter) => collectTextSchemas(parameter.schema, title, parameter.name)),
      ...collectTextSchemas(requestBody ?? {}, title),
    ]),
    ...Object.entries(document.components.schemas).flatMap(([key, schema]) => collectTextSchemas(schema, key)),
  ];
}

/** Fields with the name of an id whose values clients choose, or that hold ids of several kinds. */
const FREE_IDS = ["device_id", "device_asset_id", "celery_task_id", "task_id", "entity_id", "auto_stack_id"];

/** Schemas of WebAuthn, whose ids belong to authenticators. */
const WEBAUTHN_SCHEMAS = /^(PasskeyCreationOptions|NewPasskeyCredential|SignedPasskeyCredential) /;

/** Wall-clock times in responses: the UTC offset of some is unknown. */
const UNTYPED_TIMES = ["local_datetime", "modified_datetime", "original_datetime", "digitized_datetime"];

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
      "POST /api/api-keys",
      "PATCH /api/api-keys/{key_id}",
    ]) {
      expect(titles).toContain(title);
    }
  });

  it("names and describes every operation and every parameter", () => {
    const ids = operations.map(({ operationId }) => operationId ?? "");
    expect(ids.filter((id) => !/^[a-z]+(_[a-z]+)+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const undescribed = operations.flatMap(({ title, description, parameters = [] }) => [
      ...(description === undefined || description === "" ? [title] : []),
      ...parameters
        .filter((each) => !JSON.stringify(each).includes('"description"'))
        .map(({ name }) => `${title} ${name}`),
    ]);
    expect(undescribed).toEqual([]);
  });

  it("has no example of an optional parameter, which the reference page would send", () => {
    const examples = operations.flatMap(({ title, parameters = [] }) =>
      parameters
        .filter((each) => !each.required && JSON.stringify(each).includes('"example"'))
        .map(({ name }) => `${title} ${name}`),
    );
    expect(examples).toEqual([]);
  });

  it("has an example of every JSON body without required properties, and of every required text of a body", () => {
    const missing = operations.flatMap(({ title, requestBody }) =>
      ["application/json", "multipart/form-data"].flatMap((type) => {
        const reference = requestBody?.content?.[type]?.schema;
        if (reference === undefined) return [];
        const { example, required = [], properties = {} } = resolveReference(document, reference);
        if (example !== undefined) return [];
        if (required.length === 0) return [title];
        return required
          .filter((name) => {
            const { type: valueType, ...rest } = properties[name] as NamedSchema["schema"];
            return valueType === "string" && !/"(?:example|enum)"|_\[|"binary"/.test(JSON.stringify(rest));
          })
          .map((name) => `${title} ${name}`);
      }),
    );
    expect(missing).toEqual([]);
  });

  it("has a schema for every response of every operation", () => {
    const withoutSchema = operations.flatMap((operation) =>
      Object.entries(operation.responses)
        .filter(([status]) => !["204", "304", "412", "416"].includes(status))
        .filter(([, response]) =>
          Object.values(response.content ?? {}).every((content) => content.schema === undefined),
        )
        .map(([status]) => `${operation.title} ${status}`),
    );
    expect(withoutSchema).toEqual([]);
    for (const operation of operations)
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
  });

  // openapi-python-client leaves out responses of only image/* or video/*, and operations that take only image/jpeg.
  it("offers application/octet-stream for every body that is a file, last, so that a named type is the default", () => {
    const bodies = operations.flatMap((operation) => [
      { title: `${operation.title} request`, content: operation.requestBody?.content ?? {} },
      ...Object.entries(operation.responses).map(([status, { content = {} }]) => ({
        title: `${operation.title} ${status}`,
        content,
      })),
    ]);
    const files = bodies.filter(({ content }) =>
      Object.values(content).some(({ schema }) => schema.format === "binary"),
    );
    expect(files.length).toBe(9);
    expect(files.filter(({ content }) => Object.keys(content).at(-1) !== "application/octet-stream")).toEqual([]);
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

  it("declares the credentials of every operation, and none for the service itself, sign-in and signed media", () => {
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: "http", scheme: "bearer" },
      apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
    });
    const publicPaths = operations
      .filter((operation) => operation.security?.length === 0)
      .map((operation) => operation.path);
    expect(publicPaths.toSorted()).toEqual([
      "/api/oauth/auth-url",
      "/api/oauth/exchange",
      "/api/oauth/logout-endpoint",
      "/api/server/health",
      "/api/server/ping",
      "/api/server/version",
      "/api/sign-in",
      "/api/sign-in/invitation",
      "/api/sign-in/link",
      "/api/sign-in/passkey",
      "/api/sign-in/passkey/options",
      "/api/sign-in/sign-up",
      "/api/sign-in/sign-up/options",
      "/media/{asset_id}/{version_id}/{variant}",
    ]);
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
        "ratings",
        "stack_id",
        "starting_after_id",
        "state",
      ].toSorted(),
    );
  });

  it("types every id with the pattern of its kind", () => {
    const ids = listTextSchemas()
      .filter(({ name }) => /^id$|_ids?$/.test(name) && !FREE_IDS.includes(name))
      .filter(({ title }) => !WEBAUTHN_SCHEMAS.test(title));
    expect(ids.length).toBeGreaterThan(100);
    const patternless = ids.filter(({ schema }) => schema.pattern === undefined).map(({ title }) => title);
    expect(patternless).toEqual([]);
    const kinds = Object.keys(ID_PREFIXES) as IdKind[];
    for (const pattern of new Set(ids.map(({ schema }) => schema.pattern ?? ""))) {
      const matching = kinds.filter((kind) => new RegExp(pattern, "v").test(newId(kind)));
      expect(matching, pattern).toHaveLength(1);
    }
  });

  it("has id patterns that match exactly the letters of ids", () => {
    const { schema } = listTextSchemas().find(({ title }) => title === "GET /api/assets/{asset_id} asset_id") ?? {};
    const pattern = new RegExp(schema?.pattern ?? "");
    for (let code = 32; code < 127; code++) {
      const id = `asset_2${String.fromCharCode(code).repeat(21)}`;
      expect(pattern.test(id), id).toBe(isId("asset", id));
    }
    for (const tail of ["n".padEnd(22, "z"), "o".padEnd(22, "z"), "2".repeat(21), "2".repeat(23)])
      expect(pattern.test(`asset_${tail}`), tail).toBe(isId("asset", `asset_${tail}`));
  });

  it("types every date-time by a pattern or a format", () => {
    const dateTimes = /_at$|_at_(gte|lt)$|datetime|bucket$/;
    const untyped = listTextSchemas()
      .filter(({ name, title }) => dateTimes.test(name) && !(UNTYPED_TIMES.includes(name) && !/Request|\//.test(title)))
      .filter(({ title }) => !/^(Asset|FileData) file_|^AssetCountPage /.test(title))
      .filter(({ schema }) => schema.pattern === undefined && schema.format === undefined)
      .map(({ title }) => title);
    expect(untyped).toEqual([]);
  });

  it("lists the values of every list parameter that is not of ids", () => {
    const lists = listTextSchemas().filter(({ name }) => ["include", "entity_types", "entity_type"].includes(name));
    expect(lists.length).toBeGreaterThan(4);
    expect(lists.filter(({ schema }) => schema.enum === undefined)).toEqual([]);
  });

  it("has examples that match their patterns", () => {
    for (const { schema, title } of listTextSchemas()) {
      if (schema.pattern !== undefined && schema.example !== undefined)
        expect(schema.example, title).toMatch(new RegExp(schema.pattern));
    }
  });

  it("publishes patterns of date-times that accept what the service accepts", () => {
    const schemas = listTextSchemas();
    const patternOf = (title: string) =>
      new RegExp(schemas.find((each) => each.title === title)?.schema.pattern ?? "^$");
    const stored = patternOf("UpdateAssetRequest original_datetime");
    const file = patternOf("POST /api/assets file_created_at");
    const days = ["01-31", "02-28", "02-30", "04-30", "04-31", "12-31", "13-01", "00-10", "11-00"];
    const years = ["0000", "0001", "1699", "1700", "1999", "2024", "2200", "2201", "9999"];
    const ends = ["", "T00:00", "T23:59:59", "T24:00:00", "T12:60:00", "T12:00:00.123456", "T12:00:00."];
    const offsets = ["Z", "+14:00", "-13:59", "+14:01", "+05:60", "+5:30"];
    const tails = [...ends, ...offsets.map((offset) => `T12:00:00${offset}`)];
    for (const year of years) {
      for (const date of days.map((day) => `${year}-${day}`)) {
        for (const text of tails.map((tail) => date + tail)) {
          expect(stored.test(text), text).toBe(storedTimeSchema.safeParse(text).success);
          // The placeholders for an unknown date may have any time.
          if (year !== "0000" && !["0001-01-01", "9999-12-31"].includes(date))
            expect(file.test(text), text).toBe(fileTimeSchema.safeParse(text).success);
          else if (file.test(text)) expect(fileTimeSchema.safeParse(text).success, text).toBe(true);
        }
      }
    }
    expect(file.test("0001-01-01T00:00:00Z")).toBe(true);
  });
});
