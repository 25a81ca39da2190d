import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { call } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { seededRandom } from "../../support/random.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
} from "../../support/clients/tenants.ts";

interface Cluster {
  latitude: number;
  longitude: number;
  count: number;
  representative_asset_id: string;
}

interface SeededAsset {
  id: string;
  local_us: number;
  trashed_at: number | null;
  album_count: number;
  media_type: string;
  rating: number | null;
  latitude: number;
  longitude: number;
}

type Box = [west: number, south: number, east: number, north: number];

const random = seededRandom(11);
const randomBelow = (count: number): number => Math.floor(random() * count);
function pick<T>(values: readonly T[]): T {
  const value = values[randomBelow(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

const EARTH: Box = [-180, -90, 180, 90];

/** Random positions: poles, the antimeridian, cell edges, one dense area and anywhere. */
function randomPosition(): [longitude: number, latitude: number] {
  const kind = randomBelow(10);
  if (kind === 0) return [pick([-180, 180, -179.99995, 179.99995]), pick([90, -90, 0, 12.5])];
  if (kind === 1) return [pick([0, 10, 9.999999, -122.4, 0.3]), pick([0, 50, 49.999999, 48.1, 0.1])];
  if (kind < 6) return [11.5 + random() / 1000, 48.1 + random() / 1000];
  if (kind < 8) return [11.5 + random(), 48.1 + random()];
  return [random() * 360 - 180, random() * 180 - 90];
}

let token: string;
let albumId: string;
let seededAssets: SeededAsset[];

beforeAll(async () => {
  const userId = await insertUser();
  const owner = { userId, libraryId: await insertLibrary(userId) };
  token = (await insertKey({ userId, lastUsedAt: Date.now() })).secret;
  albumId = await insertAlbum(owner);
  const ids = await insertAssets(
    owner,
    Array.from({ length: 400 }, (_, i) => ({
      // Few distinct dates, so that ties are broken by id.
      capturedAt: `20${10 + randomBelow(15)}-06-0${1 + randomBelow(3)}T00:00:00`,
      trashedAt: i % 7 === 0 ? 1000 + i : null,
      position: i % 11 === 0 ? null : randomPosition(),
      mediaType: i % 3 === 0 ? ("video" as const) : ("image" as const),
      rating: i % 4 === 0 ? i % 6 : null,
    })),
  );
  const members = JSON.stringify(ids.filter((_, i) => i % 3 === 0));
  await env.DB.batch([
    env.DB.prepare("UPDATE assets SET album_count = 1 WHERE id IN (SELECT value FROM json_each(?))").bind(members),
    env.DB.prepare(
      `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, trashed_at, created_at, updated_at)
       SELECT 'album_' || id, library_id, ?2, id, local_us, trashed_at, 0, 0 FROM assets WHERE id IN (SELECT value FROM json_each(?1))`,
    ).bind(members, albumId),
  ]);
  // Moves some assets between cells and removes the newest asset of others.
  await env.DB.prepare("UPDATE assets SET latitude = 48.1002, longitude = 11.5004 WHERE id IN (?, ?)")
    .bind(ids[0], ids[1])
    .run();
  await env.DB.prepare("UPDATE assets SET trashed_at = 5 WHERE id IN (?, ?, ?)").bind(ids[3], ids[200], ids[399]).run();
  seededAssets = (
    await env.DB.prepare(
      `SELECT id, local_us, trashed_at, album_count, media_type, rating, latitude, longitude FROM assets
       WHERE library_id = ? AND latitude IS NOT NULL`,
    )
      .bind(owner.libraryId)
      .all<SeededAsset>()
  ).results;
});

async function fetchClusters(bbox: Box, cellSize: number, filter = ""): Promise<Cluster[]> {
  const query = `bbox=${bbox.join()}&cell_size=${cellSize}${filter}`;
  const response = await call("GET", `/api/assets/geo-clusters?${query}`, { token });
  expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
  return (await response.json<{ data: Cluster[] }>()).data;
}

function inBox([west, south, east, north]: Box, { latitude, longitude }: SeededAsset): boolean {
  const between = west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
  return between && latitude >= south && latitude <= north;
}

function matches(asset: SeededAsset, filter: URLSearchParams): boolean {
  const state = filter.get("state") ?? "live";
  const microseconds = (name: string): number | null => {
    const text = filter.get(name);
    return text === null ? null : Date.parse(text.endsWith("Z") ? text : `${text}Z`) * 1000;
  };
  const [after, before] = [microseconds("local_datetime_after"), microseconds("local_datetime_before")];
  return (
    (state === "all" || (asset.trashed_at !== null) === (state === "trashed")) &&
    ((filter.get("album_id") === null && filter.get("album_filter") !== "in_album") || asset.album_count > 0) &&
    (filter.get("album_filter") !== "not_in_album" || asset.album_count === 0) &&
    (filter.get("media_type") ?? asset.media_type) === asset.media_type &&
    (filter
      .get("ratings")
      ?.split(",")
      .map(Number)
      .includes(asset.rating ?? 0) ??
      true) &&
    (after === null || asset.local_us > after) &&
    (before === null || asset.local_us < before)
  );
}

/** Reference implementation of the documented grid: anchored at 180° W, 90° S, last cells closed. */
function recount(bbox: Box, cellSize: number, filter = ""): Cluster[] {
  const cells = new Map<number, SeededAsset[]>();
  const index = (degrees: number, span: number): number =>
    Math.min(Math.floor(degrees / cellSize), Math.max(Math.ceil(span / cellSize) - 1, 0));
  const parameters = new URLSearchParams(filter);
  for (const asset of seededAssets.filter((one) => inBox(bbox, one) && matches(one, parameters))) {
    const key = index(asset.latitude + 90, 180) * 10_000_000 + index(asset.longitude + 180, 360);
    cells.set(key, [...(cells.get(key) ?? []), asset]);
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...cells]
    .toSorted(([a], [b]) => a - b)
    .map(([, assets]) => ({
      latitude: expect.closeTo(mean(assets.map((asset) => asset.latitude)), 6) as number,
      longitude: expect.closeTo(mean(assets.map((asset) => asset.longitude)), 6) as number,
      count: assets.length,
      representative_asset_id:
        assets.toSorted((a, b) => b.local_us - a.local_us || (a.id < b.id ? 1 : -1)).at(0)?.id ?? "",
    }));
}

function randomBox(): Box {
  const kind = randomBelow(5);
  if (kind === 0) return EARTH;
  const size = pick([0.0005, 0.02, 1.3, 40]);
  const [longitude, latitude] = randomPosition();
  const south = Math.max(-90, latitude - random() * size);
  const north = Math.min(90, latitude + random() * size);
  if (kind === 1) return [170 - random() * 100, south, random() * 100 - 170, north];
  return [Math.max(-180, longitude - random() * size), south, Math.min(180, longitude + random() * size), north];
}

const FILTERS = [
  "&media_type=image",
  "&media_type=video",
  "&media_type=image&state=all",
  "&media_type=video&state=all&ratings=0",
  "&media_type=video&album_filter=in_album",
  "&ratings=4,5",
  "&state=trashed",
  "&state=all",
  "&album_filter=in_album",
  "&album_filter=not_in_album&state=all",
  "&local_datetime_after=2015-01-01T00:00:00",
  "&local_datetime_before=2018-06-02T00:00:00&local_datetime_after=2012-06-01T00:00:00&state=all",
  "&state=trashed&local_datetime_before=2020-01-01T00:00:00",
  "&state=trashed&local_datetime_after=2011-01-01T00:00:00Z&local_datetime_before=2023-01-01T00:00:00Z",
  "&album_filter=in_album&local_datetime_after=2015-01-01T00:00:00",
];

describe("GET /api/assets/geo-clusters", () => {
  it("matches a recount for 300 viewports and cells of every size", { timeout: 60_000 }, async () => {
    let clusters = 0;
    for (let i = 0; i < 300; i++) {
      const bbox = randomBox();
      const cellSize = randomBelow(2) === 0 ? pick([0.0001, 0.0005, 0.01, 0.1, 1, 10, 45]) : 10 ** (random() * 6 - 4);
      const filter =
        randomBelow(2) === 0 ? "" : pick([...FILTERS, `&album_id=${albumId}`, `&album_id=${albumId}&state=all`]);
      const expected = recount(bbox, cellSize, filter);
      expect(await fetchClusters(bbox, cellSize, filter), `${bbox.join()} ${cellSize} ${filter}`).toEqual(expected);
      clusters += expected.length;
    }
    expect(clusters).toBeGreaterThan(1000);
  });

  it("counts as many assets as the list with the same bbox", async () => {
    for (const bbox of [
      EARTH,
      [11.5, 48.1, 11.5005, 48.1005],
      [179, -90, -179, 90],
      [180, -90, -180, 90],
      [-180, 90, 180, 90],
    ] satisfies Box[]) {
      const clusters = await fetchClusters(bbox, 0.37);
      let listed = 0;
      let cursor = "";
      for (let more = true; more;) {
        const response = await call("GET", `/api/assets?include=&limit=200&bbox=${bbox.join()}${cursor}`, { token });
        const page = await response.json<{ data: { id: string }[]; has_more: boolean }>();
        listed += page.data.length;
        more = page.has_more;
        cursor = `&starting_after_id=${page.data.at(-1)?.id}`;
      }
      expect(clusters.reduce((sum, cluster) => sum + cluster.count, 0)).toBe(listed);
    }
  });

  it("returns the same cells while the viewport moves", async () => {
    const initial = await fetchClusters([11, 48, 13, 50], 0.25);
    const moved = await fetchClusters([10.9, 47.9, 13.1, 50.1], 0.25);
    expect(moved).toEqual(expect.arrayContaining(initial));
  });

  it("never averages positions across the antimeridian", async () => {
    const clusters = await fetchClusters([170, -90, -170, 90], 45);
    expect(clusters.length).toBeGreaterThan(1);
    for (const { longitude } of clusters) expect(Math.abs(longitude)).toBeGreaterThanOrEqual(170);
  });

  it("returns one cluster for the whole Earth if the cell is larger", async () => {
    const live = seededAssets.filter((asset) => asset.trashed_at === null).length;
    for (const cellSize of ["360", "1e6", "%2B1.0E3", "1e308"]) {
      const response = await call("GET", `/api/assets/geo-clusters?bbox=${EARTH.join()}&cell_size=${cellSize}`, {
        token,
      });
      expect((await response.json<{ data: Cluster[] }>()).data).toMatchObject([{ count: live }]);
    }
  });

  it("returns nothing for a person and nothing for an empty area", async () => {
    expect(await fetchClusters(EARTH, 10, `&person_ids=${newId("person")}`)).toEqual([]);
    expect(await fetchClusters([-50, 30, -50, 30], 10)).toEqual([]);
  });
});

describe("a result of more than 1,000 cells", () => {
  let crowded: string;
  let owner: { userId: string; libraryId: string };
  beforeAll(async () => {
    const userId = await insertUser();
    owner = { userId, libraryId: await insertLibrary(userId) };
    crowded = (await insertKey({ userId, lastUsedAt: Date.now() })).secret;
    // 1,000 live assets in a square degree and one in the trash.
    await insertAssets(owner, [
      ...Array.from({ length: 1000 }, (_, i) => ({
        position: [10.005 + (i % 40) * 0.01, 50.005 + Math.floor(i / 40) * 0.01] as [number, number],
      })),
      { position: [10.9, 50.9] as [number, number], trashedAt: 1 },
    ]);
  });
  const get = async (query: string): Promise<Response> =>
    await call("GET", `/api/assets/geo-clusters?${query}`, { token: crowded });

  it("returns 422 with advice; exactly 1,000 cells are returned", async () => {
    const response = await get("bbox=10,50,11,51&cell_size=0.01");
    expect(response.status).toBe(200);
    expect((await response.json<{ data: Cluster[] }>()).data).toHaveLength(1000);
    const body = await expectError(await get("bbox=10,50,11,51&cell_size=0.01&state=all"), 422);
    expect(body.message).toContain("larger cell_size");
    expect(body.detail).toEqual([expect.objectContaining({ loc: ["query", "cell_size"] })]);
    await insertAssets(owner, [{ position: [10.9, 50.9] }]);
    await expectError(await get("bbox=10,50,11,51&cell_size=0.01"), 422);
    await expectError(await get(`bbox=${EARTH.join()}&cell_size=0.0001`), 422);
    expect((await get(`bbox=${EARTH.join()}&cell_size=0.1`)).status).toBe(200);
  });

  it("counts only non-empty cells: a fine grid over an empty area is accepted", async () => {
    expect(await (await get("bbox=-60,0,-20,40&cell_size=0.0001")).json()).toEqual({ data: [] });
  });
});

describe("invalid map queries", () => {
  const good = "bbox=0,0,1,1&cell_size=1";
  it.each([
    ["cell_size=1", "bbox"],
    ["bbox=0,0,1,1", "cell_size"],
    ["bbox=&cell_size=1", "bbox"],
    ["bbox=0,0,1&cell_size=1", "bbox"],
    ["bbox=0,0,1,1,1&cell_size=1", "bbox"],
    ["bbox=0,0,181,1&cell_size=1", "bbox"],
    ["bbox=0,-91,1,1&cell_size=1", "bbox"],
    ["bbox=0,2,1,1&cell_size=1", "bbox"],
    ["bbox=a,b,c,d&cell_size=1", "bbox"],
    ["bbox=0,0,1,1&bbox=0,0,1,1&cell_size=1", "bbox"],
    ["bbox=0,0,1,1&cell_size=0.00009", "cell_size"],
    ["bbox=0,0,1,1&cell_size=0", "cell_size"],
    ["bbox=0,0,1,1&cell_size=-1", "cell_size"],
    ["bbox=0,0,1,1&cell_size=", "cell_size"],
    ["bbox=0,0,1,1&cell_size=NaN", "cell_size"],
    ["bbox=0,0,1,1&cell_size=1e999", "cell_size"],
    [`${good}&state=gone`, "state"],
    [`${good}&media_type=audio`, "media_type"],
    [`${good}&album_filter=not_in_album&album_id=album_BM3nUmJ6fkBqBADyz5FEiu`, "album_filter"],
    [`${good}&local_datetime_after=2024-01-01T00:00:00Z&local_datetime_before=2024-02-01`, "local_datetime_before"],
    [`${good}&person_ids=person_1`, "person_ids"],
    [`${good}&person_ids=${Array.from({ length: 201 }, () => "person_BM3nUmJ6fkBqBADyz5FEiu").join()}`, "person_ids"],
  ])("%s returns 422", async (query, parameter) => {
    const body = await expectError(await call("GET", `/api/assets/geo-clusters?${query}`, { token }), 422);
    expect(body.detail).toEqual(
      expect.arrayContaining([expect.objectContaining({ loc: expect.arrayContaining([parameter]) })]),
    );
  });

  it("return 404 for foreign and unknown ids", async () => {
    const stranger = await insertTenant();
    for (const query of [
      `library_id=${stranger.libraryId}`,
      `album_id=${stranger.albumId}`,
      `album_id=${newId("album")}`,
      `library_id=${newId("library")}`,
    ]) {
      await expectError(await call("GET", `/api/assets/geo-clusters?${good}&${query}`, { token }), 404);
    }
  });
});
