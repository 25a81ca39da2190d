import { beforeAll, describe, expect, it } from "vitest";
import { createLibrary, getRootOwner } from "../../support/clients/account.ts";
import {
  labelledQueries,
  makeLibrary,
  type LabelledQuery,
  type MadeLibrary,
} from "../../support/search/madeLibrary.ts";
import { findByText, rebuildIndex } from "../../support/search/textIndex.ts";

const ASSETS = 2000;
const SEED = 16;
const TOP = 20;

let library: MadeLibrary;
beforeAll(async () => {
  const { userId } = await getRootOwner();
  library = await makeLibrary(await createLibrary(), userId, ASSETS, SEED);
  await rebuildIndex();
});

/** Recall among the first 20 hits, and the reciprocal rank of the first relevant one. */
async function rate({
  text,
  isRelevant,
}: LabelledQuery): Promise<{ text: string; recall: number; reciprocalRank: number }> {
  const relevant = new Set(library.assets.filter((asset) => isRelevant(asset)).map(({ id }) => id));
  const hits = await findByText(library.libraryId, text, TOP);
  const found = hits.filter((id) => relevant.has(id)).length;
  const first = hits.findIndex((id) => relevant.has(id));
  return { text, recall: found / Math.min(TOP, relevant.size), reciprocalRank: first === -1 ? 0 : 1 / (first + 1) };
}

describe("a library of 2,000 assets with captions in nine languages", () => {
  it("answers more than 100 labelled queries with recall@20 of 0.95 and more, and a mean reciprocal rank of 0.8 and more", async () => {
    const queries = labelledQueries(library);
    expect(queries.length).toBeGreaterThanOrEqual(100);
    const ratings = [];
    for (const query of queries) ratings.push(await rate(query));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const recall = mean(ratings.map((rating) => rating.recall));
    const reciprocalRank = mean(ratings.map((rating) => rating.reciprocalRank));
    expect(ratings.filter((rating) => rating.recall < 0.5).map(({ text }) => text)).toEqual([]);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(reciprocalRank).toBeGreaterThanOrEqual(0.8);
  });
});
