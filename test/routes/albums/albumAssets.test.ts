import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { insertAlbum, insertAssets, insertLibrary, readEvents } from "../../support/clients/tenants.ts";

interface Added {
  added_assets: string[];
  duplicate_assets: string[];
  not_found_assets: string[];
}

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await getRootOwner();
});

async function add(albumId: string, assetIds: unknown): Promise<Response> {
  return await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: assetIds } });
}

async function remove(albumId: string, assetIds: unknown): Promise<Response> {
  return await call("DELETE", `/api/albums/${albumId}/assets`, { json: { asset_ids: assetIds } });
}

async function countOf(albumId: string): Promise<number> {
  return (await (await call("GET", `/api/albums/${albumId}`)).json<{ asset_count: number }>()).asset_count;
}

describe("POST /api/albums/{id}/assets", () => {
  it("reports added, duplicate and unknown ids", async () => {
    const albumId = await insertAlbum(owner);
    const elsewhere = { userId: owner.userId, libraryId: await insertLibrary(owner.userId, "elsewhere") };
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(elsewhere.libraryId).run();
    const [a = "", b = "", trashed = ""] = await insertAssets(owner, [{}, {}, { trashedAt: 1 }]);
    const [other = ""] = await insertAssets(elsewhere, [{}]);
    expect(await (await add(albumId, [a])).json()).toEqual({
      added_assets: [a],
      duplicate_assets: [],
      not_found_assets: [],
    });
    const unknown = newId("asset");
    expect(await (await add(albumId, [b, a, unknown, trashed, other, b])).json()).toEqual({
      added_assets: [b],
      duplicate_assets: [a],
      not_found_assets: [unknown, trashed, other],
    });
    expect(await countOf(albumId)).toBe(2);
  });

  it("accepts 1 to 200 valid ids", async () => {
    const albumId = await insertAlbum(owner);
    const many = await insertAssets(
      owner,
      Array.from({ length: 201 }, () => ({})),
    );
    for (const ids of [[], many, ["x"], [null], "asset_x", null, [newId("album")]]) {
      for (const act of [add, remove]) expect((await act(albumId, ids)).status).toBe(422);
    }
    expect(await countOf(albumId)).toBe(0);
    const response = await (await add(albumId, many.slice(0, 200))).json<Added>();
    expect(response.added_assets).toEqual(many.slice(0, 200));
    expect(await countOf(albumId)).toBe(200);
    expect((await remove(albumId, many.slice(0, 200))).status).toBe(200);
    expect(await countOf(albumId)).toBe(0);
  });

  it("keeps the count correct under concurrent additions and removals", async () => {
    const albumId = await insertAlbum(owner);
    const ids = await insertAssets(
      owner,
      Array.from({ length: 20 }, () => ({})),
    );
    const responses = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => await (await add(albumId, ids.slice(i, i + 12))).json<Added>()),
    );
    const added = responses.flatMap((response) => response.added_assets);
    expect(added.toSorted()).toEqual(ids.slice(0, 19).toSorted());
    expect(await countOf(albumId)).toBe(19);
    await Promise.all([
      remove(albumId, ids.slice(0, 10)),
      remove(albumId, ids.slice(5, 15)),
      add(albumId, ids.slice(19)),
    ]);
    expect(await countOf(albumId)).toBe(5);
    const { results } = await env.DB.prepare(
      "SELECT album_count AS n FROM assets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
    )
      .bind(JSON.stringify(ids))
      .all<{ n: number }>();
    expect(results.filter((row) => row.n === 1)).toHaveLength(5);
    expect(results.every((row) => row.n === 0 || row.n === 1)).toBe(true);
  });

  it("uses the same number of statements for any number of assets, as does removal", async () => {
    const albumId = await insertAlbum(owner);
    const ids = await insertAssets(
      owner,
      Array.from({ length: 100 }, () => ({})),
    );
    const counted = countingD1(env.DB);
    const measure = async (method: string, assetIds: string[]) => {
      counted.reset();
      await call(method, `/api/albums/${albumId}/assets`, {
        json: { asset_ids: assetIds },
        env: { DB: counted.binding },
      });
      return { roundTrips: counted.counts.roundTrips, statements: counted.counts.statements.length };
    };
    // Authentication accounts for one of each.
    for (const [method, cost] of [
      ["POST", { roundTrips: 3, statements: 7 }],
      ["DELETE", { roundTrips: 3, statements: 6 }],
    ] as const) {
      expect(await measure(method, ids.slice(0, 1))).toEqual(cost);
      expect(await measure(method, ids)).toEqual(cost);
    }
  });

  it("leaves no membership, count or event if the album is deleted concurrently", async () => {
    const albumId = await insertAlbum(owner);
    const [asset = ""] = await insertAssets(owner, [{}]);
    let before = 0;
    const deleteFirst = new Proxy(env.DB, {
      get(target, name) {
        if (name !== "withSession") return Reflect.get(target, name, target) as unknown;
        return (constraint: string) => {
          const session = target.withSession(constraint);
          return {
            prepare: (sql: string) => session.prepare(sql),
            getBookmark: () => session.getBookmark(),
            batch: async (statements: D1PreparedStatement[]) => {
              await env.DB.prepare("DELETE FROM albums WHERE id = ?").bind(albumId).run();
              before = (await readEvents()).lastSeq;
              return await session.batch(statements);
            },
          };
        };
      },
    });
    const response = await call("POST", `/api/albums/${albumId}/assets`, {
      json: { asset_ids: [asset] },
      env: { DB: deleteFirst },
    });
    expect(response.status).toBeLessThan(500);
    expect((await readEvents(before)).events).toEqual([]);
    const rows = await env.DB.prepare("SELECT album_count AS n FROM assets WHERE id = ?").bind(asset).all();
    expect(rows.results).toEqual([{ n: 0 }]);
  });
});

describe("DELETE /api/albums/{id}/assets", () => {
  it("ignores non-members and can be repeated", async () => {
    const albumId = await insertAlbum(owner);
    const [a = "", b = "", stranger = ""] = await insertAssets(owner, [{}, {}, {}]);
    await add(albumId, [a, b]);
    for (let i = 0; i < 2; i++) {
      const response = await remove(albumId, [a, stranger, newId("asset")]);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({});
      expect(await countOf(albumId)).toBe(1);
    }
    expect(await (await add(albumId, [a])).json()).toMatchObject({ added_assets: [a] });
  });
});

describe("GET /api/albums/{id}/assets", () => {
  let albumId: string;
  let newestFirst: string[];
  beforeAll(async () => {
    albumId = await insertAlbum(owner);
    const minute = (i: number) => new Date(Date.UTC(2024, 0, 1) + i * 60_000).toISOString().slice(0, 19);
    const ids = await insertAssets(
      owner,
      Array.from({ length: 450 }, (_, i) => ({ capturedAt: minute(i), trashedAt: i === 7 ? 1 : null })),
    );
    const live = ids.filter((_, i) => i !== 7);
    for (let i = 0; i < 450; i += 200) await add(albumId, live.slice(i, i + 200));
    newestFirst = live.toReversed();
  });

  async function read(query = ""): Promise<Response> {
    return await call("GET", `/api/albums/${albumId}/assets${query}`);
  }

  const idsOf = async (response: Response) => (await response.json<{ id: string }[]>()).map((asset) => asset.id);

  it("returns a bare JSON array of all assets, newest first", async () => {
    const response = await read();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-d1-bookmark")).not.toBeNull();
    expect(await idsOf(response)).toEqual(newestFirst);
  });

  it("reads pages of 1,000 from the database as the client consumes them", async () => {
    const largeId = await insertAlbum(owner);
    const members = await insertAssets(
      owner,
      Array.from({ length: 2100 }, () => ({})),
    );
    await sqlAll(
      `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, created_at, updated_at)
       SELECT 'album_asset_' || substr(a.id, 7), a.library_id, ?, a.id, a.local_us, 0, 0
       FROM json_each(?) w CROSS JOIN assets a ON a.id = w.value`,
      largeId,
      JSON.stringify(members),
    );
    const counted = countingD1(env.DB);
    const open = async (query: string) =>
      await call("GET", `/api/albums/${largeId}/assets${query}`, { env: { DB: counted.binding } });
    for (const [query, found, trips] of [
      ["?limit=1", 1, 1],
      ["?limit=1000", 1000, 1],
      ["", 2100, 3],
    ] as const) {
      counted.reset();
      expect(await idsOf(await open(query))).toHaveLength(found);
      expect(counted.counts.roundTrips, query).toBe(trips);
    }
    counted.reset();
    const reader = (await open("")).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(counted.counts.roundTrips, "a client that disconnects").toBe(1);
  });

  it("honours limit and starting_after_id", async () => {
    expect(await idsOf(await read("?limit=3"))).toEqual(newestFirst.slice(0, 3));
    expect(await idsOf(await read("?limit=250"))).toEqual(newestFirst.slice(0, 250));
    expect(await idsOf(await read("?limit=1000"))).toEqual(newestFirst);
    expect(await idsOf(await read(`?limit=2&starting_after_id=${newestFirst[249]}`))).toEqual(
      newestFirst.slice(250, 252),
    );
    expect(await idsOf(await read(`?starting_after_id=${newestFirst[447]}`))).toEqual(newestFirst.slice(448));
    expect(await idsOf(await read(`?starting_after_id=${newestFirst.at(-1)}`))).toEqual([]);
  });

  it("rejects an invalid limit or cursor before the array starts", async () => {
    for (const limit of ["0", "1001", "abc", "1.5", "-1", ""])
      expect((await read(`?limit=${limit}`)).status, limit).toBe(422);
    expect((await read("?starting_after_id=asset_x")).status).toBe(422);
    const unknown = await read(`?starting_after_id=${newId("asset")}`);
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ error: "bad_request" });
  });

  it("returns an error instead of a truncated array if the first page cannot be read", async () => {
    const { binding } = countingD1(env.DB, {
      beforeBatch: (statements) => {
        if (statements.some((sql) => sql.includes("album_assets_live")))
          throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect((await call("GET", `/api/albums/${albumId}/assets`, { env: { DB: binding } })).status).toBe(503);
  });

  it("returns an empty array for an empty album and 404 for an unknown one", async () => {
    expect(await (await call("GET", `/api/albums/${await insertAlbum(owner)}/assets`)).text()).toBe("[]");
    expect((await call("GET", `/api/albums/${newId("album")}/assets`)).status).toBe(404);
    expect((await call("GET", "/api/albums/x/assets")).status).toBe(422);
  });
});
