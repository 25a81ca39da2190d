/** `person_ids` in the list, counts and the map, together with every other filter, compared with a model. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { call } from "../../support/clients/api.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
} from "../../support/clients/tenants.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";
import { seededRandom } from "../../support/random.ts";

const COUNT = 240;
const CROWD = 24;
const random = seededRandom(1545);
const below = (count: number): number => Math.floor(random() * count);

interface Model {
  id: string;
  local: string;
  mediaType: "image" | "video";
  trashedAt: number | null;
  rating: number | null;
  position: [number, number] | null;
  people: Set<string>;
  inAlbum: boolean;
}

let secret: string;
let libraryId: string;
let albumId: string;
let people: string[];
let crowd: string[];
let foreign: string;
let assets: Model[];

beforeAll(async () => {
  const userId = await insertUser();
  libraryId = await insertLibrary(userId);
  ({ secret } = await insertKey({ userId }));
  const owner = { userId, libraryId };
  albumId = await insertAlbum(owner);
  const fields = Array.from({ length: COUNT }, (_, i) => ({
    capturedAt: `20${20 + below(3)}-${String(1 + below(12)).padStart(2, "0")}-${10 + below(15)}T10:00:00`,
    mediaType: i % 4 === 0 ? ("video" as const) : ("image" as const),
    trashedAt: i % 6 === 5 ? 1000 + below(50) : null,
    rating: i % 3 === 0 ? below(6) : null,
    position: i % 2 === 0 ? ([10 + below(4), 50 + below(4)] as [number, number]) : null,
  }));
  const ids = await insertAssets(owner, fields);
  people = await Promise.all(Array.from({ length: 5 }, async () => await insertPerson(owner)));
  crowd = (await Promise.all(Array.from({ length: CROWD }, async () => await insertPerson(owner)))).toSorted();
  const other = await insertTenant();
  foreign = await insertPerson(other);
  await insertFaces(other, [{ assetId: other.assetId, personId: foreign }]);
  assets = ids.map((id, i) => ({
    id,
    local: fields[i]?.capturedAt ?? "",
    mediaType: fields[i]?.mediaType ?? "image",
    trashedAt: fields[i]?.trashedAt ?? null,
    rating: fields[i]?.rating ?? null,
    position: fields[i]?.position ?? null,
    people: new Set(people.filter((_, p) => below(p + 2) === 0)),
    inAlbum: below(3) === 0,
  }));
  // The first 20 people on each of these photos are paired: those in the middle of the order of ids.
  for (const asset of assets.slice(0, 12))
    asset.people = new Set([...crowd.slice(2, 22), ...crowd.slice(0, 2), ...crowd.slice(22), ...people.slice(0, 2)]);
  await insertFaces(
    owner,
    assets.flatMap(({ id, people: shown }) =>
      [...shown].flatMap((personId, p) => Array.from({ length: 1 + (p % 2) }, () => ({ assetId: id, personId }))),
    ),
  );
  const members = assets.filter(({ inAlbum }) => inAlbum);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, trashed_at, created_at, updated_at)
       SELECT r.value ->> 1, ?1, ?2, a.id, a.local_us, a.trashed_at, 0, 0 FROM json_each(?3) r JOIN assets a ON a.id = r.value ->> 0`,
    ).bind(libraryId, albumId, JSON.stringify(members.map(({ id }) => [id, newId("albumAsset")]))),
    env.DB.prepare(
      "UPDATE assets SET album_count = 1 WHERE id IN (SELECT asset_id FROM album_assets WHERE album_id = ?)",
    ).bind(albumId),
    env.DB.prepare(
      "UPDATE albums SET asset_count = (SELECT count(*) FROM album_assets WHERE album_id = ?1 AND trashed_at IS NULL) WHERE id = ?1",
    ).bind(albumId),
  ]);
});

interface Query {
  people: string[];
  parameters: Record<string, string>;
  matches: (asset: Model) => boolean;
}

const box = { west: 10, south: 50, east: 12, north: 51 };

/** Filters beside people, each with its condition. */
const filters: [Record<string, string>, (asset: Model) => boolean][] = [
  [{}, () => true],
  [{ media_type: "image" }, ({ mediaType }) => mediaType === "image"],
  [{ ratings: "3,4,5" }, ({ rating }) => (rating ?? 0) >= 3],
  [{ ratings: "0" }, ({ rating }) => (rating ?? 0) === 0],
  [
    { local_datetime_after: "2021-01-15T00:00:00", local_datetime_before: "2022-06-20T00:00:00" },
    ({ local }) => local > "2021-01-15T00:00:00" && local < "2022-06-20T00:00:00",
  ],
  [{ album_filter: "in_album" }, ({ inAlbum }) => inAlbum],
  [{ album_filter: "not_in_album" }, ({ inAlbum }) => !inAlbum],
];
const albumFilter = (): [Record<string, string>, (asset: Model) => boolean] => [
  { album_id: albumId },
  ({ inAlbum }) => inAlbum,
];
const boxFilter: [Record<string, string>, (asset: Model) => boolean] = [
  { bbox: Object.values(box).join(",") },
  ({ position }) => position !== null && position[0] <= box.east && position[1] <= box.north,
];
const states: [Record<string, string>, (asset: Model) => boolean][] = [
  [{}, ({ trashedAt }) => trashedAt === null],
  [{ state: "trashed" }, ({ trashedAt }) => trashedAt !== null],
  [{ state: "all" }, () => true],
];

function randomQuery(extra: [Record<string, string>, (asset: Model) => boolean][]): Query {
  const names = [...people, crowd[0] ?? "", crowd[1] ?? "", crowd.at(-1) ?? ""];
  const chosen = names.toSorted(() => random() - 0.5).slice(0, 1 + below(4));
  const parts = [filters[below(filters.length)], states[below(3)], ...extra.filter(() => random() < 0.4)].filter(
    (part) => part !== undefined,
  );
  // An asset in an album can't be in none.
  const fields = parts.map(([parameters]) => parameters);
  const isContradictory =
    fields.some((each) => each["album_filter"] === "not_in_album") &&
    fields.some((each) => each["album_id"] !== undefined);
  if (isContradictory) return randomQuery(extra);
  return {
    people: chosen,
    parameters: Object.assign({}, ...fields) as Record<string, string>,
    matches: (asset) => chosen.every((id) => asset.people.has(id)) && parts.every(([, matches]) => matches(asset)),
  };
}

async function get(path: string, query: Query, more: Record<string, string> = {}): Promise<unknown> {
  const parameters = new URLSearchParams({
    library_id: libraryId,
    person_ids: query.people.join(","),
    ...query.parameters,
    ...more,
  });
  const response = await call("GET", `${path}?${parameters.toString()}`, { token: secret });
  const body = await response.json();
  if (response.status !== 200) throw new Error(`${parameters.toString()}: ${response.status} ${JSON.stringify(body)}`);
  return body;
}

const page = z.object({ data: z.array(z.object({ id: z.string() })), has_more: z.boolean() });

async function listAll(query: Query, order: "asc" | "desc"): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const last = ids.at(-1);
    const more = { include: "", limit: "7", order, ...(last === undefined ? {} : { starting_after_id: last }) };
    const { data, has_more } = page.parse(await get("/api/assets", query, more));
    ids.push(...data.map(({ id }) => id));
    if (!has_more) return ids;
  }
}

function expectedIds(query: Query, order: "asc" | "desc"): string[] {
  const isTrash = query.parameters["state"] === "trashed";
  const keyOf = ({ id, local, trashedAt }: Model): string => (isTrash ? String(trashedAt) : local) + id;
  const sign = order === "asc" ? 1 : -1;
  return assets
    .filter(query.matches)
    .toSorted((a, b) => sign * (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({ id }) => id);
}

describe("person_ids", () => {
  it("lists the assets that show all of the people, with every other filter, in both orders", async () => {
    let found = 0;
    for (let i = 0; i < 120; i++) {
      const query = randomQuery([albumFilter(), boxFilter]);
      const order = below(2) === 0 ? "asc" : "desc";
      const ids = await listAll(query, order);
      expect(ids, JSON.stringify([query.people, query.parameters, order])).toEqual(expectedIds(query, order));
      if (query.people.length > 1) found += ids.length;
    }
    expect(found).toBeGreaterThan(100);
  });

  it("finds a crowd's people who are not paired", async () => {
    const matches = (asset: Model) => asset.trashedAt === null && asset.people.has(crowd[0] ?? "");
    const query = { people: crowd.slice(5, 7), parameters: {}, matches };
    expect(expectedIds(query, "desc").length).toBeGreaterThan(5);
    for (const chosen of [
      [5, 6],
      [0, 5],
      [5, 23],
      [0, 23],
      [22, 23],
      [0, 1],
      [0, 5, 6],
      [5, 6, 23],
    ]) {
      const pair = { ...query, people: chosen.map((i) => crowd[i] ?? "") };
      expect(await listAll(pair, "desc"), chosen.join()).toEqual(expectedIds(query, "desc"));
    }
    const everyone = { ...query, people: crowd };
    expect(await listAll(everyone, "desc")).toEqual(expectedIds(query, "desc"));
  });

  it("counts assets by day, week, month and year", async () => {
    const counts = z.object({ data: z.array(z.object({ time_bucket: z.string(), count: z.number() })) });
    const startOf = (local: string, grouping: string): string => {
      const date = new Date(`${local}Z`);
      if (grouping === "year") return local.slice(0, 4);
      if (grouping === "month") return local.slice(0, 7);
      if (grouping === "week") date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
      return date.toISOString().slice(0, 10);
    };
    for (let i = 0; i < 80; i++) {
      const query = randomQuery([albumFilter(), boxFilter]);
      const grouping = ["day", "week", "month", "year"][below(4)] ?? "";
      const body = counts.parse(await get("/api/assets/counts", query, { group_by: grouping, limit: "200" }));
      const sums = new Map<string, number>();
      for (const asset of assets.filter(query.matches)) {
        const key = startOf(asset.local, grouping);
        sums.set(key, (sums.get(key) ?? 0) + 1);
      }
      const length = { year: 4, month: 7 }[grouping] ?? 10;
      expect(
        new Map(body.data.map(({ time_bucket, count }) => [time_bucket.slice(0, length), count])),
        JSON.stringify([query.people, query.parameters, grouping]),
      ).toEqual(sums);
    }
  });

  it("clusters assets on the map", async () => {
    const clusters = z.object({ data: z.array(z.object({ count: z.number() })) });
    for (let i = 0; i < 60; i++) {
      const query = randomQuery([albumFilter()]);
      const [bbox, isInside] =
        i % 2 === 0 ? ["-180,-90,180,90", () => true] : [Object.values(box).join(","), boxFilter[1]];
      const { data } = clusters.parse(await get("/api/assets/geo-clusters", query, { bbox, cell_size: "5" }));
      const matches = assets.filter((asset) => query.matches(asset) && asset.position !== null && isInside(asset));
      expect(
        data.reduce((sum, { count }) => sum + count, 0),
        JSON.stringify([query.people, query.parameters]),
      ).toBe(matches.length);
    }
  });

  it("matches nothing for an unknown person, and for one of another library", async () => {
    for (const stranger of [newId("person"), foreign]) {
      for (const chosen of [[stranger], [stranger, people[0] ?? ""], [...people.slice(0, 3), stranger]]) {
        const query = { people: chosen, parameters: {}, matches: () => false };
        expect(await listAll(query, "desc")).toEqual([]);
        const month = await get("/api/assets/counts", query);
        const day = await get("/api/assets/counts", query, { group_by: "day" });
        const map = await get("/api/assets/geo-clusters", query, { bbox: "-180,-90,180,90", cell_size: "5" });
        expect([month, day, map]).toEqual([{ data: [], has_more: false }, { data: [], has_more: false }, { data: [] }]);
      }
    }
  });

  it("takes 200 people together with every other filter", async () => {
    const chosen = [...crowd, ...Array.from({ length: 200 - crowd.length }, () => newId("person"))];
    const parameters = {
      album_id: albumId,
      state: "all",
      media_type: "image",
      ratings: "1,2",
      bbox: "-170,-80,170,80",
    };
    const query = { people: chosen, parameters, matches: () => false };
    expect(await listAll(query, "desc")).toEqual([]);
    const { album_id: _albumId, ...others } = parameters;
    expect(await listAll({ ...query, parameters: { ...others, bbox: Object.values(box).join(",") } }, "asc")).toEqual(
      [],
    );
    const tooMany = [...chosen, newId("person")].join(",");
    const response = await call("GET", `/api/assets?library_id=${libraryId}&person_ids=${tooMany}`, { token: secret });
    expect(response.status).toBe(422);
  });

  it("is called person_id by the first clients", async () => {
    const query = {
      people: [people[0] ?? ""],
      parameters: {},
      matches: (asset: Model) => asset.trashedAt === null && asset.people.has(people[0] ?? ""),
    };
    const response = await call("GET", `/api/assets?library_id=${libraryId}&person_id=${people[0]}&limit=500`, {
      token: secret,
    });
    const { data } = page.parse(await response.json());
    expect(data.map(({ id }) => id)).toEqual(expectedIds(query, "desc"));
  });

  it("narrows a list of ids, and a stack", async () => {
    const [first, second] = assets.filter((asset) => asset.people.has(people[0] ?? "") && asset.trashedAt === null);
    const without = assets.find((asset) => !asset.people.has(people[0] ?? "") && asset.trashedAt === null);
    const ids = [first, second, without].map((asset) => asset?.id ?? "");
    const query = { people: [people[0] ?? ""], parameters: { ids: ids.join(",") }, matches: () => true };
    expect((await listAll(query, "desc")).toSorted()).toEqual(ids.slice(0, 2).toSorted());
    const stackId = newId("stack");
    await env.DB.prepare("UPDATE assets SET stack_id = ?1 WHERE id IN (SELECT value FROM json_each(?2))")
      .bind(stackId, JSON.stringify(ids))
      .run();
    const stacked = { people: [people[0] ?? ""], parameters: { stack_id: stackId }, matches: () => true };
    expect((await listAll(stacked, "desc")).toSorted()).toEqual(ids.slice(0, 2).toSorted());
  });
});
