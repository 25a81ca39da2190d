import type { CachePurger } from "./cachePurger.ts";
import { workersCachePurger } from "./workersCache.ts";

function isCacheContext(value: unknown): value is CacheContext {
  return typeof value === "object" && value !== null && "purge" in value && typeof value.purge === "function";
}

/** The purger of the cache in front of the Worker. Null without one: `ctx.cache` exists only where it is enabled. */
export function createCachePurger(execution: object): CachePurger | null {
  return "cache" in execution && isCacheContext(execution.cache) ? workersCachePurger(execution.cache) : null;
}
