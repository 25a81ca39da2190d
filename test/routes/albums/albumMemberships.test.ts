import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { albumLinkPageSchema, albumLinkSchema } from "../../../src/routes/albums/membershipSchemas.ts";
import { refusalOf } from "../../support/clients/answers.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  rootOwner,
  type Tenant,
} from "../../support/clients/tenants.ts";

type Link = z.infer<typeof albumLinkSchema>;

let owner: { userId: string; libraryId: string };
let theirs: Tenant;
let theirLink: string;
let albumId: string;
let otherId: string;
let assetIds: string[];
/** Newest first. */
let links: Link[];

async function add(album: string, ids: string[], token?: string): Promise<void> {
  const options = { json: { asset_ids: ids }, ...(token === undefined ? {} : { token }) };
  expect((await call("POST", `/api/albums/${album}/assets`, options)).status).toBe(200);
}

async function page(query: Record<string, string>, options: Parameters<typeof call>[2] = {}) {
  const search = new URLSearchParams({ library_id: owner.libraryId, ...query });
  const response = await call("GET", `/api/album-assets?${search.toString()}`, options);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return albumLinkPageSchema.parse(JSON.parse(text));
}

const idsOf = async (query: Record<string, string>) => (await page(query)).data.map((link) => link.id);
const idsWhere = (keep: (link: Link) => boolean) => links.filter(keep).map((link) => link.id);

beforeAll(async () => {
  owner = await rootOwner();
  theirs = await insertTenant();
  await add(theirs.albumId, [theirs.assetId], theirs.secret);
  theirLink =
    (await env.DB.prepare("SELECT id FROM album_assets WHERE album_id = ?").bind(theirs.albumId).first<string>("id")) ??
    "";
  albumId = await insertAlbum(owner);
  otherId = await insertAlbum(owner);
  assetIds = await insertAssets(
    owner,
    Array.from({ length: 30 }, () => ({})),
  );
  for (let i = 0; i < 30; i += 10) {
    await add(albumId, assetIds.slice(i, i + 10));
    await add(otherId, assetIds.slice(i, i + 3));
  }
  links = (await page({ limit: "200" })).data;
});

describe("the links between albums and assets", () => {
  it("are listed newest first, each with the contract's keys", async () => {
    expect(links).toHaveLength(39);
    expect(links.map((link) => link.id)).toEqual(
      links
        .map((link) => link.id)
        .toSorted()
        .toReversed(),
    );
    expect(links[38]).toEqual({
      id: expect.stringMatching(/^album_asset_[2-9A-Za-z]{22}$/),
      album_id: albumId,
      asset_id: assetIds[0],
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect((await page({})).data).toEqual(links.slice(0, 20));
  });

  it("come page by page, each once", async () => {
    for (const limit of ["1", "7", "38", "39", "200"]) {
      const found: string[] = [];
      for (let more = true; more;) {
        const last = found.at(-1);
        const { data, has_more } = await page({ limit, ...(last === undefined ? {} : { starting_after_id: last }) });
        found.push(...data.map((link) => link.id));
        more = has_more;
      }
      expect(found).toEqual(links.map((link) => link.id));
    }
  });

  it("can be narrowed to an album, an asset, ids, and to all of them", async () => {
    const [asset = ""] = assetIds;
    const limit = "200";
    expect(await idsOf({ album_id: otherId, limit })).toEqual(idsWhere((link) => link.album_id === otherId));
    expect(await idsOf({ asset_id: asset })).toEqual(idsWhere((link) => link.asset_id === asset));
    expect(await idsOf({ asset_id: asset, album_id: albumId })).toEqual([links[38]?.id]);
    const some = [links[3]?.id ?? "", links[30]?.id ?? "", links[3]?.id ?? "", newId("albumAsset"), theirLink];
    expect(await idsOf({ ids: some.join(",") })).toEqual([links[3]?.id, links[30]?.id]);
    expect(await idsOf({ ids: some.join(","), album_id: links[3]?.album_id ?? "", limit })).toContain(links[3]?.id);
    expect(await idsOf({ ids: some.join(","), asset_id: links[30]?.asset_id ?? "" })).toEqual([links[30]?.id]);
    expect(await idsOf({ album_id: otherId, starting_after_id: links[20]?.id ?? "" })).toEqual(
      links.slice(21).flatMap((link) => (link.album_id === otherId ? link.id : [])),
    );
    expect(await idsOf({ asset_id: newId("asset") })).toEqual([]);
    expect(await idsOf({ asset_id: theirs.assetId })).toEqual([]);
    expect(await idsOf({ ids: "" })).toEqual([]);
  });

  it("can be read one by one", async () => {
    const response = await call("GET", `/api/album-assets/${links[5]?.id}`);
    expect(albumLinkSchema.parse(await response.json())).toEqual(links[5]);
  });

  it("stay while their asset lies in the trash, and are gone once that is emptied or the asset leaves the album", async () => {
    const libraryId = await insertLibrary(owner.userId, "links");
    const album = await insertAlbum({ ...owner, libraryId });
    const [kept = "", trashed = "", gone = ""] = await insertAssets({ ...owner, libraryId }, [{}, {}, {}]);
    await add(album, [kept, trashed, gone]);
    await call("DELETE", `/api/albums/${album}/assets`, { json: { asset_ids: [gone] } });
    await env.DB.prepare("UPDATE assets SET trashed_at = 5 WHERE id = ?").bind(trashed).run();
    const listed = (await page({ library_id: libraryId })).data;
    expect(listed.map((link) => link.asset_id).toSorted()).toEqual([kept, trashed].toSorted());
    const link = listed.find((each) => each.asset_id === trashed)?.id ?? "";
    expect((await call("GET", `/api/album-assets/${link}`)).status).toBe(200);
    await env.DB.prepare("UPDATE libraries SET emptied_at = 5 WHERE id = ?").bind(libraryId).run();
    expect((await page({ library_id: libraryId })).data.map((each) => each.asset_id)).toEqual([kept]);
    await refusalOf(await call("GET", `/api/album-assets/${link}`), 404);
    const again = await call("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [kept, trashed] } });
    expect(await again.json()).toEqual({ added_assets: [], duplicate_assets: [kept], not_found_assets: [trashed] });
  });

  it("are 404 for an album or a library of nobody's, 400 for such a cursor, 422 for what is no id", async () => {
    const status = async (query: string) =>
      (await call("GET", `/api/album-assets?library_id=${owner.libraryId}&${query}`)).status;
    for (const id of [newId("album"), theirs.albumId]) expect(await status(`album_id=${id}`)).toBe(404);
    for (const id of [newId("albumAsset"), theirLink]) {
      expect(await status(`starting_after_id=${id}`)).toBe(400);
      await refusalOf(await call("GET", `/api/album-assets/${id}`), 404);
    }
    await refusalOf(await call("GET", `/api/album-assets?library_id=${theirs.libraryId}`), 404);
    await refusalOf(await call("GET", `/api/album-assets/${albumId}`), 422);
    for (const query of [
      "limit=0",
      "limit=201",
      "album_id=x",
      `asset_id=${albumId}`,
      `ids=${albumId}`,
      "starting_after_id=1",
    ])
      expect(await status(query), query).toBe(422);
    const tooMany = Array.from({ length: 201 }, () => newId("albumAsset")).join(",");
    expect(await status(`ids=${tooMany}`)).toBe(422);
  });

  it("are hidden from a key for other libraries, and with their library", async () => {
    const elsewhere = await insertLibrary(owner.userId, "elsewhere");
    const { secret } = await insertKey({ userId: owner.userId, libraryIds: [elsewhere] });
    await refusalOf(await call("GET", `/api/album-assets/${links[0]?.id}`, { token: secret }), 404);
    expect((await page({ library_id: elsewhere }, { token: secret })).data).toEqual([]);
    await refusalOf(await call("GET", `/api/album-assets?library_id=${owner.libraryId}`, { token: secret }), 404);
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(theirs.libraryId).run();
    await refusalOf(await call("GET", `/api/album-assets/${theirLink}`, { token: theirs.secret }), 404);
    await env.DB.prepare("UPDATE libraries SET trashed_at = NULL WHERE id = ?").bind(theirs.libraryId).run();
  });

  it("cost as many rows as a page has, in a library of 60,000 of them", async () => {
    const libraryId = await insertLibrary(owner.userId, "many links");
    const album = newId("album");
    await env.DB.prepare(
      "INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, 'big', 0, 0)",
    )
      .bind(album, libraryId, owner.userId)
      .run();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999)
       INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, created_at, updated_at)
       SELECT 'album_asset_' || printf('%022d', i), ?1, CASE WHEN i % 2 THEN ?2 ELSE 'album_other' END, 'asset_' || printf('%022d', i / 2), i, 0, 0 FROM n`,
    )
      .bind(libraryId, album)
      .run();
    const counted = countingD1(env.DB);
    const read = async (query: Record<string, string>) => {
      counted.reset();
      const { data } = await page({ library_id: libraryId, limit: "50", ...query }, { env: { DB: counted.binding } });
      expect(counted.counts.roundTrips).toBe(3);
      return { given: data.length, rowsRead: counted.counts.statements.at(-1)?.rowsRead };
    };
    expect(await read({})).toEqual({ given: 50, rowsRead: 51 });
    expect(await read({ album_id: album })).toEqual({ given: 50, rowsRead: 51 });
  });
});
