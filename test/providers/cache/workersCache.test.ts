/** The purger, on a cache that behaves as Cloudflare documents it. */
import { describe, expect, it } from "vitest";
import { MAX_TAGS_PER_PURGE } from "../../../src/providers/cache/cachePurger.ts";
import { createCachePurger } from "../../../src/providers/cache/cachePurgerFactory.ts";
import { workersCachePurger } from "../../../src/providers/cache/workersCache.ts";
import { MAX_OPERATIONS_PER_PURGE, PURGE_BURST, WorkersCache } from "../../support/bindings/workersCache.ts";

const PUBLIC = "public, max-age=60, stale-if-error=0";

/** A Worker whose responses are set by the query: `?tag=a,b&policy=…&status=…`. */
function cacheOf(): WorkersCache {
  return new WorkersCache(async (request) => {
    const query = new URL(request.url).searchParams;
    const headers = new Headers({ etag: '"1"', "cache-tag": query.get("tag") ?? "" });
    const policy = query.get("policy");
    if (policy !== null) headers.set("cache-control", policy);
    return new Response("0123456789", { status: Number(query.get("status") ?? 200), headers });
  });
}

async function statusOf(cache: WorkersCache, query: string, init: RequestInit = {}): Promise<string | null> {
  const response = await cache.fetch(new Request(`https://tintype.test/media?${query}`, init));
  await response.arrayBuffer();
  return response.headers.get("cf-cache-status");
}

describe("workersCachePurger", () => {
  it("removes the responses of any of its tags, compared without case, and no others", async () => {
    const cache = cacheOf();
    const stored = ["tag=asset_A,library_1", "tag=asset_B,library_1", "tag=asset_C,library_2"];
    const queries = stored.map((tags) => `policy=${PUBLIC}&${tags}`);
    for (const query of queries) expect(await statusOf(cache, query)).toBe("MISS");
    for (const query of queries) expect(await statusOf(cache, query)).toBe("HIT");
    expect(await workersCachePurger(cache.context).purge(["ASSET_a", "library_2"])).toBeNull();
    const after = await Promise.all(queries.map((query) => statusOf(cache, query)));
    expect(after).toEqual(["MISS", "HIT", "MISS"]);
  });

  it("returns the reason of a refused purge: the rate limit, too many tags, a failing call", async () => {
    const cache = cacheOf();
    const purger = workersCachePurger(cache.context);
    for (let i = 0; i < PURGE_BURST; i++) expect(await purger.purge(["a"])).toBeNull();
    expect(await purger.purge(["a"])).toBe("1134 rate limited");
    cache.advance(60_000);
    expect(await purger.purge(["a"])).toBeNull();
    const tags = Array.from({ length: MAX_TAGS_PER_PURGE + 1 }, (_, i) => `tag-${i}`);
    expect(await purger.purge(tags)).toMatch(/invalid/);
    const failing = workersCachePurger({
      purge: () => Promise.reject(new Error("connection lost")),
      invalidate: () => Promise.reject(new Error("connection lost")),
    });
    expect(await failing.purge(["a"])).toMatch(/connection lost/);
  });

  it("sends at most as many tags as Cloudflare accepts", () => {
    expect(MAX_TAGS_PER_PURGE).toBe(MAX_OPERATIONS_PER_PURGE);
  });

  it("does not exist without a cache in front of the Worker", () => {
    expect(createCachePurger({})).toBeNull();
    expect(createCachePurger({ cache: undefined })).toBeNull();
    expect(createCachePurger({ cache: {} })).toBeNull();
    expect(createCachePurger({ cache: cacheOf().context })).not.toBeNull();
  });
});

describe("the cache of the tests, as documented", () => {
  it("stores by path and query until max-age, whatever the host and the headers", async () => {
    const cache = cacheOf();
    expect(await statusOf(cache, `policy=${PUBLIC}`)).toBe("MISS");
    const other = new Request(`https://other.example/media?policy=${PUBLIC}`, { headers: { accept: "image/png" } });
    expect((await cache.fetch(other)).headers.get("cf-cache-status")).toBe("HIT");
    expect(await statusOf(cache, `policy=${PUBLIC}&x=1`)).toBe("MISS");
    cache.advance(59_000);
    expect(await statusOf(cache, `policy=${PUBLIC}`)).toBe("HIT");
    cache.advance(1000);
    expect(await statusOf(cache, `policy=${PUBLIC}`)).toBe("MISS");
    expect(cache.runs).toBe(3);
  });

  it.each([
    ["no-store", ""],
    ["private, max-age=60", ""],
    [PUBLIC, "&status=206"],
    [PUBLIC, "&status=522"],
  ])("does not store %s%s", async (policy, rest) => {
    const cache = cacheOf();
    for (let i = 0; i < 2; i++) expect(await statusOf(cache, `policy=${policy}${rest}`)).toBe("BYPASS");
    expect(cache.runs).toBe(2);
  });

  it("stores a response without Cache-Control for two hours", async () => {
    const cache = cacheOf();
    expect(await statusOf(cache, "")).toBe("MISS");
    cache.advance(7_199_000);
    expect(await statusOf(cache, "")).toBe("HIT");
  });

  it("cuts ranges out of a complete response, also on the first request", async () => {
    const cache = cacheOf();
    for (const cacheStatus of ["MISS", "HIT"]) {
      const request = new Request(`https://tintype.test/?policy=${PUBLIC}`, { headers: { range: "bytes=2-4" } });
      const response = await cache.fetch(request);
      expect([response.status, response.headers.get("cf-cache-status")]).toEqual([206, cacheStatus]);
      expect(await response.text()).toBe("234");
    }
  });

  it("fills from a HEAD and hides Cache-Tag", async () => {
    const cache = cacheOf();
    expect(await statusOf(cache, `policy=${PUBLIC}&tag=a`, { method: "HEAD" })).toBe("MISS");
    const response = await cache.fetch(new Request(`https://tintype.test/media?policy=${PUBLIC}&tag=a`));
    expect(response.headers.get("cf-cache-status")).toBe("HIT");
    expect(response.headers.get("cache-tag")).toBeNull();
    expect(await response.text()).toBe("0123456789");
  });
});
