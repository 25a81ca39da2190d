import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../../src/kernel/ids.ts";
import { blockIndex } from "../../../../src/operations/search/vectors/blockIndex.ts";
import {
  PACKED_AFTER_VECTORS,
  packVectors,
  repackVectors,
} from "../../../../src/operations/search/vectors/packVectors.ts";
import type { VectorIndex, VectorSpace } from "../../../../src/operations/search/vectors/vectorIndex.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { COUNTED_VECTORS_STEP } from "../../../../src/records/search/vectors/vectors.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { instrumentedBucket, storedKeys } from "../../../support/bindings/bucket.ts";
import { testContext } from "../../../support/context.ts";
import { seededRandom } from "../../../support/random.ts";

const DIMENSIONS = 512;
/** A block of 512 dimensions has room for 2,048 vectors. */
const CAPACITY = 2048;
const context = testContext();
let random: () => number;
let space: VectorSpace;
let index: VectorIndex;

function randomVector(): Float32Array {
  const vector = Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map((component) => component / norm);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, component, i) => sum + component * (b[i] ?? 0), 0);
}

beforeEach(() => {
  random = seededRandom(7);
  space = { libraryId: newId("library"), space: `model#${DIMENSIONS}` };
  index = blockIndex(context);
});

/** Inserts rows in one statement per 100, because thousands of `put` take minutes. */
async function insert(vectors: Map<string, Float32Array>): Promise<void> {
  const { encodeVector } = await import("../../../../src/operations/search/vectors/vectorCodec.ts");
  const rows = [...vectors].map(([assetId, vector]) => [assetId, encodeVector(vector)]);
  for (let i = 0; i < rows.length; i += 100) {
    await env.SEARCH_DB.prepare(
      `INSERT INTO vectors (library_id, asset_id, space, source, data)
       SELECT ?, value ->> 0, ?, 's', value ->> 1 FROM json_each(?)`,
    )
      .bind(space.libraryId, space.space, JSON.stringify(rows.slice(i, i + 100)))
      .run();
  }
}

function newVectors(count: number): Map<string, Float32Array> {
  return new Map(Array.from({ length: count }, () => [newId("asset"), randomVector()]));
}

async function nearest(vector: Float32Array, limit = 10): Promise<string[]> {
  const hits = await index.search({ ...space, vector, limit, assetIds: null });
  return hits.map(({ assetId }) => assetId);
}

function exactNearest(vectors: Map<string, Float32Array>, query: Float32Array, limit = 10): string[] {
  return [...vectors]
    .map(([assetId, vector]) => [assetId, cosine(vector, query)] as const)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([assetId]) => assetId);
}

async function blocks(): Promise<{ vectors: number; outdated: number }[]> {
  const rows = await env.SEARCH_DB.prepare(
    "SELECT vectors, outdated FROM vector_blocks WHERE library_id = ? ORDER BY first_seq",
  )
    .bind(space.libraryId)
    .all<{ vectors: number; outdated: number }>();
  return rows.results;
}

async function objectKeys(): Promise<string[]> {
  return (await storedKeys()).filter((key) => key.startsWith(`vectors/${space.libraryId}/`));
}

describe("the index of vectors", () => {
  it("finds the nearest vectors, packed or not, with their cosine", async () => {
    const vectors = newVectors(120);
    await insert(vectors);
    const query = randomVector();
    const exact = exactNearest(vectors, query);
    const before = await nearest(query);
    await packVectors(context, space);
    const later = newVectors(30);
    await insert(later);
    for (const [id, vector] of later) vectors.set(id, vector);
    const after = await index.search({ ...space, vector: query, limit: 10, assetIds: null });
    // Rounding to bytes may swap neighbours.
    expect(before.filter((id) => exact.includes(id)).length).toBeGreaterThanOrEqual(9);
    const expected = exactNearest(vectors, query);
    expect(after.filter(({ assetId }) => expected.includes(assetId)).length).toBeGreaterThanOrEqual(9);
    for (const hit of after) expect(hit.cosine).toBeCloseTo(cosine(vectors.get(hit.assetId) ?? query, query), 2);
    expect(await blocks()).toEqual([{ vectors: 120, outdated: 0 }]);
  });

  it("packs the vectors that wait, at the latest 31 after there are enough, whatever is stored between them", async () => {
    await insert(newVectors(PACKED_AFTER_VECTORS - 1));
    const other = { ...space, space: `other#${DIMENSIONS}` };
    let rowsRead = 0;
    for (let i = 0; i <= COUNTED_VECTORS_STEP; i += 1) {
      const searchDatabase = countingD1(env.SEARCH_DB);
      const counted = blockIndex(testContext({ searchDb: openDatabase(searchDatabase.binding, "primary") }));
      const vector = { kind: "content", source: "s", vector: randomVector() } as const;
      await counted.put({ ...vector, ...space, assetId: newId("asset") });
      await counted.put({ ...vector, ...other, assetId: newId("asset") });
      const counts = searchDatabase.counts.statements.filter(({ sql }) => sql.includes("AS vectors"));
      rowsRead += counts.reduce((sum, statement) => sum + statement.rowsRead, 0);
    }
    expect((await blocks()).map(({ vectors }) => vectors >= PACKED_AFTER_VECTORS)).toEqual([true]);
    // One count of them all, and another of the few after them.
    expect(rowsRead).toBeLessThan(2 * (PACKED_AFTER_VECTORS + COUNTED_VECTORS_STEP));
  });

  it("fills the last block before it begins another", async () => {
    await insert(newVectors(CAPACITY - 10));
    await packVectors(context, space);
    await insert(newVectors(40));
    await packVectors(context, space);
    await packVectors(context, space);
    expect((await blocks()).map(({ vectors }) => vectors)).toEqual([CAPACITY, 30]);
  });

  it("forgets replaced, moved and deleted vectors at once, and packs their blocks again", async () => {
    const vectors = newVectors(20);
    await insert(vectors);
    await packVectors(context, space);
    const [[replaced, old] = ["", randomVector()], [deleted, gone] = ["", randomVector()], [moved] = [""]] = vectors;
    const newVector = randomVector();
    await index.put({ kind: "content", ...space, assetId: replaced, source: "t", vector: newVector });
    await index.put({
      kind: "content",
      ...space,
      libraryId: newId("library"),
      assetId: moved,
      source: "s",
      vector: randomVector(),
    });
    await index.remove([deleted], "content");
    expect((await nearest(gone, 20)).includes(deleted)).toBe(false);
    expect(await nearest(newVector, 1)).toEqual([replaced]);
    const hits = await nearest(old, 30);
    expect([hits.length, new Set(hits).size, hits.includes(moved)]).toEqual([18, 18, false]);
    expect(await blocks()).toEqual([{ vectors: 20, outdated: 3 }]);
    await repackVectors(context);
    expect(await blocks()).toEqual([{ vectors: 17, outdated: 0 }]);
    expect((await nearest(old, 30)).toSorted()).toEqual(hits.toSorted());
  });

  it("deletes the block of a library without vectors, and the objects that no block has after an hour", async () => {
    const vectors = newVectors(5);
    await insert(vectors);
    await packVectors(context, space);
    await index.remove([...vectors.keys()], "content");
    await repackVectors(context);
    expect([await blocks(), (await objectKeys()).length]).toEqual([[], 1]);
    await repackVectors({ ...context, nowMs: context.nowMs + 2 * 3_600_000 });
    expect(await objectKeys()).toEqual([]);
  });

  it("keeps one block when several consumers pack at once", async () => {
    const vectors = newVectors(50);
    await insert(vectors);
    await Promise.all(Array.from({ length: 4 }, () => packVectors(testContext(), space)));
    expect(await blocks()).toEqual([{ vectors: 50, outdated: 0 }]);
    expect((await nearest(randomVector(), 60)).length).toBe(50);
  });

  it("counts a vector as outdated that is deleted while its block is written", async () => {
    const vectors = newVectors(10);
    await insert(vectors);
    const [first = ""] = vectors.keys();
    const bucket = new Proxy(env.BUCKET, {
      get: (target, name) =>
        name === "put"
          ? async (...args: Parameters<R2Bucket["put"]>) => {
              await index.remove([first], "content");
              return await target.put(...args);
            }
          : (Reflect.get(target, name) as unknown),
    });
    await packVectors({ ...context, bucket }, space);
    expect(await blocks()).toEqual([{ vectors: 10, outdated: 1 }]);
    expect((await nearest(randomVector(), 20)).includes(first)).toBe(false);
  });

  it("leaves the vectors as rows when R2 fails", async () => {
    await insert(newVectors(10));
    const failing = { ...context, bucket: instrumentedBucket({ put: "rejected" }).binding };
    await expect(packVectors(failing, space)).rejects.toThrow(/storage/);
    expect([await blocks(), (await nearest(randomVector(), 20)).length]).toEqual([[], 10]);
  });

  it("compares only the given assets, of the library and the model", async () => {
    const vectors = newVectors(10);
    await insert(vectors);
    const ids = [...vectors.keys()];
    const foreign = newId("asset");
    await index.put({
      kind: "content",
      libraryId: newId("library"),
      space: space.space,
      assetId: foreign,
      source: "s",
      vector: randomVector(),
    });
    const other = newId("asset");
    await index.put({
      kind: "content",
      ...space,
      space: `other#${DIMENSIONS}`,
      assetId: other,
      source: "s",
      vector: randomVector(),
    });
    const assetIds = [...ids.slice(0, 3), foreign, other, newId("asset")];
    const hits = await index.search({ ...space, vector: randomVector(), limit: 20, assetIds });
    expect(hits.map(({ assetId }) => assetId).toSorted()).toEqual(ids.slice(0, 3).toSorted());
    expect(await index.search({ ...space, vector: new Float32Array(3), limit: 20, assetIds: null })).toEqual([]);
  });
});
