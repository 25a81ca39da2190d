import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../../support/clients/api.ts";
import { insertAssets, insertKey, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

let token: string;
/** By rating: null, 0 to 5. All but the last have a position; the odd ones are videos. */
const ids = new Map<number | null, string>();
const RATINGS = [null, 0, 1, 2, 3, 4, 5];

beforeAll(async () => {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  token = (await insertKey({ userId, lastUsedAt: Date.now() })).secret;
  const rows = RATINGS.map((rating, i) => ({
    rating,
    capturedAt: `2024-05-${20 - i}T00:00:00`,
    mediaType: i % 2 === 1 ? ("video" as const) : ("image" as const),
    position: [10 + i / 100, 50] as [number, number],
  }));
  const inserted = await insertAssets({ userId, libraryId }, rows);
  for (const [i, rating] of RATINGS.entries()) ids.set(rating, inserted[i] ?? "");
});

const GEO = "geo-clusters?bbox=-180,-90,180,90&cell_size=10&";

async function listed(query: string): Promise<string[]> {
  const response = await call("GET", `/api/assets?${query}`, { token });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json<{ data: { id: string }[] }>()).data.map(({ id }) => id);
}

async function onMap(query: string): Promise<number> {
  const response = await call("GET", `/api/assets/${GEO}${query}`, { token });
  expect(response.status, await response.clone().text()).toBe(200);
  const { data } = await response.json<{ data: { count: number }[] }>();
  return data.reduce((sum, { count }) => sum + count, 0);
}

const idsOf = (...ratings: (number | null)[]): string[] => ratings.map((rating) => ids.get(rating) ?? "");

describe("the ratings filter of lists and the map", () => {
  it.each([
    { query: "ratings=5", ratings: [5] },
    { query: "ratings=5&ratings=4", ratings: [4, 5] },
    { query: "ratings=5,4", ratings: [4, 5] },
    { query: "ratings=5,5,%204", ratings: [4, 5] },
    { query: "ratings[]=5&ratings[]=4", ratings: [4, 5] },
    { query: "ratings%5B%5D=5&ratings%5B%5D=4", ratings: [4, 5] },
    { query: "ratings%5b%5d=5&ratings=1", ratings: [1, 5] },
    { query: "ratings=0", ratings: [null, 0] },
    { query: "ratings=0&ratings=3", ratings: [null, 0, 3] },
    { query: "ratings=0,1,2,3,4,5", ratings: RATINGS },
    { query: "ratings=1,2,3,4,5", ratings: [1, 2, 3, 4, 5] },
  ])("matches exactly the assets with one of the ratings: $query", async ({ query, ratings }) => {
    expect(await listed(query)).toEqual(idsOf(...ratings));
    expect(await onMap(query)).toBe(ratings.length);
    const box = "bbox=9,49,11,51";
    expect(await listed(`${query}&${box}`)).toEqual(idsOf(...ratings));
  });

  it("is combined with other filters", async () => {
    expect(await listed("ratings=5&media_type=video")).toEqual([]);
    expect(await listed("ratings=5,4&media_type=video")).toEqual(idsOf(4));
    expect(await listed("ratings=0&album_filter=in_album")).toEqual([]);
    expect(await listed("ratings=0,5&state=all&order=asc")).toEqual(idsOf(5, 0, null));
    expect(await listed(`ratings=4,5&ids=${idsOf(1, 4).join()}`)).toEqual(idsOf(4));
    expect(await listed("ratings=4,5&bbox=10.055,49,11,51")).toEqual(idsOf(5));
    expect(await onMap("ratings=4,5&local_datetime_after=2024-05-14T12:00:00")).toBe(1);
  });

  it.each(["-1", "6", "2.5", "", "five", "null", "5,6", "05", "5&ratings=9"])("refuses %o with 422", async (value) => {
    for (const name of ["ratings", "ratings[]"]) {
      const path = `/api/assets?${name}=${value}`;
      expect((await call("GET", path, { token })).status, path).toBe(422);
      const geo = `/api/assets/${GEO}${name}=${value}`;
      expect((await call("GET", geo, { token })).status, geo).toBe(422);
    }
  });
});
