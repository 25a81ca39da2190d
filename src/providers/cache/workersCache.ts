import type { CachePurger } from "./cachePurger.ts";

/** Purges Workers Cache, which limits the purges of a Worker to 5 a minute with bursts of 25 on every plan. */
export function workersCachePurger(cache: CacheContext): CachePurger {
  return {
    purge: async (tags) => {
      try {
        const { success, errors } = await cache.purge({ tags });
        return success ? null : errors.map(({ code, message }) => `${code} ${message}`).join("; ") || "not purged";
      } catch (error) {
        return String(error);
      }
    },
  };
}
