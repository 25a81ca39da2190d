/** Plain HTTP and security headers. */
import { beforeAll, describe, expect, it } from "vitest";
import { call, ROOT_API_KEY, uniqueBytes, upload } from "../support/clients/api.ts";
import { fillPath, listOperations, readDocument, type Operation } from "../support/clients/openapi.ts";
import { expectAsset } from "../support/clients/responses.ts";

const production = { ENVIRONMENT: "production" };
const PLAIN = "http://tintype.test";
const HSTS = "strict-transport-security";

let operations: Operation[];
beforeAll(async () => {
  operations = listOperations(await readDocument());
});

describe("plain HTTP", () => {
  it("is refused in production for every operation, with any credential, before the database is asked", async () => {
    for (const operation of operations) {
      for (const token of [null, ROOT_API_KEY, "apikey_unknown"]) {
        const response = await call(operation.method, PLAIN + fillPath(operation), { token, env: production });
        expect(response.status, operation.title).toBe(403);
        expect(response.headers.get(HSTS), operation.title).toBeNull();
        expect(response.headers.get("location"), operation.title).toBeNull();
        expect(response.headers.get("x-d1-bookmark"), operation.title).toBeNull();
        expect(await response.json()).toMatchObject({
          error: "forbidden",
          message: expect.stringContaining("https://"),
        });
      }
    }
  });

  it("is refused under an ENVIRONMENT that is unknown", async () => {
    for (const ENVIRONMENT of ["staging", "Production", ""])
      expect((await call("GET", `${PLAIN}/api/users/me`, { env: { ENVIRONMENT } })).status, ENVIRONMENT).toBe(403);
  });

  it("is accepted in local development, without Strict-Transport-Security", async () => {
    const response = await call("GET", `${PLAIN}/api/users/me`);
    expect(response.status).toBe(200);
    expect(response.headers.get(HSTS)).toBeNull();
  });
});

describe("a response", () => {
  it("that streams a file has the headers of every response too", async () => {
    const url = (await expectAsset(await upload(uniqueBytes()), 201)).download_url ?? "";
    for (const [method, headers, status] of [
      ["GET", {}, 200],
      ["HEAD", {}, 200],
      ["GET", { range: "bytes=0-1" }, 206],
      ["GET", { "if-none-match": "*" }, 304],
      ["GET", { "if-match": '"another"' }, 412],
      ["GET", { range: "bytes=99999999-" }, 416],
    ] as const) {
      const response = await call(method, url, { token: null, headers, env: production });
      await response.arrayBuffer();
      expect(response.status).toBe(status);
      expect(response.headers.get(HSTS)).toMatch(/^max-age=\d{8,}$/);
      expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-expose-headers")).toContain("Content-Range");
    }
  });

  it("in production has Strict-Transport-Security, also as an error", async () => {
    for (const [path, status] of [
      ["/api/users/me", 200],
      ["/api/server/ping", 200],
      ["/openapi.json", 200],
      ["/api/nothing", 404],
      ["/api/assets?limit=0", 422],
    ] as const) {
      const response = await call("GET", path, { env: production });
      expect(response.status).toBe(status);
      expect(response.headers.get(HSTS), path).toMatch(/^max-age=\d{8,}$/);
    }
    expect((await call("GET", "/api/users/me", { token: null, env: production })).headers.get(HSTS)).toMatch(
      /^max-age/,
    );
  });

  it("of every operation forbids content sniffing and carries a request id", async () => {
    for (const operation of operations) {
      const response = await call(operation.method, fillPath(operation));
      expect(response.headers.get("x-content-type-options"), operation.title).toBe("nosniff");
      expect(response.headers.get("x-request-id"), operation.title).not.toBeNull();
    }
    const asset = await expectAsset(await upload(uniqueBytes()), 201);
    const file = await call("GET", asset.download_url ?? "", { token: null, env: production });
    expect(file.status).toBe(200);
    expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    expect(file.headers.get(HSTS)).toMatch(/^max-age/);
    const failed = await call("GET", "/api/users/me", { env: { ROOT_API_KEY: "" } });
    expect(failed.status).toBe(503);
    expect(failed.headers.get("x-content-type-options")).toBe("nosniff");
  });
});
