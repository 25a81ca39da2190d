/** Cache-Control of every route and outcome. `call` rejects a response without it, or one that must not be stored. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { cachePolicyViolation } from "../support/clients/cachePolicy.ts";
import { call, uniqueBytes, uploadForm, type CallOptions } from "../support/clients/api.ts";
import { fillPath, listOperations, readDocument, sampleBody, type ApiDocument } from "../support/clients/openapi.ts";

let document: ApiDocument;
/** A signed URL of an original. */
let mediaUrl: string;

beforeAll(async () => {
  document = await readDocument();
  const stored = await call("POST", "/api/assets", { body: uploadForm(uniqueBytes()) });
  mediaUrl = (await stored.json<{ download_url: string }>()).download_url;
});

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

/** Circumstances that change the outcome of any request. */
const circumstances: [name: string, options: CallOptions][] = [
  ["the root key", {}],
  ["no credential", { token: null }],
  ["a wrong credential", { token: "apikey_wrong" }],
  ["a preflight", { headers: { origin: "https://a.example", "access-control-request-method": "GET" } }],
  ["one allowed origin", { headers: { origin: "https://a.example" }, env: { CORS_ORIGINS: "https://a.example" } }],
  ["a spent rate limit", { env: { CREDENTIAL_LIMIT: { limit: () => Promise.resolve({ success: false }) } } }],
  ["a missing setting", { env: { MEDIA_SIGNING_KEY: "" } }],
  ["plain HTTP in production", { env: { ENVIRONMENT: "production" } }],
];

function brokenDatabase(): Partial<Cloudflare.Env> {
  const fail = (): never => {
    throw new Error("broken database");
  };
  return { DB: new Proxy(env.DB, { get: () => fail }) };
}

describe("a response", () => {
  it.each(circumstances)("states its caching for every route and method: %s", async (name, options) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "log").mockImplementation(() => {});
    const scheme = name.startsWith("plain HTTP") ? "http://tintype.test" : "";
    const statuses = new Set<number>();
    const operations = listOperations(document);
    const samples = new Map(operations.map((operation) => [operation.path, operation]));
    for (const operation of samples.values()) {
      for (const method of METHODS) {
        const { body, json } = method === operation.method ? sampleBody(document, operation) : {};
        const sent = { ...(body !== undefined && { body }), ...(json !== undefined && { json }) };
        const response = await call(method, scheme + fillPath(operation), { ...sent, ...options });
        statuses.add(response.status);
        await response.body?.cancel();
      }
    }
    expect(statuses.size).toBeGreaterThan(0);
    vi.restoreAllMocks();
  });

  it("states its caching outside the published routes", async () => {
    const paths = ["/", "/api", "/openapi.json", "/openapi.json/x", "/media", "/favicon.ico", "/cdn-cgi/image/x/y"];
    for (const path of paths) {
      for (const method of METHODS) {
        for (const [, options] of circumstances) await call(method, path, options);
      }
    }
    const published = await call("GET", "/openapi.json", { token: null });
    expect(published.headers.get("cache-control")).toBe("public, max-age=300, stale-if-error=0");
    expect((await call("GET", "/", { token: null })).headers.get("cache-control")).toBe("no-store");
  });

  it("to an unknown error is not stored", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await call("GET", "/api/assets", { env: brokenDatabase() });
    expect([response.status, response.headers.get("cache-control")]).toEqual([500, "no-store"]);
    vi.restoreAllMocks();
  });
});

describe("a media response", () => {
  const outcomes: [status: number, change: (url: string) => string, headers: Record<string, string>][] = [
    [200, (url) => url, {}],
    [200, (url) => url, { authorization: "Bearer of a player" }],
    [206, (url) => url, { range: "bytes=0-3" }],
    [304, (url) => url, { "if-none-match": "*" }],
    [412, (url) => url, { "if-match": '"other"' }],
    [416, (url) => url, { range: "bytes=900000-" }],
    [403, (url) => url.replace(/sig=./, "sig=_"), {}],
    [403, (url) => `${url}&v=2`, {}],
    [404, (url) => url.replace(/\/media\/.*\?/, "/media/x?"), {}],
  ];

  it("is public until the signature expires if it has the file, and not stored otherwise", async () => {
    for (const [status, change, headers] of outcomes) {
      for (const method of ["GET", "HEAD"]) {
        const response = await call(method, change(mediaUrl), { token: null, headers });
        await response.body?.cancel();
        if (method === "GET") expect(response.status, change(mediaUrl)).toBe(status);
        const policy = response.headers.get("cache-control") ?? "";
        if (response.status >= 400) {
          expect(policy).toBe("no-store");
          continue;
        }
        const [, seconds] = /^public, max-age=(\d+), immutable, no-transform, stale-if-error=0$/.exec(policy) ?? [];
        const expiresAt = Number(new URL(mediaUrl).searchParams.get("exp"));
        expect(Math.abs(Number(seconds) - (expiresAt - Date.now() / 1000))).toBeLessThan(5);
      }
    }
  });

  it("for a credential is private, because its URL stays the same when the file changes", async () => {
    const id = mediaUrl.split("/")[4] ?? "";
    const response = await call("GET", `/api/assets/${id}/download`);
    await response.body?.cancel();
    expect(response.headers.get("cache-control")).toBe("private, no-cache, no-transform");
  });
});

describe("the static files", () => {
  const accountPages = ["/sign-in", "/account", "/join", "/signed-in", "/sign-out"];

  it.each(accountPages)("may not be framed, and run scripts of the same origin only: %s", async (path) => {
    const response = await env.ASSETS.fetch(new Request(`https://tintype.test${path}`));
    expect(response.status).toBe(200);
    expect(response.headers.get("x-frame-options")).toBe("DENY");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(await response.text())?.[1];
    expect(policy?.split("; ")).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'", "form-action 'none'"]),
    );
  });

  it.each(["/docs", "/reference/swagger-ui.css", "/redoc", "/nothing-here", "/pages/page.css", ...accountPages])(
    "state their caching: %s",
    async (path) => {
      const response = await env.ASSETS.fetch(new Request(`https://tintype.test${path}`, { redirect: "manual" }));
      await response.body?.cancel();
      if (response.status === 200) {
        expect(response.headers.get("cache-control")).toBe("public, max-age=0, must-revalidate");
      } else {
        expect([302, 404]).toContain(response.status);
      }
    },
  );
});

describe("the check of every test", () => {
  it("finds each violation", () => {
    const check = (path: string, status: number, headers: Record<string, string>) =>
      cachePolicyViolation(path, new Response(null, { status, headers }));
    const stored = "public, max-age=60, stale-if-error=0";
    expect(check("/api/assets", 200, {})).toMatch(/no Cache-Control/);
    expect(check("/api/assets", 200, { "cache-control": stored })).toMatch(/storable by a shared cache/);
    expect(check("/media/a/v/small", 404, { "cache-control": stored })).toMatch(/status 404/);
    expect(check("/media/a/v/small", 200, { "cache-control": "public, max-age=60" })).toMatch(/stale-if-error/);
    expect(check("/media/a/v/small", 200, { "cache-control": stored, "set-cookie": "a=b" })).toMatch(/Set-Cookie/);
    expect(check("/media/a/v/small", 200, { "cache-control": stored, vary: "Origin" })).toMatch(/Vary/);
    expect(check("/media/a/v/small", 200, { "cache-control": stored })).toBeNull();
    expect(check("/api/assets", 200, { "cache-control": "no-store" })).toBeNull();
  });
});
