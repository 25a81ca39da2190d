import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseTextQuery } from "../../../src/operations/search/text/parseQuery.ts";
import { searchText } from "../../../src/operations/search/textSearch.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { MAX_RANKED_DOCUMENTS } from "../../../src/records/search/matches.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { createLibrary, getRootOwner } from "../../support/clients/account.ts";
import { call, uniqueBytes, upload } from "../../support/clients/api.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { testContext } from "../../support/context.ts";
import { seedLibrary } from "../../support/rows/seed.ts";
import { findByText, indexAll, rebuildIndex } from "../../support/search/textIndex.ts";

let libraryId: string;
const ids: Record<string, string> = {};

async function add(name: string, description: string): Promise<void> {
  const queue = { env: { QUEUE: recordingQueue().binding } };
  const response = await upload(uniqueBytes(), { ...queue, name: `${name}.jpg`, libraryId });
  const { id } = await response.json<{ id: string }>();
  await call("PATCH", `/api/assets/${id}`, { ...queue, json: { description } });
  ids[name] = id;
}

beforeAll(async () => {
  libraryId = await createLibrary();
  await add("castle", "Neuschwanstein castle in winter");
  await add("kastle", "The ski maker kastle");
  await add("bridge", "A bridge over the river");
  await add("emoji", "Birthday 🎂 at home 👩‍👩‍👧");
  await add("thai", "พระอาทิตย์ตกที่ทะเล");
  await indexAll();
});

const namesOf = async (text: string): Promise<string[]> => {
  const found = await findByText(libraryId, text);
  return found.map((id) => Object.keys(ids).find((name) => ids[name] === id) ?? id).toSorted();
};

describe("a word with one wrong letter", () => {
  it.each([
    ["a missing one", "neuschwanstin", ["castle"]],
    ["one too many", "neuschwannstein", ["castle"]],
    ["another one", "neuschwanstain", ["castle"]],
    ["two that changed places", "neushcwanstein", ["castle"]],
    ["the first one", "meuschwanstein", ["castle"]],
    ["two wrong letters", "neuschwonstain", []],
    ["in four letters", "rivr", []],
    ["next to another word", "brigde river", ["bridge"]],
  ])("%s", async (_name, text, expected) => {
    expect(await namesOf(text)).toEqual(expected);
  });

  it("ranks behind the exact word", async () => {
    const hits = await searchText(testContext(), { libraryId, query: parseTextQuery("castle"), limit: 20 });
    expect(hits.map(({ assetId }) => assetId)).toEqual([ids["castle"], ids["kastle"]]);
    const [exact, corrected] = hits.map(({ score }) => score);
    expect(exact).toBeGreaterThan(corrected ?? 0);
  });
});

it("finds emoji, and parts of words of scripts without spaces", async () => {
  expect([await namesOf("🎂"), await namesOf("👧"), await namesOf("อาทิตย์"), await namesOf("ทะเล")]).toEqual([
    ["emoji"],
    ["emoji"],
    ["thai"],
    ["thai"],
  ]);
});

it("returns everything but what is excluded", async () => {
  expect(await namesOf("-castle -birthday")).toEqual(["bridge", "thai"].concat("kastle").toSorted());
  expect(await namesOf("winter -neuschwanstein")).toEqual([]);
});

it("returns only given assets", async () => {
  const [only] = [ids["bridge"] ?? ""];
  const query = parseTextQuery("jpg");
  const hits = await searchText(testContext(), { libraryId, query, assetIds: [only, "asset_unknown"], limit: 20 });
  expect(hits.map(({ assetId }) => assetId)).toEqual([only]);
});

describe("a hostile query", () => {
  it.each([
    ["nothing", ""],
    ["an operator of FTS5", "AND"],
    ["one quote", '"'],
    ["the syntax of FTS5", "NEAR(castle winter, 2) OR caption:castle ^castle {caption} : castle*"],
    ["SQL", "'; DROP TABLE search_text; --"],
    ["NUL", "castle\u0000winter\u0001"],
    ["half surrogates", "\ud83d castle \ude00\udc00"],
    ["right-to-left text", "\u202eשלום عليكم\u202c"],
    ["stop words", "the a of in"],
    ["200 quotes", '"'.repeat(200)],
    ["200 phrases", '"a" '.repeat(200)],
    ["deep parentheses", `${"(".repeat(500)}castle${")".repeat(500)}`],
    ["10 kB of words", "castle ".repeat(1500)],
    ["30 kB of one word", "漢".repeat(10_000)],
    ["a phrase of 4,000 words", `"${"a ".repeat(4000)}"`],
    ["characters that fold to 18", "\ufdfa".repeat(1000)],
    ["a word with 1,300 neighbours", "z".repeat(24)],
    ["many misspelled words", "zqxzqx ".repeat(24)],
    ["an inner code", "__all"],
    ["300 minus signs", `-${"-".repeat(300)}castle`],
    ["500 emoji", "🎂".repeat(500)],
    ["LIKE", "%' OR 1=1 --"],
  ])("with %s finds hits or none", async (_name, text) => {
    const hits = await searchText(testContext(), { libraryId, query: parseTextQuery(text), limit: 200 });
    expect(hits.length).toBeLessThanOrEqual(5);
  });
});

describe("the cost of a search", () => {
  const search = async (library: string, text: string, limit = 200) => {
    const db = countingD1(env.SEARCH_DB);
    const context = testContext({ searchDb: openDatabase(db.binding, "nearest") });
    const hits = await searchText(context, { libraryId: library, query: parseTextQuery(text), limit });
    return { hits: hits.length, rowsRead: db.counts.rowsRead, roundTrips: db.counts.roundTrips };
  };

  it("is a few rows for each hit, whatever other libraries have", async () => {
    const { userId } = await getRootOwner();
    await seedLibrary(userId, 3000);
    await rebuildIndex();
    expect(await search(libraryId, "jpg")).toMatchObject({ hits: 5, roundTrips: 1 });
    expect((await search(libraryId, "jpg")).rowsRead).toBeLessThanOrEqual(4 * 5 + 5);
  });

  it("is bounded for a word of every asset", async () => {
    const { userId } = await getRootOwner();
    const { libraryId: seeded } = await seedLibrary(userId, 3000);
    await rebuildIndex();
    const { hits, rowsRead } = await search(seeded, "jpg");
    expect(hits).toBe(200);
    expect(rowsRead).toBeLessThanOrEqual(2 * MAX_RANKED_DOCUMENTS + 3 * 200);
  });
});
