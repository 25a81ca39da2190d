import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json";
import { checkHealth, HEALTH_TIMEOUT_MS } from "../../src/operations/maintenance/health.ts";
import { call } from "../support/clients/api.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { testContext } from "../support/context.ts";

const failingBucket = (): R2Bucket =>
  new Proxy(env.BUCKET, {
    get: (target, name) =>
      name === "head" ? () => Promise.reject(new Error("R2 is down")) : Reflect.get(target, name),
  });

describe("the service's own routes", () => {
  it("return the version of the code, the commit and the newest migration", async () => {
    const response = await call("GET", "/api/server/version", { token: null, env: { COMMIT: "abc123" } });
    expect(response.status).toBe(200);
    const newest = env.TEST_MIGRATIONS.at(-1)?.name.replace(".sql", "");
    expect(await response.json()).toEqual({ version: packageJson.version, commit: "abc123", schema_version: newest });
  });

  it("return 503 and which part failed while storage does not answer", async () => {
    const healthy = await call("GET", "/api/server/health", { token: null });
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: "ok", database: "ok", storage: "ok" }]);
    const failed = await call("GET", "/api/server/health", { token: null, env: { BUCKET: failingBucket() } });
    expect([failed.status, await failed.json()]).toEqual([
      503,
      { status: "failed", database: "ok", storage: "failed" },
    ]);
    expect(failed.headers.get("cache-control")).toBe("no-store");
  });

  it("ask the database at most once in ten seconds, however often they are called", async () => {
    const { binding, counts } = countingD1(env.DB);
    const bindings = { DB: binding, BUCKET: new Proxy(env.BUCKET, {}) };
    await Promise.all(
      Array.from({ length: 20 }, () => call("GET", "/api/server/health", { token: null, env: bindings })),
    );
    expect(counts.roundTrips).toBe(1);
  });

  it("do not wait for a check whose request was cancelled", async () => {
    let heads = 0;
    const never = new Promise<null>(() => {});
    const bucket = new Proxy(env.BUCKET, {
      get: (target, name) =>
        name === "head" ? () => (heads++ === 0 ? never : Promise.resolve(null)) : Reflect.get(target, name),
    });
    const realTimeout = globalThis.setTimeout;
    // The timer of a cancelled request never fires.
    globalThis.setTimeout = Object.assign(() => realTimeout(() => undefined, 0), realTimeout);
    void checkHealth(testContext({ bucket, nowMs: 1 }));
    globalThis.setTimeout = Object.assign(
      (run: () => void, ms: number) => realTimeout(run, ms === HEALTH_TIMEOUT_MS ? 20 : ms),
      realTimeout,
    );
    try {
      expect(await checkHealth(testContext({ bucket, nowMs: 2 }))).toMatchObject({ storage: true });
    } finally {
      globalThis.setTimeout = realTimeout;
    }
    expect(heads).toBe(2);
  });
});
