import { beforeAll, describe, expect, it } from "vitest";
import { call, searchForm } from "../../support/clients/api.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
  type Tenant,
} from "../../support/clients/tenants.ts";

interface Body {
  data: { asset: { id: string; metadata: object | null }; distance: number | null }[];
  has_more: boolean;
}

interface Library {
  userId: string;
  libraryId: string;
  token: string;
}

async function newLibrary(): Promise<Library> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  return { userId, libraryId, token: (await insertKey({ userId })).secret };
}

let library: Library;
let other: Tenant;
/** Newest first: 2024-12 down to 2024-01, three a month. */
let ids: string[];
let albumId: string;

beforeAll(async () => {
  library = await newLibrary();
  other = await insertTenant();
  const months = ["12", "11", "10", "09", "08", "07", "06", "05", "04", "03", "02", "01"];
  const fields = months.flatMap((month) =>
    ["03", "02", "01"].map((day, index) => ({
      capturedAt: `2024-${month}-${day}T12:00:00`,
      mediaType: index === 0 ? ("video" as const) : ("image" as const),
      rating: index === 1 ? 5 : null,
      position: index === 2 ? ([2.35, 48.85] as [number, number]) : null,
    })),
  );
  ids = await insertAssets(library, fields);
  await insertAssets(library, [{ trashedAt: 1, capturedAt: "2025-01-01T00:00:00" }]);
  albumId = await insertAlbum(library);
  const added = await call("POST", `/api/albums/${albumId}/assets`, {
    token: library.token,
    json: { asset_ids: ids.slice(0, 4) },
  });
  expect(added.status).toBe(200);
});

async function search(query: string): Promise<Body & { ids: string[]; headers: Headers }> {
  const response = await call("GET", `/api/search?${query}`, { token: library.token });
  expect(response.status, query).toBe(200);
  const body = await response.json<Body>();
  return { ...body, ids: body.data.map(({ asset }) => asset.id), headers: response.headers };
}

async function allPages(query: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let page = 1; ; page++) {
    const body = await search(`${query}&limit=${limit}&page=${page}`);
    found.push(...body.ids);
    if (!body.has_more) return found;
  }
}

async function statusOf(query: string): Promise<number> {
  return (await call("GET", `/api/search?${query}`, { token: library.token })).status;
}

const everything = "local_datetime_after=1999-01-01T00:00:00";

describe("GET /api/search by filters", () => {
  it("returns all live matches newest first, whatever the page size", async () => {
    for (const limit of [1, 5, 7, 36, 200]) expect(await allPages(everything, limit)).toEqual(ids);
    const first = await search(`${everything}&limit=36`);
    expect([first.has_more, first.headers.get("x-search-methods")]).toEqual([false, "filters"]);
    expect(first.data.every(({ distance, asset }) => distance === null && asset.metadata === null)).toBe(true);
  });

  it("returns an empty page behind the last one", async () => {
    for (const page of [9, 100, 999_999]) {
      expect(await search(`${everything}&limit=5&page=${page}`)).toMatchObject({ ids: [], has_more: false });
    }
  });

  it("takes every filter, on every page", async () => {
    const videos = ids.filter((_, index) => index % 3 === 0);
    const rated = ids.filter((_, index) => index % 3 === 1);
    const inParis = ids.filter((_, index) => index % 3 === 2);
    expect(await allPages("media_type=video", 2)).toEqual(videos);
    expect(await allPages("ratings=5", 2)).toEqual(rated);
    expect(await allPages("ratings=4,5&media_type=video", 2)).toEqual([]);
    expect(await allPages(`album_id=${albumId}`, 3)).toEqual(ids.slice(0, 4));
    expect(await allPages(`album_id=${albumId}&media_type=video`, 1)).toEqual([ids[0], ids[3]]);
    expect(await allPages(`${everything}&bbox=2,48,3,49`, 2)).toEqual(inParis);
    expect(await allPages(`${everything}&center=2.35,48.85&radius=500`, 5)).toEqual(inParis);
    expect(await allPages("local_datetime_before=2024-03-01T00:00:00", 2)).toEqual(ids.slice(-6));
    expect(await allPages("captured_before=2024-03-01T00:00:00", 2)).toEqual(ids.slice(-6));
    expect(
      await allPages("local_datetime_after=2024-12-01T12:00:00Z&local_datetime_before=2024-12-03T12:00:00Z", 1),
    ).toEqual([ids[1]]);
  });

  it("includes the requested groups only", async () => {
    const { data } = await search(`${everything}&limit=1&include=metadata`);
    expect(data[0]?.asset.metadata).not.toBeNull();
    expect(await statusOf(`${everything}&include=nothing`)).toBe(422);
  });

  it("has 50 hits a page for clients that send parameters of the older generation", async () => {
    const { libraryId, userId, token } = await newLibrary();
    await insertAssets(
      { libraryId, userId },
      Array.from({ length: 60 }, () => ({})),
    );
    const sizes = [];
    for (const query of [everything, "captured_after=2000-01-01T00:00:00", `${everything}&threshold=0.8`]) {
      sizes.push((await (await call("GET", `/api/search?${query}`, { token })).json<Body>()).data.length);
    }
    expect(sizes).toEqual([20, 50, 50]);
  });

  it("needs a criterion, and a place is none", async () => {
    for (const query of [
      "",
      "query=",
      "query=%20%20",
      "bbox=2,48,3,49",
      "center=2,48&radius=10",
      "limit=5",
      "person_ids=",
    ]) {
      expect(await statusOf(query), query).toBe(422);
    }
  });

  it("rejects invalid and contradictory parameters", async () => {
    const invalid = [
      "page=0",
      "page=1000000",
      "page=1.5",
      "limit=0",
      "limit=201",
      "bbox=1,2,3",
      "bbox=2,48,3,49&center=2,48&radius=10",
      "center=2,48",
      "radius=50001&center=2,48",
      "ratings=6",
      "media_type=audio",
      "threshold=3",
      `person_ids=${Array.from({ length: 201 }, () => "person_2222222222222222222222").join(",")}`,
      "local_datetime_after=2024-01-01T00:00:00&local_datetime_before=2025-01-01T00:00:00Z",
      `query=${"x".repeat(1001)}`,
    ];
    for (const query of invalid) expect(await statusOf(`${everything}&${query}`), query).toBe(422);
    const people = Array.from({ length: 200 }, () => "person_2222222222222222222222").join(",");
    expect(await search(`person_ids=${people}`)).toMatchObject({ ids: [], has_more: false });
  });

  it("hides other tenants", async () => {
    expect(await statusOf(`${everything}&library_id=${other.libraryId}`)).toBe(404);
    for (const page of [1, 2]) expect(await statusOf(`album_id=${other.albumId}&page=${page}`)).toBe(404);
  });

  it("finds a page among many months from their counts", async () => {
    const { libraryId, userId, token } = await newLibrary();
    const fields = Array.from({ length: 1500 }, (_, index) => ({
      capturedAt: new Date(Date.UTC(2000, 0, 1) + index * 86_400_000).toISOString().slice(0, 19),
    }));
    const inserted = (await insertAssets({ libraryId, userId }, fields)).toReversed();
    for (const page of [6, 13, 15]) {
      const response = await call("GET", `/api/search?${everything}&limit=100&page=${page}`, { token });
      const { data } = await response.json<Body>();
      expect(data.map(({ asset }) => asset.id)).toEqual(inserted.slice((page - 1) * 100, page * 100));
    }
  });
});

describe("POST /api/search by filters", () => {
  async function post(fields: Record<string, string | string[] | File>, query = ""): Promise<Response> {
    return await call("POST", `/api/search${query}`, { token: library.token, body: searchForm(fields) });
  }

  it("takes the same parameters as form fields, and include in the query string", async () => {
    const response = await post({ media_type: "video", limit: "2", page: "2", query: "" }, "?include=metadata");
    const { data, has_more } = await response.json<Body>();
    expect(data.map(({ asset }) => asset.id)).toEqual([ids[6], ids[9]]);
    expect([has_more, data[0]?.asset.metadata === null]).toEqual([true, false]);
  });

  it("takes lists as repeated fields, with brackets, and comma-separated", async () => {
    for (const fields of [
      { "ratings[]": ["4", "5"] },
      { ratings: ["4", "5"] },
      { ratings: "4,5" },
      { "ratings[]": "5" },
    ]) {
      const { data } = await (await post(fields)).json<Body>();
      expect(data.length).toBe(12);
    }
    const people = Array.from({ length: 200 }, () => "person_2222222222222222222222");
    expect((await post({ "person_ids[]": people })).status).toBe(200);
    expect((await post({ "person_ids[]": [...people, ...people.slice(0, 1)] })).status).toBe(422);
  });

  it("rejects what is no form, and a form without a criterion", async () => {
    const json = await call("POST", "/api/search", { token: library.token, json: { query: "x" } });
    expect(json.status).toBe(415);
    const statuses = [];
    for (const fields of [{}, { limit: "5" }, { media_type: ["image", "video"] }, { page: "0", media_type: "image" }]) {
      statuses.push((await post(fields)).status);
    }
    expect(statuses).toEqual([422, 422, 422, 422]);
    expect((await post({ media_type: "image", query: "x".repeat(70_000) })).status).toBe(422);
  });
});
