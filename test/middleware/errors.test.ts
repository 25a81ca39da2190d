import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call } from "../support/clients/api.ts";
import { countingD1 } from "../support/bindings/d1.ts";

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const body = await response.json<Record<string, unknown>>();
  expect(Object.keys(body).toSorted()).toEqual(["detail", "error", "message"]);
  expect(response.headers.get("x-request-id")).toMatch(/^\S{8,}$/);
  return body;
}

function failingWith(message: string): D1Database {
  return countingD1(env.DB, {
    beforeBatch: () => {
      throw new Error(message);
    },
  }).binding;
}

describe("an error response", () => {
  it("is 404 in the format of the contract for an unknown route", async () => {
    for (const path of ["/", "/api/nothing", "/apii/assets", "/api/assets/asset_BM3nUmJ6fkBqBADyz5FEiu/nothing"]) {
      const response = await call("GET", path);
      expect(response.status, path).toBe(404);
      expect(await bodyOf(response), path).toMatchObject({ error: "not_found" });
    }
  });

  it("is 503 with Retry-After and without D1's message for a transient database error", async () => {
    for (const message of [
      "D1_ERROR: Network connection lost.",
      "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    ]) {
      const response = await call("GET", "/api/users/me", { env: { DB: failingWith(message) } });
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(response.headers.get("x-should-retry")).toBeNull();
      expect(JSON.stringify(await bodyOf(response))).not.toContain("D1");
    }
  });

  it("is 500 with a constant text for an unknown error", async () => {
    const response = await call("GET", "/api/users/me", { env: { DB: failingWith("the secret of the house") } });
    expect(response.status).toBe(500);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const body = await bodyOf(response);
    expect(body.error).toBe("internal_error");
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  it("is logged with the failed query and without its parameters", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const message of ["broken", "D1_ERROR: Network connection lost."]) {
      const DB = countingD1(env.DB, {
        beforeBatch: ([sql]) => {
          if (sql?.startsWith('update "api_keys"') === true) throw new Error(message);
        },
      }).binding;
      await call("GET", "/api/users/me");
      await call("PATCH", `/api/api-keys/${newId("apiKey")}`, {
        json: { name: "my\nprivate\n    at name" },
        env: { DB },
      });
    }
    const lines = log.mock.calls.flat().join("\n");
    log.mockRestore();
    expect(lines).toContain("update ");
    expect(lines).toContain("errors.ts");
    expect(lines).not.toContain("private");
  });

  it("lists every invalid parameter and its location", async () => {
    const response = await call("GET", "/api/assets?limit=0&order=up&ids=x");
    expect(response.status).toBe(422);
    const { detail, message } = await bodyOf(response);
    expect(detail).toHaveLength(3);
    for (const name of ["limit", "order", "ids"]) {
      expect(detail).toContainEqual(
        expect.objectContaining({
          loc: expect.arrayContaining(["query", name]),
          msg: expect.any(String),
          type: expect.any(String),
        }),
      );
      expect(message).toContain(name);
    }
  });
});
