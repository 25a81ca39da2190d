import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { openDatabase, type Database } from "../../../src/records/database.ts";
import {
  deleteLibraryIndex,
  DOCUMENT_FIELDS,
  listDigests,
  writeDocuments,
  type SearchDocument,
} from "../../../src/records/search/documents.ts";
import { countWords, listDocumentsWith, matchDocuments } from "../../../src/records/search/matches.ts";
import { findSearchState } from "../../../src/records/search/searchState.ts";

const LIBRARY = "library_1111111111AAAAAAAAAAAA";
const OTHER = "library_1111111111BBBBBBBBBBBB";
const NOW_US = Date.UTC(2024, 0, 1) * 1000;
const YEAR_US = 365 * 24 * 3600 * 1_000_000;

let searchDb: Database;
beforeEach(() => {
  searchDb = openDatabase(env.SEARCH_DB, "primary");
});

function newDocument(assetId: string, words: Partial<SearchDocument["words"]>, localUs = NOW_US): SearchDocument {
  const empty = Object.fromEntries(DOCUMENT_FIELDS.map((field) => [field, []])) as unknown as SearchDocument["words"];
  return { assetId, libraryId: LIBRARY, localUs, words: { ...empty, keys: ["__all"], ...words }, digest: 7 };
}

async function write(documents: SearchDocument[], deletedAssetIds: string[] = []): Promise<boolean> {
  const { revision: _revision, ...state } = await findSearchState(searchDb);
  return await writeDocuments(
    searchDb,
    await findSearchState(searchDb),
    { documents, deletedAssetIds, seenNames: [], renamed: null },
    state,
    1,
  );
}

async function find(words: string[], libraryId = LIBRARY, excluded: string[] = []): Promise<string[]> {
  const clause = (word: string) => [{ words: [word], isPrefix: false }];
  const expression = { required: words.map(clause), excluded: excluded.map(clause) };
  const request = { libraryId, expression, allWord: "__all", assetIds: null, limit: 20, nowMs: NOW_US / 1000 };
  return (await matchDocuments(searchDb, request)).map(({ assetId }) => assetId);
}

it("finds a document by its words, in its library only", async () => {
  await write([newDocument("asset_1", { caption: ["red", "boat"] }), newDocument("asset_2", { caption: ["red"] })]);
  await write([{ ...newDocument("asset_3", { caption: ["red", "boat"] }), libraryId: OTHER }]);
  expect(await find(["red", "boat"])).toEqual(["asset_1"]);
  expect(await find(["red"], OTHER)).toEqual(["asset_3"]);
  expect(await find([], LIBRARY, ["boat"])).toEqual(["asset_2"]);
  expect(await countWords(searchDb, LIBRARY, ["red", "boat", "missing"])).toEqual(
    new Map([
      ["red", 2],
      ["boat", 1],
    ]),
  );
});

it("replaces and deletes documents, also when their hour changes", async () => {
  await write([newDocument("asset_1", { caption: ["one"] }), newDocument("asset_2", { caption: ["one"] })]);
  await write([newDocument("asset_1", { caption: ["two"] }, NOW_US - YEAR_US)]);
  expect([await find(["one"]), await find(["two"])]).toEqual([["asset_2"], ["asset_1"]]);
  await write([], ["asset_1", "asset_2"]);
  expect([await find(["one"]), await find(["two"]), await find(["__all"])]).toEqual([[], [], []]);
  expect(await listDigests(searchDb, ["asset_1", "asset_2"])).toEqual(new Map());
});

it("writes nothing when another run has written since the state was read", async () => {
  const state = await findSearchState(searchDb);
  await write([newDocument("asset_1", { caption: ["new"] })]);
  const documents = [newDocument("asset_1", { caption: ["old"] })];
  const stale = { documents, deletedAssetIds: [], seenNames: [], renamed: null };
  expect(await writeDocuments(searchDb, state, stale, state, 1)).toBe(false);
  expect([await find(["new"]), await find(["old"])]).toEqual([["asset_1"], []]);
});

it("ranks names before captions before cameras, and newer photos before older ones", async () => {
  await write([
    newDocument("asset_camera", { camera: ["anna"] }),
    newDocument("asset_caption", { caption: ["anna"] }),
    newDocument("asset_old", { people: ["anna"] }, NOW_US - 10 * YEAR_US),
    newDocument("asset_new", { people: ["anna"] }),
    newDocument("asset_other", { people: ["otto"] }),
    ...["a", "b", "c", "d"].map((id) => newDocument(`asset_${id}`, { caption: ["word"] })),
  ]);
  expect(await find(["anna"])).toEqual(["asset_new", "asset_old", "asset_caption", "asset_camera"]);
});

it("lists the documents with a word in pages", async () => {
  await write(
    ["a", "b", "c"].map((id, i) => newDocument(`asset_${id}`, { keys: ["__all", "__album_1"] }, i * YEAR_US)),
  );
  const request = { libraryId: LIBRARY, word: "__album_1", limit: 2 };
  const first = await listDocumentsWith(searchDb, { ...request, afterDocument: 0 });
  const second = await listDocumentsWith(searchDb, { ...request, afterDocument: first.at(-1)?.id ?? 0 });
  expect([first, second].map((page) => page.map(({ assetId }) => assetId))).toEqual([
    ["asset_a", "asset_b"],
    ["asset_c"],
  ]);
});

it("deletes the index of a purged library, and overtakes a run that has read its assets", async () => {
  const state = await findSearchState(searchDb);
  await writeDocuments(
    searchDb,
    state,
    {
      documents: Array.from({ length: 700 }, (_, i) => newDocument(`asset_${i}`, { caption: ["red"] })),
      deletedAssetIds: [],
      seenNames: [{ id: "album_1", libraryId: LIBRARY, name: "Trip" }],
      renamed: null,
    },
    state,
    1,
  );
  await write([{ ...newDocument("asset_other", { caption: ["red"] }), libraryId: OTHER }]);
  const before = await findSearchState(searchDb);
  await deleteLibraryIndex(searchDb, LIBRARY, "__all");
  expect([await find(["red"]), await find(["red"], OTHER)]).toEqual([[], ["asset_other"]]);
  const { results } = await env.SEARCH_DB.prepare(
    "SELECT (SELECT count(*) FROM search_documents) AS documents, (SELECT count(*) FROM search_names) AS names",
  ).all();
  expect(results).toEqual([{ documents: 1, names: 0 }]);
  const late = { documents: [newDocument("asset_1", {})], deletedAssetIds: [], seenNames: [], renamed: null };
  expect(await writeDocuments(searchDb, before, late, before, 1)).toBe(false);
});
