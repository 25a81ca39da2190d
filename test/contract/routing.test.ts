/** Sweeps over every published path: other methods, unknown paths, missing bodies. */
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call, ROOT_API_KEY, type CallOptions } from "../support/clients/api.ts";
import { fillPath, listOperations, readDocument, type Operation } from "../support/clients/openapi.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"];
const CALLERS: CallOptions[] = [
  { token: null },
  { token: ROOT_API_KEY },
  { token: "apikey_unknown" },
  // The form of a session's token, and another scheme.
  { token: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln" },
  { token: null, headers: { authorization: "Basic eDp5" } },
  { token: null, headers: { "x-d1-bookmark": "malformed" } },
];
const BODIES: CallOptions[] = [
  {},
  { json: {} },
  ...["text/xml", "application/json", "multipart/form-data", "application/octet-stream", "no type"].map((type) => ({
    body: "{",
    headers: { "content-type": type },
  })),
];

let operations: Operation[];
/** The published methods of each path. */
let paths: Map<string, { sample: string; methods: Set<string> }>;

beforeAll(async () => {
  operations = listOperations(await readDocument());
  paths = new Map();
  for (const operation of operations) {
    const known = paths.get(operation.path) ?? { sample: fillPath(operation), methods: new Set(["OPTIONS"]) };
    known.methods.add(operation.method);
    if (operation.method === "GET") known.methods.add("HEAD");
    paths.set(operation.path, known);
  }
});

const takesBody = (method: string): boolean => !["GET", "HEAD"].includes(method);

describe("another method", () => {
  it("on any published path is 405 and lists the path's methods in Allow, whoever asks and whatever the body", async () => {
    let count = 0;
    for (const { sample, methods } of paths.values()) {
      for (const method of METHODS.filter((each) => !methods.has(each))) {
        for (const caller of CALLERS) {
          for (const body of takesBody(method) ? BODIES : [{}]) {
            const options = { ...caller, ...body, headers: { ...caller.headers, ...body.headers } };
            const response = await call(method, sample, options);
            const title = `${method} ${sample}`;
            expect(response.status, title).toBe(405);
            expect(response.headers.get("allow")?.split(", ").toSorted(), title).toEqual([...methods].toSorted());
            expect(response.headers.get("cache-control"), title).toBe("no-store");
            if (method !== "HEAD") expect(await response.json(), title).toMatchObject({ error: "method_not_allowed" });
            count += 1;
          }
        }
      }
    }
    expect(count).toBeGreaterThan(paths.size * METHODS.length);
  });

  it("on a path with a trailing slash is 405 too", async () => {
    for (const path of ["/api/albums/", "/api/api-keys/", "/api/assets/counts/"])
      expect((await call("PUT", path)).status, path).toBe(405);
  });
});

describe("an unknown path", () => {
  it("is 404, whoever asks and whatever the body", async () => {
    const unknown = [...paths.values()].flatMap(({ sample }) => [
      `${sample}/nothing`,
      `${sample}/nothing/x`,
      `/v1${sample}`,
    ]);
    const known = new Set([...paths.values()].map(({ sample }) => sample));
    for (const path of ["/", "/api", "/api/", "/api/nothing", "/api//assets", "/apii/assets", "/media", ...unknown]) {
      // `/api/assets/nothing` has the form of `/api/assets/{asset_id}`.
      if (known.has(path) || [...paths.keys()].some((template) => matches(template, path))) continue;
      for (const method of [...METHODS, "OPTIONS"]) {
        for (const caller of CALLERS) {
          for (const body of takesBody(method) ? BODIES : [{}]) {
            const options = { ...caller, ...body, headers: { ...caller.headers, ...body.headers } };
            const response = await call(method, path, options);
            expect(response.status, `${method} ${path}`).toBe(404);
          }
        }
      }
    }
  });
});

/** True if the published template could mean this path. */
function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+").replace(/\/$/, "")}$`).test(path);
}

describe("OPTIONS", () => {
  it("returns the methods of every published path, without a credential", async () => {
    for (const { sample, methods } of paths.values()) {
      const response = await call("OPTIONS", sample, { token: null });
      expect(response.status, sample).toBe(204);
      expect(response.headers.get("allow")?.split(", ").toSorted(), sample).toEqual([...methods].toSorted());
      expect(await response.text()).toBe("");
    }
  });
});

describe("a missing body", () => {
  it("is 422 for every operation that requires one, with or without a Content-Type", async () => {
    const requiring = operations.filter((operation) => operation.requestBody?.required === true);
    expect(requiring.length).toBeGreaterThan(15);
    for (const operation of requiring) {
      const path = fillPath(operation, { asset_: newId("asset") });
      const [type = ""] = Object.keys(operation.requestBody?.content ?? {});
      for (const headers of [{}, { "content-type": type }, { "content-type": type, "content-length": "0" }]) {
        const response = await call(operation.method, path, { headers });
        const text = await response.text();
        expect(response.status, `${operation.title} ${JSON.stringify(headers)}: ${text}`).toBe(422);
        expect(text).toMatch(/"loc":\["body"/);
      }
    }
  });

  it("is no error for any operation without a required body, whose Content-Type is ignored", async () => {
    const others = operations.filter(({ requestBody, method }) => requestBody === undefined && method !== "GET");
    expect(others.length).toBeGreaterThan(8);
    for (const operation of others) {
      const response = await call(operation.method, fillPath(operation), {
        headers: { "content-type": "application/json" },
      });
      expect([200, 202, 404], operation.title).toContain(response.status);
    }
  });
});
