/**
 * `npm run bench:content-search`: a search by text and vectors together in a library of 100,000 assets, with the reading
 * of its hits. Takes two minutes.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import type { Embedder } from "../src/providers/embedders/embedder.ts";
import { search } from "../src/operations/search/search.ts";
import { spaceName } from "../src/operations/search/vectors/vectorIndex.ts";
import { everyAsset } from "../src/records/assets/assetFilters.ts";
import { everyColumnGroup } from "../src/records/assets/lists/listColumns.ts";
import { openDatabase } from "../src/records/database.ts";
import { instrumentedBucket } from "../test/support/bindings/bucket.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { testContext } from "../test/support/context.ts";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { principal, tableHeader, tableRow } from "./measureCost.ts";
import { fillIndex } from "./searchDocuments.ts";
import { fillVectors, randomVector, VECTOR_DIMENSIONS } from "./searchVectors.ts";

const ASSETS = 100_000;
const REPEATS = 9;
const QUERIES = ["lighthouse", "fishing boat", "anna kyoto", "july 2019", "photo"];

/** Each text gets another vector, so that no isolate remembers it. */
const embedder: Embedder = {
  model: "bench",
  dimensions: VECTOR_DIMENSIONS,
  embedsImages: false,
  embedText: () => Promise.resolve({ kind: "vector", vector: randomVector() }),
  embedImage: () => Promise.resolve({ kind: "refused", reason: "embeds texts" }),
};

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function measure(libraryId: string, text: string, withVectors: boolean): Promise<string> {
  const [main, index, bucket] = [countingD1(env.DB), countingD1(env.SEARCH_DB), instrumentedBucket()];
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const context = testContext({
      db: openDatabase(main.binding, "nearest"),
      searchDb: openDatabase(index.binding, "nearest"),
      bucket: bucket.binding,
      embedder: withVectors ? embedder : null,
    });
    const query = { libraryId, filter: everyAsset, text: `${text}${" ".repeat(i)}`, imageBytes: null };
    const startMs = Date.now();
    const page = await search(context, principal, {
      ...query,
      page: 1,
      limit: 50,
      groups: everyColumnGroup,
      maxDistance: null,
    });
    times.push(Date.now() - startMs);
    const expected = withVectors ? "text,vectors" : "text";
    if (page.isDegraded || page.methods.join() !== expected) throw new Error(`searched by ${page.methods.join()}`);
  }
  const each = (count: number): number => Math.round(count / REPEATS);
  const trips = each(main.counts.roundTrips + index.counts.roundTrips);
  const rows = each(main.counts.rowsRead + index.counts.rowsRead);
  const methods = withVectors ? "text and vectors" : "text";
  return tableRow(`\`${text}\``, methods, median(times), trips, rows, each(bucket.calls.length));
}

it("measures searches by text and vectors", { timeout: 1_800_000 }, async ({ task }) => {
  const { libraryId } = await seedLibrary(principal.userId, ASSETS);
  const { results } = await env.DB.prepare("SELECT id FROM assets WHERE library_id = ?").bind(libraryId).all<{
    id: string;
  }>();
  const ids = results.map(({ id }) => id);
  await fillIndex(libraryId, ASSETS, ids);
  await fillVectors({ libraryId, space: spaceName("bench", VECTOR_DIMENSIONS) }, ids);
  const lines = tableHeader(["query", "searched by"], ["ms", "D1 trips", "rows read", "R2 reads"]);
  for (const text of QUERIES)
    for (const withVectors of [false, true]) lines.push(await measure(libraryId, text, withVectors));
  console.log(`\n${lines.join("\n")}`);
  Object.assign(task.meta, {
    figures: { tables: [{ title: "A whole search in a library of 100,000 assets", lines }] },
  });
});
