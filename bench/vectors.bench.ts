/**
 * `npm run bench:vectors`: time, R2 reads and rows of vector searches in libraries of up to 1,000,000 vectors. Takes two
 * minutes.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { newId } from "../src/kernel/ids.ts";
import { blockIndex } from "../src/operations/search/vectors/blockIndex.ts";
import { MAX_BLOCK_VECTORS } from "../src/operations/search/vectors/packVectors.ts";
import { NearestVectors, scanBlock } from "../src/operations/search/vectors/scanBlock.ts";
import { decodeBlock, encodeBlock, toBytes } from "../src/operations/search/vectors/vectorCodec.ts";
import type { VectorSpace } from "../src/operations/search/vectors/vectorIndex.ts";
import { openDatabase } from "../src/records/database.ts";
import { instrumentedBucket } from "../test/support/bindings/bucket.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { testContext } from "../test/support/context.ts";
import { tableHeader, tableRow } from "./measureCost.ts";
import { blockData, fillVectors, randomVector, VECTOR_DIMENSIONS } from "./searchVectors.ts";

const LIBRARY_VECTORS = [10_000, 100_000, 1_000_000];
const REPEATS = 5;
const LIMIT = 400;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The clock of workerd stands still between I/O. */
async function now(): Promise<number> {
  await env.SEARCH_DB.prepare("SELECT 1").run();
  return Date.now();
}

async function measureSearch(space: VectorSpace) {
  const times: number[] = [];
  const bucket = instrumentedBucket();
  const db = countingD1(env.SEARCH_DB);
  const context = testContext({ bucket: bucket.binding, searchDb: openDatabase(db.binding, "nearest") });
  for (let i = 0; i < REPEATS; i++) {
    const startMs = await now();
    const hits = await blockIndex(context).search({ ...space, vector: randomVector(), limit: LIMIT, assetIds: null });
    times.push((await now()) - startMs);
    if (hits.length !== LIMIT) throw new Error(`${hits.length} hits instead of ${LIMIT}`);
  }
  const perSearch = (count: number): number => Math.round(count / REPEATS);
  return { ms: median(times), reads: perSearch(bucket.calls.length), rows: perSearch(db.counts.rowsRead) };
}

/** The comparison alone, with all blocks in memory. */
async function measureScan(count: number): Promise<number> {
  const vectors = blockData.map((data, seq) => ({ seq, data }));
  const block = decodeBlock(encodeBlock(vectors, VECTOR_DIMENSIONS));
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const query = toBytes(randomVector());
    const nearest = new NearestVectors(LIMIT);
    const startMs = await now();
    for (let scanned = 0; scanned < count; scanned += MAX_BLOCK_VECTORS) scanBlock(query, block, nearest);
    times.push((await now()) - startMs);
  }
  return median(times);
}

it("measures vector searches", { timeout: 1_800_000 }, async ({ task }) => {
  const lines = tableHeader(["vectors of 256 bytes"], ["ms", "ms of comparing", "R2 reads", "MB read", "rows read"]);
  for (const count of LIBRARY_VECTORS) {
    const libraryId = newId("library");
    const assetIds = Array.from({ length: count }, (_, i) => `${libraryId}${i}`);
    const space = await fillVectors({ libraryId, space: `bench#${VECTOR_DIMENSIONS}` }, assetIds);
    const { ms, reads, rows } = await measureSearch(space);
    const megabytes = Math.round((reads * MAX_BLOCK_VECTORS * (VECTOR_DIMENSIONS + 8)) / 100_000) / 10;
    lines.push(tableRow(count.toLocaleString("en"), ms, await measureScan(count), reads, megabytes, rows));
  }
  const tables = [{ title: "Nearest vectors", lines }];
  console.log(`\n${lines.join("\n")}`);
  Object.assign(task.meta, { figures: { tables } });
});
