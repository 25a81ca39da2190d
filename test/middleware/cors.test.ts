import { describe, expect, it } from "vitest";
import { call } from "../support/clients/api.ts";

const APP = "https://app.example";

/** Headers that a page sends with the SDKs, whose generator adds the `x-stainless` ones. */
const ASKED =
  "authorization,content-type,idempotency-key,range,x-api-key,x-d1-bookmark,x-stainless-lang,x-stainless-os,x-stainless-retry-count";

async function preflight(origin: string, env: Partial<Cloudflare.Env> = {}): Promise<Response> {
  const headers = {
    origin,
    "access-control-request-method": "PATCH",
    "access-control-request-headers": ASKED,
  };
  return await call("OPTIONS", "/api/albums/album_BM3nUmJ6fkBqBADyz5FEiu", { token: null, headers, env });
}

function listOf(response: Response, header: string): string[] {
  return (response.headers.get(header) ?? "").split(",").map((part) => part.trim().toLowerCase());
}

describe("a browser app", () => {
  it("gets a preflight response that allows its headers, without a credential", async () => {
    const response = await preflight(APP);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(listOf(response, "access-control-allow-methods")).toEqual(
      expect.arrayContaining(["get", "post", "patch", "delete"]),
    );
    expect(listOf(response, "access-control-allow-headers")).toEqual(ASKED.split(","));
    expect(listOf(response, "vary")).toContain("access-control-request-headers");
    expect(Number(response.headers.get("access-control-max-age"))).toBeGreaterThan(0);
  });

  it("may read the exposed headers, also of an error", async () => {
    for (const path of ["/api/users/me", "/api/nothing", "/api/assets?limit=0"]) {
      const response = await call("GET", path, { headers: { origin: APP } });
      expect(response.headers.get("access-control-allow-origin"), path).toBe("*");
      expect(listOf(response, "access-control-expose-headers"), path).toEqual(
        expect.arrayContaining([
          "x-request-id",
          "x-d1-bookmark",
          "retry-after",
          "etag",
          "content-range",
          "content-disposition",
        ]),
      );
    }
    const unauthorized = await call("GET", "/api/users/me", { token: null, headers: { origin: APP } });
    expect(unauthorized.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("is allowed only from a configured origin", async () => {
    const env = { CORS_ORIGINS: `${APP}, https://other.example` };
    expect((await preflight(APP, env)).headers.get("access-control-allow-origin")).toBe(APP);
    for (const stranger of ["https://evil.example", `${APP}.evil.example`, "http://app.example", "null"]) {
      const rejected = await preflight(stranger, env);
      expect(rejected.headers.get("access-control-allow-origin"), stranger).toBeNull();
      const read = await call("GET", "/api/users/me", { headers: { origin: stranger }, env });
      expect(read.headers.get("access-control-allow-origin"), stranger).toBeNull();
    }
    const response = await call("GET", "/api/users/me", { headers: { origin: APP }, env });
    expect(response.headers.get("access-control-allow-origin")).toBe(APP);
    expect(listOf(response, "vary")).toContain("origin");
  });

  it("of any origin may read media, so that a URL has one response for all of them", async () => {
    const env = { CORS_ORIGINS: `${APP}, https://other.example` };
    for (const origin of [APP, "https://evil.example"]) {
      const path = "/media/asset_BM3nUmJ6fkBqBADyz5FEiu/asset_version_BM3nUmJ6fkBqBADyz5FEiu/thumbnail";
      const response = await call("GET", path, { token: null, headers: { origin }, env });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("vary")).toBeNull();
    }
  });

  it("may never send cookies", async () => {
    expect((await preflight(APP)).headers.get("access-control-allow-credentials")).toBeNull();
  });
});
