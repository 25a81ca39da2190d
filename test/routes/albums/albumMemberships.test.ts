import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { albumMembershipPageSchema, albumMembershipSchema } from "../../../src/routes/albums/schemas.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  type Tenant,
} from "../../support/clients/tenants.ts";

type Membership = z.infer<typeof albumMembershipSchema>;

let owner: { userId: string; libraryId: string };
let otherTenant: Tenant;
let theirLink: string;
let albumId: string;
let otherId: string;
let assetIds: string[];
/** Newest first. */
let memberships: Membership[];

async function add(album: string, ids: string[], token?: string): Promise<void> {
  const options = { json: { asset_ids: ids }, ...(token === undefined ? {} : { token }) };
  expect((await call("POST", `/api/albums/${album}/assets`, options)).status).toBe(200);
}

async function page(query: Record<string, string>, options: Parameters<typeof call>[2] = {}) {
  const search = new URLSearchParams({ library_id: owner.libraryId, ...query });
  const response = await call("GET", `/api/album-assets?${search.toString()}`, options);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return albumMembershipPageSchema.parse(JSON.parse(text));
}

const idsOf = async (query: Record<string, string>) => (await page(query)).data.map((membership) => membership.id);
const idsWhere = (keep: (membership: Membership) => boolean) =>
  memberships.filter(keep).map((membership) => membership.id);

beforeAll(async () => {
  owner = await getRootOwner();
  otherTenant = await insertTenant();
  await add(otherTenant.albumId, [otherTenant.assetId], otherTenant.secret);
  theirLink =
    (await env.DB.prepare("SELECT id FROM album_assets WHERE album_id = ?")
      .bind(otherTenant.albumId)
      .first<string>("id")) ?? "";
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
  memberships = (await page({ limit: "200" })).data;
});

describe("album memberships", () => {
  it("are listed newest first with the contract's keys", async () => {
    expect(memberships).toHaveLength(39);
    expect(memberships.map((membership) => membership.id)).toEqual(
      memberships
        .map((membership) => membership.id)
        .toSorted()
        .toReversed(),
    );
    expect(memberships[38]).toEqual({
      id: expect.stringMatching(/^album_asset_[2-9A-Za-z]{22}$/),
      album_id: albumId,
      asset_id: assetIds[0],
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect((await page({})).data).toEqual(memberships.slice(0, 20));
  });

  it("are paginated without duplicates", async () => {
    for (const limit of ["1", "7", "38", "39", "200"]) {
      const found: string[] = [];
      for (let more = true; more;) {
        const last = found.at(-1);
        const { data, has_more } = await page({ limit, ...(last === undefined ? {} : { starting_after_id: last }) });
        found.push(...data.map((membership) => membership.id));
        more = has_more;
      }
      expect(found).toEqual(memberships.map((membership) => membership.id));
    }
  });

  it("are filtered by album, asset, ids and combinations of them", async () => {
    const [asset = ""] = assetIds;
    const limit = "200";
    expect(await idsOf({ album_id: otherId, limit })).toEqual(
      idsWhere((membership) => membership.album_id === otherId),
    );
    expect(await idsOf({ asset_id: asset })).toEqual(idsWhere((membership) => membership.asset_id === asset));
    expect(await idsOf({ asset_id: asset, album_id: albumId })).toEqual([memberships[38]?.id]);
    const some = [
      memberships[3]?.id ?? "",
      memberships[30]?.id ?? "",
      memberships[3]?.id ?? "",
      newId("albumAsset"),
      theirLink,
    ];
    expect(await idsOf({ ids: some.join(",") })).toEqual([memberships[3]?.id, memberships[30]?.id]);
    expect(await idsOf({ ids: some.join(","), album_id: memberships[3]?.album_id ?? "", limit })).toContain(
      memberships[3]?.id,
    );
    expect(await idsOf({ ids: some.join(","), asset_id: memberships[30]?.asset_id ?? "" })).toEqual([
      memberships[30]?.id,
    ]);
    expect(await idsOf({ album_id: otherId, starting_after_id: memberships[20]?.id ?? "" })).toEqual(
      memberships.slice(21).flatMap((membership) => (membership.album_id === otherId ? membership.id : [])),
    );
    expect(await idsOf({ asset_id: newId("asset") })).toEqual([]);
    expect(await idsOf({ asset_id: otherTenant.assetId })).toEqual([]);
    expect(await idsOf({ ids: "" })).toEqual([]);
  });

  it("are returned by id", async () => {
    const response = await call("GET", `/api/album-assets/${memberships[5]?.id}`);
    expect(albumMembershipSchema.parse(await response.json())).toEqual(memberships[5]);
  });

  it("remain for trashed assets and disappear when the trash is emptied or the asset leaves the album", async () => {
    const libraryId = await insertLibrary(owner.userId, "memberships");
    const album = await insertAlbum({ ...owner, libraryId });
    const [kept = "", trashed = "", gone = ""] = await insertAssets({ ...owner, libraryId }, [{}, {}, {}]);
    await add(album, [kept, trashed, gone]);
    await call("DELETE", `/api/albums/${album}/assets`, { json: { asset_ids: [gone] } });
    await env.DB.prepare("UPDATE assets SET trashed_at = 5 WHERE id = ?").bind(trashed).run();
    const listed = (await page({ library_id: libraryId })).data;
    expect(listed.map((membership) => membership.asset_id).toSorted()).toEqual([kept, trashed].toSorted());
    const membership = listed.find((each) => each.asset_id === trashed)?.id ?? "";
    expect((await call("GET", `/api/album-assets/${membership}`)).status).toBe(200);
    await env.DB.prepare("UPDATE libraries SET trash_cleared_at = 5 WHERE id = ?").bind(libraryId).run();
    expect((await page({ library_id: libraryId })).data.map((each) => each.asset_id)).toEqual([kept]);
    await expectError(await call("GET", `/api/album-assets/${membership}`), 404);
    const again = await call("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [kept, trashed] } });
    expect(await again.json()).toEqual({ added_assets: [], duplicate_assets: [kept], not_found_assets: [trashed] });
  });

  it("return 404 for a foreign or unknown album or library, 400 for an unknown cursor and 422 for malformed ids", async () => {
    const status = async (query: string) =>
      (await call("GET", `/api/album-assets?library_id=${owner.libraryId}&${query}`)).status;
    for (const id of [newId("album"), otherTenant.albumId]) expect(await status(`album_id=${id}`)).toBe(404);
    for (const id of [newId("albumAsset"), theirLink]) {
      expect(await status(`starting_after_id=${id}`)).toBe(400);
      await expectError(await call("GET", `/api/album-assets/${id}`), 404);
    }
    await expectError(await call("GET", `/api/album-assets?library_id=${otherTenant.libraryId}`), 404);
    await expectError(await call("GET", `/api/album-assets/${albumId}`), 422);
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

  it("are hidden from keys for other libraries and while their library is trashed", async () => {
    const elsewhere = await insertLibrary(owner.userId, "elsewhere");
    const { secret } = await insertKey({ userId: owner.userId, libraryIds: [elsewhere] });
    await expectError(await call("GET", `/api/album-assets/${memberships[0]?.id}`, { token: secret }), 404);
    expect((await page({ library_id: elsewhere }, { token: secret })).data).toEqual([]);
    await expectError(await call("GET", `/api/album-assets?library_id=${owner.libraryId}`, { token: secret }), 404);
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(otherTenant.libraryId).run();
    await expectError(await call("GET", `/api/album-assets/${theirLink}`, { token: otherTenant.secret }), 404);
    await env.DB.prepare("UPDATE libraries SET trashed_at = NULL WHERE id = ?").bind(otherTenant.libraryId).run();
  });

  it("read only as many rows as the page holds in a library of 60,000 memberships", async () => {
    const libraryId = await insertLibrary(owner.userId, "many memberships");
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
      expect(counted.counts.roundTrips).toBe(1);
      return { given: data.length, rowsRead: counted.counts.statements.at(-1)?.rowsRead };
    };
    expect(await read({})).toEqual({ given: 50, rowsRead: 51 });
    expect(await read({ album_id: album })).toEqual({ given: 50, rowsRead: 51 });
  });
});
