/** Log lines of requests in production: what they contain, and what they never contain. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { call, uniqueBytes, upload, type CallOptions } from "../support/clients/api.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertKey } from "../support/clients/tenants.ts";
import {
  fillPath,
  listOperations,
  readDocument,
  sampleBody,
  sampleQuery,
  type ApiDocument,
} from "../support/clients/openapi.ts";
import { expectAsset } from "../support/clients/responses.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { recordingQueue } from "../support/bindings/queue.ts";

const production = { ENVIRONMENT: "production", QUEUE: recordingQueue().binding };
const CANARY = "canary-in-the-query";

let document: ApiDocument;
let userId: string;
let libraryId: string;
beforeAll(async () => {
  document = await readDocument();
  ({ userId, libraryId } = await getRootOwner());
});

let lines: string[];
beforeEach(() => {
  lines = [];
  for (const method of ["log", "info", "warn", "error", "debug"] as const)
    vi.spyOn(console, method).mockImplementation((...parts) => void lines.push(parts.map(String).join(" ")));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The one log line of a request. */
async function lineOf(method: string, path: string, options: CallOptions = {}): Promise<Record<string, unknown>> {
  lines = [];
  await call(method, path, { ...options, env: { ...production, ...options.env } });
  const requests = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level === "info");
  expect(requests).toHaveLength(1);
  return requests[0] ?? {};
}

describe("the log line of a request", () => {
  it("names method, path, status, duration, request id and the credential that acted", async () => {
    const { id, secret } = await insertKey({ userId });
    const headers = { "x-request-id": "client-request.0002" };
    expect(await lineOf("GET", "/api/albums?limit=3", { token: secret, headers })).toEqual({
      level: "info",
      message: "request",
      request_id: "client-request.0002",
      method: "GET",
      path: "/api/albums",
      status: 200,
      duration_ms: expect.any(Number),
      actor: id,
    });
    expect(await lineOf("POST", "/api/albums", { json: { name: "a" } })).toMatchObject({ actor: "root", status: 201 });
    expect(await lineOf("GET", "/api/assets?limit=0", { token: secret })).toMatchObject({ actor: id, status: 422 });
  });

  it("names no actor when no credential was accepted", async () => {
    for (const token of [null, "apikey_unknown"]) {
      const line = await lineOf("GET", "/api/albums", { token });
      expect(line).toMatchObject({ status: 401 });
      expect(line).not.toHaveProperty("actor");
    }
  });

  it("names the actor of a request that failed", async () => {
    const { id, secret } = await insertKey({ userId });
    const DB = countingD1(env.DB, {
      beforeBatch: (statements) => {
        if (statements.some((sql) => sql.includes("albums"))) throw new Error("broken");
      },
    }).binding;
    await call("GET", "/api/albums", { token: secret, env: { DB } });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ level: "error", message: "request failed", path: "/api/albums", actor: id }),
    );
  });
});

describe("log lines", () => {
  it("contain no query, of any operation, whether it succeeds or fails", async () => {
    const broken = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("broken");
      },
    }).binding;
    for (const operation of listOperations(document)) {
      const base = fillPath(operation);
      const names = (operation.parameters ?? []).filter((each) => each.in === "query").map((each) => each.name);
      const queries = ["unknown", ...names].map((name) => sampleQuery(document, operation, { [name]: CANARY }));
      for (const query of queries) {
        for (const bindings of [{}, { DB: broken }])
          await call(operation.method, base + query, {
            ...sampleBody(document, operation),
            env: { ...production, ...bindings },
          });
        await call("PROPFIND", base + query, { env: production });
        await call("GET", `/nothing${query}`, { env: production });
      }
    }
    expect(lines.length).toBeGreaterThan(200);
    expect(lines.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it("contain no signature of a media URL", async () => {
    const asset = await expectAsset(await upload(uniqueBytes(), { libraryId, env: production }), 201);
    const url = asset.download_url ?? "";
    const query = new URL(url).search.slice(1);
    expect(query.length).toBeGreaterThan(40);
    const signature =
      [...new URL(url).searchParams.values()].toSorted((one, other) => other.length - one.length)[0] ?? "";
    const BUCKET = new Proxy(env.BUCKET, {
      get: () => () => Promise.reject(new Error("storage is broken")),
    });
    for (const bindings of [{}, { BUCKET }])
      await call("GET", url, { token: null, env: { ...production, ...bindings } });
    await call("GET", `${url}x`, { token: null, env: production });
    expect(lines.join("\n")).toContain("/media/");
    expect(lines.join("\n")).not.toContain(signature);
    expect(lines.join("\n")).not.toContain(query);
  });
});
