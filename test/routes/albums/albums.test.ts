import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { call } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertAssets, insertKey, insertLibrary, insertUser, readEvents } from "../../support/clients/tenants.ts";

interface Album {
  id: string;
  name: string;
  asset_count: number;
  album_cover_asset_id: string | null;
  start_date: string | null;
  end_date: string | null;
  updated_at: string;
}

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await getRootOwner();
});

async function create(json: Record<string, unknown> = { name: crypto.randomUUID() }): Promise<Album> {
  const response = await call("POST", "/api/albums", { json });
  expect(response.status).toBe(201);
  return await response.json<Album>();
}

async function get(id: string): Promise<Album> {
  return await (await call("GET", `/api/albums/${id}`)).json<Album>();
}

async function add(id: string, assetIds: string[]): Promise<void> {
  expect((await call("POST", `/api/albums/${id}/assets`, { json: { asset_ids: assetIds } })).status).toBe(200);
}

async function patch(id: string, json: unknown): Promise<Response> {
  return await call("PATCH", `/api/albums/${id}`, { json });
}

/** Runs `act` and returns the events it recorded and its result. */
async function eventsDuring(act: () => Promise<unknown>) {
  const { lastSeq } = await readEvents();
  await scheduler.wait(2);
  await act();
  return (await readEvents(lastSeq)).events.map(({ event_type, entity_type, entity_id, payload }) => ({
    event_type,
    entity_type,
    entity_id,
    payload,
  }));
}

describe("an album", () => {
  it("is created empty, with or without a name and a description", async () => {
    const album = await create({ name: "Summer", description: "at the sea", library_id: owner.libraryId });
    expect(album).toEqual({
      id: expect.stringMatching(/^album_[2-9A-Za-z]{22}$/),
      name: "Summer",
      description: "at the sea",
      asset_count: 0,
      album_cover_asset_id: null,
      asset_urls: null,
      album_cover_thumbnail_url: null,
      start_date: null,
      end_date: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect(await get(album.id)).toEqual(album);
    const nameless = await create({});
    expect(nameless).toMatchObject({ name: "New Album", description: "" });
    const nulls = await call("POST", "/api/albums", { json: { name: null, description: null, library_id: null } });
    expect([nulls.status, await nulls.json()]).toEqual([200, nameless]);
    for (const json of [{ name: 1 }, { name: "x".repeat(1025) }, { description: [] }, { library_id: "x" }]) {
      expect((await call("POST", "/api/albums", { json })).status, JSON.stringify(json)).toBe(422);
    }
  });

  it("is renamed and described; null clears the description, and the name stays without a new one", async () => {
    const { id } = await create({ name: "a", description: "b" });
    expect(await (await patch(id, { name: "c" })).json()).toMatchObject({ name: "c", description: "b" });
    expect(await (await patch(id, { description: null })).json()).toMatchObject({ name: "c", description: "" });
    expect(await (await patch(id, { name: null, description: "d" })).json()).toMatchObject({
      name: "c",
      description: "d",
    });
    expect(await (await patch(id, { description: "" })).json()).toMatchObject({ name: "c", description: "" });
    for (const json of [
      { name: 7 },
      { description: {} },
      { album_cover_asset_id: "x" },
      { album_cover_asset_id: true },
    ]) {
      expect((await patch(id, json)).status, JSON.stringify(json)).toBe(422);
    }
  });

  it("returns the asset count and date range with UTC offsets", async () => {
    const { id } = await create();
    const assets = await insertAssets(owner, [
      { capturedAt: "2024-07-15T12:00:00-07:00" },
      { capturedAt: "2020-01-01T00:00:00" },
      { capturedAt: "2022-02-02T02:02:02.5+05:30" },
    ]);
    await add(id, assets);
    expect(await get(id)).toMatchObject({
      asset_count: 3,
      album_cover_asset_id: assets[0],
      start_date: "2020-01-01T00:00:00",
      end_date: "2024-07-15T12:00:00-07:00",
    });
    await call("DELETE", `/api/albums/${id}/assets`, { json: { asset_ids: [assets[0], assets[1]] } });
    expect(await get(id)).toMatchObject({
      asset_count: 1,
      album_cover_asset_id: assets[2],
      start_date: "2022-02-02T02:02:02.500+05:30",
      end_date: "2022-02-02T02:02:02.500+05:30",
    });
    await call("DELETE", `/api/albums/${id}/assets`, { json: { asset_ids: [assets[2]] } });
    expect(await get(id)).toMatchObject({
      asset_count: 0,
      album_cover_asset_id: null,
      start_date: null,
      end_date: null,
    });
  });

  it("keeps the chosen cover until it is cleared or its asset leaves", async () => {
    const { id } = await create();
    const [older = "", newer = ""] = await insertAssets(owner, [
      { capturedAt: "2020-01-01T00:00:00" },
      { capturedAt: "2021-01-01T00:00:00" },
    ]);
    await add(id, [older, newer]);
    expect((await get(id)).album_cover_asset_id).toBe(newer);
    expect(await (await patch(id, { album_cover_asset_id: older })).json()).toMatchObject({
      album_cover_asset_id: older,
    });
    expect(await (await patch(id, { name: "covered" })).json()).toMatchObject({ album_cover_asset_id: older });
    expect(await (await patch(id, { album_cover_asset_id: null })).json()).toMatchObject({
      album_cover_asset_id: newer,
    });
    await patch(id, { album_cover_asset_id: older });
    await call("DELETE", `/api/albums/${id}/assets`, { json: { asset_ids: [older] } });
    expect((await get(id)).album_cover_asset_id).toBe(newer);
    await add(id, [older]);
    expect((await get(id)).album_cover_asset_id).toBe(newer);
  });

  it("returns the newest live asset as cover while the chosen one is trashed", async () => {
    const { id } = await create();
    const [older = "", newer = ""] = await insertAssets(owner, [
      { capturedAt: "2020-01-01T00:00:00" },
      { capturedAt: "2021-01-01T00:00:00" },
    ]);
    await add(id, [older, newer]);
    await patch(id, { album_cover_asset_id: older });
    const setTrashed = async (at: number | null) =>
      await env.DB.batch([
        env.DB.prepare("UPDATE assets SET trashed_at = ? WHERE id = ?").bind(at, older),
        env.DB.prepare("UPDATE album_assets SET trashed_at = ? WHERE asset_id = ?").bind(at, older),
      ]);
    await setTrashed(1);
    expect((await get(id)).album_cover_asset_id).toBe(newer);
    await setTrashed(null);
    expect((await get(id)).album_cover_asset_id).toBe(older);
  });

  it("rejects a cover that is not one of its live assets", async () => {
    const { id, name } = await create();
    const [member = "", stranger = "", trashed = ""] = await insertAssets(owner, [{}, {}, { trashedAt: 1 }]);
    await add(id, [member]);
    expect((await patch(id, { album_cover_asset_id: stranger })).status).toBe(422);
    expect((await patch(id, { album_cover_asset_id: trashed })).status).toBe(422);
    expect((await patch(id, { album_cover_asset_id: newId("asset") })).status).toBe(404);
    expect((await patch(id, { name: "half a change", album_cover_asset_id: stranger })).status).toBe(422);
    expect(await get(id)).toMatchObject({ name, album_cover_asset_id: member });
  });

  it("keeps its assets and removes their memberships when deleted", async () => {
    const { id } = await create();
    const other = await create();
    const [only = "", both = ""] = await insertAssets(owner, [{}, {}]);
    await add(id, [only, both]);
    await add(other.id, [both]);
    const inAlbum = async (filter: string) => {
      const page = await call("GET", `/api/assets?include=&ids=${only},${both}&album_filter=${filter}`);
      return (await page.json<{ data: { id: string }[] }>()).data.map((asset) => asset.id).toSorted();
    };
    expect(await inAlbum("in_album")).toEqual([only, both].toSorted());
    expect(await (await call("DELETE", `/api/albums/${id}`)).json()).toEqual({});
    for (const method of ["GET", "DELETE"]) expect((await call(method, `/api/albums/${id}`)).status).toBe(404);
    expect((await patch(id, {})).status).toBe(404);
    expect(await inAlbum("in_album")).toEqual([both]);
    expect(await inAlbum("not_in_album")).toEqual([only]);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM album_assets WHERE album_id = ?").bind(id).first("n")).toBe(
      0,
    );
    expect((await call("GET", `/api/assets/${only}`)).status).toBe(200);
  });
});

describe("GET /api/albums", () => {
  it("lists all albums newest first across pages", async () => {
    const userId = await insertUser();
    await insertLibrary(userId);
    const { secret: token } = await insertKey({ userId });
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const album = await call("POST", "/api/albums", { token, json: { name: `album ${i}` } });
      made.unshift((await album.json<Album>()).id);
      await scheduler.wait(2);
    }
    const pages: { ids: string[]; more: boolean }[] = [];
    let cursor = "";
    do {
      const response = await call("GET", `/api/albums?limit=2${cursor}`, { token });
      const page = await response.json<{ data: Album[]; has_more: boolean }>();
      pages.push({ ids: page.data.map((album) => album.id), more: page.has_more });
      cursor = `&starting_after_id=${page.data.at(-1)?.id}`;
    } while (pages.at(-1)?.more);
    expect(pages.map((page) => page.ids)).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)]);
    const exact = await call("GET", "/api/albums?limit=5", { token });
    expect(await exact.json()).toMatchObject({ has_more: false });
  });

  it("filters by contained asset and by ids", async () => {
    const [asset = "", lonely = ""] = await insertAssets(owner, [{}, {}]);
    const [first, second, third] = [
      await create({ name: "1" }),
      await create({ name: "2" }),
      await create({ name: "3" }),
    ];
    await add(first.id, [asset]);
    await add(third.id, [asset]);
    const list = async (query: string) => {
      const response = await call("GET", `/api/albums?${query}`);
      return (await response.json<{ data: Album[] }>()).data.map((album) => album.name).toSorted();
    };
    expect(await list(`asset_id=${asset}`)).toEqual(["1", "3"]);
    expect(await list(`asset_id=${lonely}`)).toEqual([]);
    expect(await list(`asset_id=${newId("asset")}`)).toEqual([]);
    expect(await list(`ids=${first.id},${second.id}&ids=${newId("album")}`)).toEqual(["1", "2"]);
    expect(await list(`ids=${first.id}&ids=${second.id}&asset_id=${asset}`)).toEqual(["1"]);
  });

  it("rejects invalid limits, ids and cursors", async () => {
    const status = async (query: string) => (await call("GET", `/api/albums?${query}`)).status;
    for (const limit of ["0", "201", "-1", "1.5", "abc", "", "1e2"])
      expect(await status(`limit=${limit}`), limit).toBe(422);
    for (const limit of ["1", "200"]) expect(await status(`limit=${limit}`), limit).toBe(200);
    expect(await status("asset_id=x")).toBe(422);
    expect(await status("starting_after_id=album_x")).toBe(422);
    expect(await status(`starting_after_id=${newId("album")}`)).toBe(400);
    const ids = (count: number) => Array.from({ length: count }, () => newId("album")).join(",");
    expect(await status(`ids=${ids(200)}`)).toBe(200);
    expect(await status(`ids=${ids(201)}`)).toBe(422);
  });
});

describe("the change feed", () => {
  it("records every album change with the contract's payloads", async () => {
    const [older = "", newer = ""] = await insertAssets(owner, [
      { capturedAt: "2020-01-01T00:00:00" },
      { capturedAt: "2021-01-01T00:00:00" },
    ]);
    let id = "";
    const album = (event_type: string, payload: unknown = null) => ({
      event_type,
      entity_type: "album",
      entity_id: id,
      payload,
    });
    const updated = (cover: string | null) => album("album_updated", { album_cover_asset_id: cover });

    const created = await eventsDuring(async () => (id = (await create({ name: "fed" })).id));
    expect(created).toEqual([album("album_created")]);

    const added = await eventsDuring(() => add(id, [older, newer]));
    const memberships = (
      await env.DB.prepare("SELECT id, asset_id FROM album_assets WHERE album_id = ? ORDER BY local_us")
        .bind(id)
        .all<{ id: string }>()
    ).results;
    expect(added).toEqual([
      ...memberships.map((membership) => ({
        event_type: "album_asset_added",
        entity_type: "album_asset",
        entity_id: membership.id,
        payload: null,
      })),
      updated(newer),
    ]);

    expect(await eventsDuring(() => patch(id, { name: "new name" }))).toEqual([updated(newer)]);
    expect(await eventsDuring(() => patch(id, { album_cover_asset_id: older }))).toEqual([updated(older)]);
    expect(await eventsDuring(() => patch(id, { description: "still covered" }))).toEqual([updated(older)]);
    expect(await eventsDuring(() => patch(id, { album_cover_asset_id: null }))).toEqual([updated(newer)]);

    const removed = await eventsDuring(() =>
      call("DELETE", `/api/albums/${id}/assets`, { json: { asset_ids: [newer] } }),
    );
    const linkRemoved = (place: number, asset_id: string) => ({
      event_type: "album_asset_removed",
      entity_type: "album_asset",
      entity_id: memberships[place]?.id,
      payload: { album_id: id, asset_id },
    });
    expect(removed).toEqual([linkRemoved(1, newer), updated(older)]);
    expect(await eventsDuring(() => call("DELETE", `/api/albums/${id}`))).toEqual([
      linkRemoved(0, older),
      album("album_deleted"),
    ]);
    const { events } = await readEvents();
    expect(new Set(events.map((event) => event.library_id))).toContain(owner.libraryId);
  });

  it("records nothing for a call that changes nothing, and updated_at stays the same", async () => {
    const [asset = "", stranger = ""] = await insertAssets(owner, [{}, {}]);
    const { id } = await create({ name: "quiet", description: "d" });
    await add(id, [asset]);
    await patch(id, { album_cover_asset_id: asset });
    const before = await get(id);
    const events = await eventsDuring(async () => {
      await add(id, [asset, newId("asset")]);
      await call("DELETE", `/api/albums/${id}/assets`, { json: { asset_ids: [stranger, newId("asset")] } });
      for (const json of [{}, { name: "quiet" }, { description: "d" }, { name: "quiet", album_cover_asset_id: asset }])
        await patch(id, json);
      await patch(id, { album_cover_asset_id: stranger });
      await call("POST", "/api/albums", { json: { name: 7 } });
    });
    expect(events).toEqual([]);
    expect(await get(id)).toEqual(before);
  });
});
