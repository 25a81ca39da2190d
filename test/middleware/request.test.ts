import { describe, expect, it } from "vitest";
import { call, upload, uniqueBytes } from "../support/clients/api.ts";

async function requestId(given?: string): Promise<string | null> {
  const headers: Record<string, string> = given === undefined ? {} : { "x-request-id": given };
  return (await call("GET", "/api/server/ping", { token: null, headers })).headers.get("x-request-id");
}

describe("a request id", () => {
  it("from the client is returned", async () => {
    expect(await requestId("client-request.0001")).toBe("client-request.0001");
  });

  it("that could break a log line is replaced", async () => {
    for (const bad of ["short", "with space inside", '{"a":1}23456', "x".repeat(129), "<script>alert(1)</script>"]) {
      expect(await requestId(bad), bad).toMatch(/^[\da-f-]{36}$/);
    }
  });

  it("is generated when the client sends none", async () => {
    expect(await requestId()).not.toBe(await requestId());
  });
});

describe("the ping", () => {
  it("returns pong as plain text without a credential or a database query", async () => {
    const response = await call("GET", "/api/server/ping", { token: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-d1-bookmark")).toBeNull();
    expect(await response.text()).toBe("pong");
  });
});

describe("a route", () => {
  it("is the same with a trailing slash, without a redirect", async () => {
    for (const path of [
      "/api/assets",
      "/api/albums",
      "/api/libraries",
      "/api/users/me",
      "/api/api-keys",
      "/api/server/ping",
    ]) {
      for (const spelling of [path, `${path}/`]) expect((await call("GET", spelling)).status, spelling).toBe(200);
    }
    expect((await call("POST", "/api/albums/", { json: { name: "slash" } })).status).toBe(201);
  });

  it("ignores unknown query parameters", async () => {
    for (const path of [
      "/api/assets?flavour=sweet",
      "/api/albums?x=1&x=2",
      "/api/libraries?debug",
      "/api/users/me?a=b",
    ]) {
      expect((await call("GET", path)).status, path).toBe(200);
    }
  });

  it("answers HEAD like GET without the body", async () => {
    const response = await call("HEAD", "/api/users/me");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("a response", () => {
  it("of the API has Cache-Control: no-store", async () => {
    for (const path of ["/api/users/me", "/api/assets", "/api/nothing", "/api/assets?limit=0"]) {
      expect((await call("GET", path)).headers.get("cache-control"), path).toBe("no-store");
    }
  });
});

/** `env` overrides the test environment, so an empty string means an unset secret. */
const broken: { what: string; env: Partial<Cloudflare.Env>; names: string }[] = [
  { what: "without ROOT_API_KEY", env: { ROOT_API_KEY: "" }, names: "ROOT_API_KEY" },
  { what: "without MEDIA_SIGNING_KEY", env: { MEDIA_SIGNING_KEY: "" }, names: "MEDIA_SIGNING_KEY" },
  { what: "with a root key that can be guessed", env: { ROOT_API_KEY: "hunter2" }, names: "ROOT_API_KEY" },
  {
    what: "in production with the local-development root key",
    env: { ENVIRONMENT: "production", ROOT_API_KEY: "apikey_local-development_0123456789abcdef" },
    names: "ROOT_API_KEY",
  },
  { what: "with a PUBLIC_URL that is no URL", env: { PUBLIC_URL: "photos" }, names: "PUBLIC_URL" },
];

describe("a deployment", () => {
  for (const { what, env, names } of broken) {
    it(`${what} returns 503 for every request and names ${names}`, async () => {
      for (const path of ["/api/users/me", "/api/assets"]) {
        const response = await call("GET", path, { env });
        expect(response.status).toBe(503);
        expect(response.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
        expect(response.headers.get("x-should-retry")).toBe("false");
        const body = await response.json<Record<string, string>>();
        expect(body).toEqual({ detail: body.message, message: body.message, error: "not_configured" });
        expect(body.message).toContain(names);
        expect(body.message).not.toMatch(/hunter2|0123456789abcdef/);
      }
    });
  }

  it("in production works with its own secrets", async () => {
    expect((await call("GET", "/api/users/me", { env: { ENVIRONMENT: "production" } })).status).toBe(200);
  });

  it("with a PUBLIC_URL uses it in media URLs", async () => {
    const response = await upload(uniqueBytes(), { env: { PUBLIC_URL: "https://photos.example/" } });
    expect((await response.json<{ download_url: string }>()).download_url).toMatch(
      /^https:\/\/photos\.example\/media\//,
    );
  });
});
