import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import { openAiCompatibleEmbedder } from "../../../src/providers/embedders/openAiCompatible.ts";
import { indexChanges } from "../../../src/operations/search/indexing/indexChanges.ts";
import { blockIndex } from "../../../src/operations/search/vectors/blockIndex.ts";
import { call, searchForm } from "../../support/clients/api.ts";
import { insertAssets, insertKey, insertLibrary, insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";
import { renderPng } from "../../support/media/images.ts";

interface Body {
  data: { asset: { id: string; original_file_name: string; trashed_at: string | null }; distance: number | null }[];
  has_more: boolean;
}

interface Library {
  userId: string;
  libraryId: string;
  token: string;
}

const url = inject("embedderServerUrl");
const words = { EMBEDDER: "openai-compatible", EMBEDDER_URL: `${url}/v1`, EMBEDDER_MODEL: "words" };
const images = { EMBEDDER: "immich-ml", IMMICH_ML_URL: url, EMBEDDER_MODEL: "words" };
const context = testContext();

async function newLibrary(): Promise<Library> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  return { userId, libraryId, token: (await insertKey({ userId })).secret };
}

/** Inserts photos with captions, indexed and embedded. */
async function insertCaptions(
  library: Library,
  captions: string[],
  trashedAt: number | null = null,
): Promise<string[]> {
  const ids = await insertAssets(
    library,
    captions.map((_, day) => ({
      capturedAt: `2024-05-${String((day % 28) + 1).padStart(2, "0")}T00:00:00`,
      trashedAt,
    })),
  );
  const embedder = openAiCompatibleEmbedder({ baseUrl: `${url}/v1`, model: "words", apiKey: null, dimensions: null });
  for (const [index, caption] of captions.entries()) {
    const assetId = ids[index] ?? "";
    await env.DB.prepare("UPDATE assets SET description = ? WHERE id = ?").bind(caption, assetId).run();
    const embedding = await embedder.embedText(caption, "document");
    if (embedding.kind === "refused") throw new Error(embedding.reason);
    const { libraryId } = library;
    await blockIndex(context).put({
      libraryId,
      assetId,
      kind: "content",
      space: "words#64",
      source: "s",
      vector: embedding.vector,
    });
  }
  await env.DB.prepare(
    `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
     SELECT ?, 'asset_created', 'asset', value, 0 FROM json_each(?)`,
  )
    .bind(library.libraryId, JSON.stringify(ids))
    .run();
  return ids;
}

let library: Library;
let ids: string[];
let trashedIds: string[];
let foreignIds: string[];

beforeAll(async () => {
  library = await newLibrary();
  ids = await insertCaptions(library, [
    "a dog at the beach",
    "dog on the sofa",
    "mountain railway in Switzerland",
    "sunset over the sea",
    "birthday cake with candles",
  ]);
  trashedIds = await insertCaptions(library, ["a dog at the beach in the trash"], 1);
  foreignIds = await insertCaptions(await newLibrary(), ["a dog at the beach of others"]);
  while (await indexChanges(context));
});

async function search(query: string, settings: Partial<Cloudflare.Env> = {}) {
  const response = await call("GET", `/api/search?${query}`, { token: library.token, env: settings });
  expect(response.status, query).toBe(200);
  const body = await response.json<Body>();
  return {
    ...body,
    ids: body.data.map(({ asset }) => asset.id),
    methods: response.headers.get("x-search-methods"),
    isDegraded: response.headers.get("x-search-degraded") === "true",
  };
}

async function post(fields: Parameters<typeof searchForm>[0], settings: Partial<Cloudflare.Env> = {}) {
  return await call("POST", "/api/search", { token: library.token, env: settings, body: searchForm(fields) });
}

describe("a search by text", () => {
  it("serves by text alone without an embedder, and says so", async () => {
    const found = await search("query=dog");
    expect(found.ids.toSorted()).toEqual(ids.slice(0, 2).toSorted());
    expect([found.methods, found.isDegraded, found.has_more]).toEqual(["text", false, false]);
    expect(found.data.every(({ distance }) => distance === null)).toBe(true);
  });

  it("fuses text and vectors, with the distance of the latter", async () => {
    const found = await search("query=dog beach", words);
    expect(found.ids.slice(0, 2)).toEqual(ids.slice(0, 2));
    expect(found.ids.toSorted()).toEqual(ids.toSorted());
    expect(found.methods).toBe("text, vectors");
    const [first, second] = found.data.map(({ distance }) => distance ?? -1);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThan(second ?? 0);
  });

  it("leaves out hits of vectors alone above the threshold", async () => {
    const found = await search("query=dog beach&threshold=0.6", words);
    expect(found.ids).toEqual([ids[0]]);
    expect((await search("query=railway&threshold=0", words)).ids).toEqual([ids[2]]);
  });

  it("serves by text alone while the embedder fails, and says so", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    for (const model of ["server-error", "rate-limited", "disconnect", "not-a-number", "huge", "unknown-model"]) {
      const found = await search("query=dog", { ...words, EMBEDDER_MODEL: model });
      expect(found.ids.toSorted(), model).toEqual(ids.slice(0, 2).toSorted());
      expect([found.methods, found.isDegraded], model).toEqual(["text", true]);
    }
    vi.restoreAllMocks();
  });

  it("ignores the vectors of another model", async () => {
    const found = await search("query=dog", { ...words, EMBEDDER_MODEL: "words-2" });
    expect([found.ids.length, found.methods, found.isDegraded]).toEqual([2, "text, vectors", false]);
  });

  it("never finds what is in the trash, or of another library", async () => {
    for (const settings of [{}, words]) {
      const found = await search("query=dog at the beach&limit=200", settings);
      expect(found.ids.filter((id) => [...trashedIds, ...foreignIds].includes(id))).toEqual([]);
    }
    const [id = ""] = ids;
    await call("POST", "/api/assets/trash", { token: library.token, json: { ids: [id] } });
    for (const settings of [{}, words]) expect((await search("query=dog", settings)).ids).not.toContain(id);
    await call("POST", "/api/assets/restore", { token: library.token, json: { ids: [id] } });
    while (await indexChanges(testContext()));
    expect((await search("query=dog")).ids).toContain(id);
  });

  it("applies every filter before the ranking", async () => {
    const after = "local_datetime_after=2024-05-01T12:00:00";
    expect((await search(`query=dog&${after}`)).ids).toEqual([ids[1]]);
    expect((await search(`query=dog&${after}`, words)).ids.toSorted()).toEqual(ids.slice(1).toSorted());
    expect((await search("query=dog&media_type=video", words)).ids).toEqual([]);
    expect((await search("query=dog&bbox=0,0,1,1", words)).ids).toEqual([]);
    expect((await search("query=dog&person_ids=person_2222222222222222222222", words)).ids).toEqual([]);
  });

  it("pages through one pool of 200 hits", async () => {
    const many = await newLibrary();
    await insertCaptions(
      many,
      Array.from({ length: 230 }, (_, index) => `lighthouse number ${index}`),
    );
    while (await indexChanges(testContext()));
    for (const settings of [{}, words]) {
      const found: string[] = [];
      for (let page = 1; page <= 5; page++) {
        const response = await call("GET", `/api/search?query=lighthouse&limit=60&page=${page}`, {
          token: many.token,
          env: settings,
        });
        const body = await response.json<Body>();
        found.push(...body.data.map(({ asset }) => asset.id));
        expect(body.has_more, String(page)).toBe(page < 4);
      }
      expect([found.length, new Set(found).size]).toEqual([200, 200]);
    }
  });

  it("answers 200 for hostile queries", async () => {
    const queries = [
      "-dog",
      '"',
      "dog OR NEAR(",
      "*",
      "'; DROP TABLE assets; --",
      "\u0000",
      "\ud800",
      "🐕🏖️",
      "كلب على الشاطئ",
      "((((((((((dog",
      "the of and",
      '"'.repeat(200),
      "x".repeat(1000),
    ];
    for (const query of queries) {
      for (const settings of [{}, words]) {
        const path = `/api/search?${new URLSearchParams({ query }).toString()}`;
        const response = await call("GET", path, { token: library.token, env: settings });
        expect(response.status, JSON.stringify(query)).toBe(200);
        await response.arrayBuffer();
      }
    }
  });
});

describe("a search by image", () => {
  async function image(red: number, green: number, blue: number): Promise<File> {
    return new File([await renderPng(8, 8, () => [red, green, blue, 255])], "image.png", { type: "image/png" });
  }

  it("is refused without an embedder of images, and says why", async () => {
    for (const settings of [{}, words]) {
      const response = await post({ image: await image(255, 0, 0), query: "dog" }, settings);
      expect(response.status).toBe(422);
      expect((await response.json<{ message: string }>()).message).toMatch(/embedder of images \(EMBEDDER=immich-ml\)/);
    }
  });

  it("finds the photos that resemble it, and combines text", async () => {
    const colours = await newLibrary();
    const [red = "", green = "", blue = ""] = await insertCaptions(colours, ["red", "green", "blue"]);
    while (await indexChanges(testContext()));
    const options = { token: colours.token, env: images };
    const byImage = await call("POST", "/api/search", {
      ...options,
      body: searchForm({ image: await image(0, 255, 0) }),
    });
    const { data } = await byImage.json<Body>();
    expect([data[0]?.asset.id, byImage.headers.get("x-search-methods")]).toEqual([green, "vectors"]);
    expect(data[0]?.distance).toBeCloseTo(0, 2);
    const both = await call("POST", "/api/search?include=metadata", {
      ...options,
      body: searchForm({ image: await image(0, 0, 255), query: "blue" }),
    });
    const hits = (await both.json<Body>()).data;
    expect([hits[0]?.asset.id, hits.length, both.headers.get("x-search-methods")]).toEqual([blue, 3, "text, vectors"]);
    expect(hits.map(({ asset }) => asset.id)).toContain(red);
  });

  it("rejects an empty, a foreign and a huge file", async () => {
    expect((await post({ image: new File([], "a.png") }, images)).status).toBe(422);
    expect((await post({ image: new File(["no image"], "a.png") }, images)).status).toBe(422);
    expect((await post({ image: new File(["%PDF-1.7"], "a.pdf", { type: "application/pdf" }) }, images)).status).toBe(
      422,
    );
    const huge = new File([new Uint8Array(10 * 1024 * 1024 + 1)], "a.png");
    expect((await post({ image: huge }, images)).status).toBe(413);
  });

  it("answers 503 with Retry-After when the embedder fails and there is no text", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const response = await post({ image: await image(255, 0, 0) }, { ...images, EMBEDDER_MODEL: "server-error" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    vi.restoreAllMocks();
  });
});
