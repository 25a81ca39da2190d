/** Random requests with a viewer behind a cache: after the purges, the cache holds no file whose URL has ended. */
import { expect, it } from "vitest";
import { z } from "zod";
import { purgeCachedMedia, SECOND_PURGE_DELAY_MS } from "../../src/operations/delivery/cachePurges.ts";
import { workersCachePurger } from "../../src/providers/cache/workersCache.ts";
import { WorkersCache } from "../support/bindings/workersCache.ts";
import { createLibrary, sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { testContext } from "../support/context.ts";
import { createRandomSource } from "./client.ts";
import { runSimulation } from "./simulation.ts";

const urlMap = z.record(z.string(), z.object({ url: z.string() }));
const assetList = z.object({ data: z.array(z.looseObject({ id: z.string(), asset_urls: urlMap })) });
const versionList = z.array(z.looseObject({ version_urls: urlMap }));

async function fetchMedia(request: Request, cache: CacheContext): Promise<Response> {
  return await call(request.method, request.url, { token: null, cache });
}

/** The paths in the cache that the Worker itself no longer serves. */
async function endedPaths(cache: WorkersCache): Promise<string[]> {
  const ended: string[] = [];
  for (const path of cache.storedPaths) {
    const response = await call("GET", path, { token: null });
    await response.body?.cancel();
    if (response.status !== 200) ended.push(path);
  }
  return ended;
}

async function purgeTwice(cache: WorkersCache): Promise<void> {
  const cachePurger = workersCachePurger(cache.context);
  for (const delayMs of [0, SECOND_PURGE_DELAY_MS]) {
    const context = testContext({ cachePurger, nowMs: Date.now() + delayMs });
    while ((await purgeCachedMedia(context)) !== null) cache.advance(60_000);
  }
}

it.each([
  { seed: 3, concurrency: 1, callsPerFault: 0 },
  { seed: 4, concurrency: 4, callsPerFault: 15 },
])(
  "holds no ended file after random requests and the purges: %o",
  async (options) => {
    const libraryId = await createLibrary();
    const random = createRandomSource(options.seed);
    const cache = new WorkersCache(async (request, { cache: context }) => await fetchMedia(request, context));
    let endedBefore = 0;

    async function viewSomething(): Promise<void> {
      const state = ["live", "trashed"][random.nextInt(2)] ?? "live";
      const path = `/api/assets?library_id=${libraryId}&state=${state}&include=variants&limit=50`;
      const list = await call("GET", path);
      if (list.status !== 200) return;
      const { data } = assetList.parse(await list.json());
      const asset = data[random.nextInt(Math.max(1, data.length))];
      if (asset === undefined) return;
      const versions = await call("GET", `/api/assets/${asset.id}/versions?include=variants`);
      const ofVersions = versions.status === 200 ? versionList.parse(await versions.json()) : [];
      const urls = [asset.asset_urls, ...ofVersions.map(({ version_urls: each }) => each)];
      for (const { url } of urls.flatMap((each) => Object.values(each).slice(0, 2))) {
        const response = await cache.fetch(new Request(url));
        await response.body?.cancel();
      }
    }

    async function afterRound(): Promise<void> {
      await viewSomething();
      if (random.nextInt(25) > 0) return;
      endedBefore += (await endedPaths(cache)).length;
      await purgeTwice(cache);
      expect(await endedPaths(cache)).toEqual([]);
    }

    await runSimulation({
      ...options,
      libraryId,
      otherLibraryId: await createLibrary("other"),
      rounds: 200,
      afterRound,
    });
    endedBefore += (await endedPaths(cache)).length;
    await purgeTwice(cache);
    expect(await endedPaths(cache)).toEqual([]);
    expect(endedBefore).toBeGreaterThan(5);
    expect(cache.storedPaths.length).toBeGreaterThan(0);
    expect(await sqlAll("SELECT tag FROM cache_purges")).toEqual([]);
  },
  240_000,
);
