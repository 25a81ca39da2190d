/** Pages of counts without a summary, with limits of a few assets instead of thousands. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { everyAsset } from "../../../../src/records/assets/assetFilters.ts";
import type { Bucket, CountPage, CountRequest } from "../../../../src/records/assets/counts/assetCounts.ts";
import { finishScan, firstScanQuery } from "../../../../src/records/assets/counts/scannedCounts.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { runQueries } from "../../../../src/records/sql/query.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { insertAssets, insertLibrary, insertUser } from "../../../support/clients/tenants.ts";

const database = countingD1(env.DB);
const db = openDatabase(database.binding, "nearest");
const LIMITS = { firstStatement: 3, statement: 10, page: 13 };
const BOX = { west: 0, south: 0, east: 10, north: 10 };

let libraryId: string;

beforeAll(async () => {
  const userId = await insertUser();
  libraryId = await insertLibrary(userId);
  const days = (count: number, day: string, position: [number, number]) =>
    Array.from({ length: count }, (_, i) => ({ capturedAt: `2024-${day}T10:00:0${i}`, position }));
  await insertAssets({ userId, libraryId }, [
    // The index cell of the box contains the second position, which the box excludes.
    ...days(2, "01-01", [5, 5]),
    ...days(4, "01-03", [11, 11]),
    ...days(5, "01-05", [5, 5]),
    ...days(1, "02-01", [5, 5]),
    ...days(5, "02-02", [11, 11]),
    ...days(7, "02-03", [5, 5]),
  ]);
});

async function readPage(change: Partial<CountRequest>, order: "asc" | "desc" = "desc"): Promise<CountPage | null> {
  const request: CountRequest = {
    filter: { ...everyAsset, libraryId, box: BOX, order },
    groupBy: "day",
    startingAfterUs: null,
    limit: 20,
    ...change,
  };
  database.reset();
  const [first] = await runQueries(db, [firstScanQuery(request, LIMITS)]);
  return await finishScan(db, request, first, LIMITS);
}

async function readAllPages(change: Partial<CountRequest>, order: "asc" | "desc"): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  for (let startingAfterUs: number | null = null; ; startingAfterUs = buckets.at(-1)?.startUs ?? null) {
    const page = await readPage({ ...change, startingAfterUs }, order);
    buckets.push(...(page?.buckets ?? []));
    if (page?.hasMore !== true) return buckets;
    expect(page.buckets.length).toBeGreaterThan(0);
  }
}

function lines(buckets: Bucket[]): string[] {
  return buckets.map(({ startUs, assets }) => `${new Date(startUs / 1000).toISOString().slice(0, 10)} ${assets}`);
}

describe("counts without a summary", () => {
  it("read one statement if it has the page", async () => {
    const page = await readPage({ limit: 1 }, "asc");
    expect(lines(page?.buckets ?? [])).toEqual(["2024-01-01 2"]);
    expect(page?.hasMore).toBe(true);
    expect(database.counts.statements.length).toBeLessThanOrEqual(2);
  });

  it.each(["asc", "desc"] as const)("end a page early, and the next one continues after it (%s)", async (order) => {
    const first = await readPage({}, order);
    expect(first?.hasMore).toBe(true);
    expect(first?.buckets.length).toBeLessThan(4);
    const all = ["2024-01-01 2", "2024-01-05 5", "2024-02-01 1", "2024-02-03 7"];
    const pages = lines(await readAllPages({}, order));
    expect(pages).toEqual(order === "asc" ? all : all.toReversed());
    expect(lines(await readAllPages({ limit: 1 }, order))).toEqual(pages);
  });

  it("never return a bucket that is not read to its end", async () => {
    const page = await readPage({ groupBy: "month" }, "asc");
    expect(lines(page?.buckets ?? [])).toEqual(["2024-01-01 7"]);
    expect(page?.hasMore).toBe(true);
  });

  it("return null for a bucket with more assets than a page reads", async () => {
    expect(await readPage({ groupBy: "month" }, "desc")).toBeNull();
    expect(await readPage({ groupBy: "year" }, "asc")).toBeNull();
  });
});
