/** Runs the indexing, and compares the text index with one that is built from scratch. */
import { env } from "cloudflare:workers";
import type { Context } from "../../../src/operations/context.ts";
import { indexChanges } from "../../../src/operations/search/indexing/indexChanges.ts";
import { parseTextQuery } from "../../../src/operations/search/text/parseQuery.ts";
import { searchText } from "../../../src/operations/search/textSearch.ts";
import { testContext } from "../context.ts";

const MAX_RUNS = 1000;

/** Indexes until nothing is left. */
export async function indexAll(context: Context = testContext()): Promise<void> {
  for (let runs = 0; runs < MAX_RUNS; runs++) if (!(await indexChanges(context))) return;
  throw new Error("the indexing does not end");
}

/** The ids of the best hits. */
export async function findByText(libraryId: string, text: string, limit = 20): Promise<string[]> {
  const hits = await searchText(testContext(), { libraryId, query: parseTextQuery(text), limit });
  return hits.map(({ assetId }) => assetId);
}

const ENTRIES = `SELECT d.asset_id, d.digest, group_concat(e.term || ' ' || e.col || ' ' || e.offset, '|' ORDER BY e.term, e.col, e.offset) AS entries
  FROM search_entries e LEFT JOIN search_documents d ON d.id = e.doc GROUP BY e.doc`;

/** Every entry of the index by its asset; null for entries without a document. */
export async function indexContents(): Promise<Map<string | null, string>> {
  const { results } = await env.SEARCH_DB.prepare(ENTRIES).all<{
    asset_id: string | null;
    digest: number;
    entries: string;
  }>();
  const { results: documents } = await env.SEARCH_DB.prepare("SELECT asset_id FROM search_documents").all<{
    asset_id: string;
  }>();
  const contents = new Map<string | null, string>(documents.map(({ asset_id: id }) => [id, "no entries"]));
  for (const { asset_id: id, digest, entries } of results) contents.set(id, `${digest} ${entries}`);
  return contents;
}

/** Deletes the index and builds it from the assets. */
export async function rebuildIndex(): Promise<void> {
  await env.SEARCH_DB.prepare("UPDATE search_state SET index_version = 0, revision = revision + 1").run();
  await indexAll();
}

/** Differences between the index and one built from scratch, which takes its place. Empty if they are equal. */
export async function findIndexDifferences(): Promise<string[]> {
  const kept = await indexContents();
  await rebuildIndex();
  const rebuilt = await indexContents();
  const ids = new Set([...kept.keys(), ...rebuilt.keys()]);
  return [...ids]
    .filter((id) => kept.get(id) !== rebuilt.get(id))
    .map((id) => `${id ?? "(no document)"}: ${kept.get(id) ?? "missing"} instead of ${rebuilt.get(id) ?? "missing"}`);
}
