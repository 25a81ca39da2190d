import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, stillKey } from "../../../src/objects/keys.ts";
import { cleanUpDeletions, purgeAssets, purgeTrash, type PurgeDeps } from "../../../src/operations/deletion/purge.ts";
import { openDatabase } from "../../../src/records/database.ts";
import type { PurgeReason } from "../../../src/records/deletion/purge.ts";
import { listExpiredTrash } from "../../../src/records/deletion/trash.ts";
import { newLibrary, sqlAll, usage } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary } from "../../support/rows/seed.ts";
import { insertAssets, insertTenant, readEvents, rootOwner } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const DAY_MS = 24 * 3600_000;
const HOUR_MS = 3600_000;

interface Stored {
  id: string;
  versionId: string;
  sizeBytes: number;
}

let libraryId = "";
beforeAll(async () => {
  await call("GET", "/api/users/me");
  libraryId = await newLibrary("purged");
});

beforeEach(async () => {
  await sqlAll("DELETE FROM deletions");
});

/** As someone who may asks for it, of the library of these tests. */
function asked(): PurgeReason {
  return { kind: "asked", libraryId };
}

function deps(changes: Partial<PurgeDeps> = {}): PurgeDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs: Date.now(), ...changes };
}

/** An asset with all that can be stored of one. */
async function stored(fileCreatedAt = "2024-05-06T07:08:09Z"): Promise<Stored> {
  const bytes = uniqueBytes(100);
  const { id, current_version_id: versionId } = await assetOf(
    await quietUpload(bytes, { libraryId, fileCreatedAt }),
    201,
  );
  for (const key of [
    proxyKey(id, versionId),
    stillKey(id, versionId),
    renditionKey(id, versionId, "thumbnail", "webp"),
  ]) {
    await env.BUCKET.put(key, "made of it");
  }
  return { id, versionId, sizeBytes: bytes.byteLength };
}

/** As the trash leaves rows, at a time of the test's choosing. */
async function trash(id: string, atMs: number): Promise<void> {
  await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", atMs, id);
  await sqlAll(
    "UPDATE albums SET asset_count = asset_count - 1 WHERE id IN (SELECT album_id FROM album_assets WHERE asset_id = ?)",
    id,
  );
}

async function keysOf(id: string): Promise<string[]> {
  return (await storedKeys()).filter((key) => key.includes(id));
}

async function rowsOf(id: string): Promise<number> {
  const tables = [
    ["assets", "id"],
    ["tasks", "asset_id"],
    ["album_assets", "asset_id"],
  ] as const;
  const [row] = await sqlAll(
    `SELECT ${tables.map(([table, column]) => `(SELECT count(*) FROM ${table} WHERE ${column} = '${id}')`).join(" + ")} AS n`,
  );
  return Number(row?.n);
}

const noted = async (): Promise<number> => (await sqlAll("SELECT * FROM deletions")).length;

async function newAlbum(ids: string[]): Promise<string> {
  const album = await (await call("POST", "/api/albums", { json: { name: "a", library_id: libraryId } })).json();
  const { id } = z.object({ id: z.string() }).parse(album);
  await call("POST", `/api/albums/${id}/assets`, { json: { asset_ids: ids } });
  return id;
}

async function albumOf(id: string): Promise<Record<string, unknown>> {
  return await (await call("GET", `/api/albums/${id}`)).json<Record<string, unknown>>();
}

describe("an asset that is deleted for good", () => {
  it("leaves no row and no object, gives its storage back, and is forgotten after an hour", async () => {
    const kept = await stored();
    const before = await usage(libraryId);
    const gone = await stored();
    expect(await keysOf(gone.id)).toHaveLength(4);
    expect(await purgeAssets(deps(), [gone.id], asked())).toEqual([gone.id]);
    expect(await rowsOf(gone.id)).toBe(0);
    expect(await keysOf(gone.id)).toEqual([]);
    expect(await usage(libraryId)).toEqual(before);
    expect(await keysOf(kept.id)).toHaveLength(4);
    expect((await call("GET", `/api/assets/${gone.id}`)).status).toBe(404);
    expect(await noted()).toBe(1);
    await cleanUpDeletions(deps());
    expect(await noted()).toBe(1);
    await cleanUpDeletions(deps({ nowMs: Date.now() + HOUR_MS }));
    expect(await noted()).toBe(0);
  });

  it("is told of in the feed: out of its albums, the albums changed, itself gone", async () => {
    const [a, b] = [await stored(), await stored()];
    const album = await newAlbum([a.id, b.id]);
    const { lastSeq } = await readEvents();
    await purgeAssets(deps(), [a.id], asked());
    const { events } = await readEvents(lastSeq);
    expect(events.map((event) => [event.event_type, event.entity_type, event.library_id])).toEqual([
      ["album_asset_removed", "album_asset", libraryId],
      ["album_updated", "album", libraryId],
      ["asset_deleted", "asset", libraryId],
    ]);
    expect(events[0]?.payload).toEqual({ album_id: album, asset_id: a.id });
    expect(events[1]).toMatchObject({ entity_id: album, payload: { album_cover_asset_id: b.id } });
    expect(events[2]).toMatchObject({ entity_id: a.id, payload: null });
  });

  it("is told of with the cover that the album then shows, though a pinned one lies in the trash", async () => {
    const [pinned, live, gone] = [await stored(), await stored("2025-01-01T00:00:00Z"), await stored()];
    const album = await newAlbum([pinned.id, live.id, gone.id]);
    await call("PATCH", `/api/albums/${album}`, { json: { album_cover_asset_id: pinned.id } });
    await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.now(), pinned.id);
    const { lastSeq } = await readEvents();
    await purgeAssets(deps(), [gone.id], asked());
    const told = (await readEvents(lastSeq)).events.find((event) => event.event_type === "album_updated");
    expect(told?.payload).toEqual({ album_cover_asset_id: live.id });
    expect(await albumOf(album)).toMatchObject({ album_cover_asset_id: live.id });
  });

  it("is counted out of its albums, whose dates and cover are those of the rest", async () => {
    const oldest = await stored("2020-01-01T00:00:00Z");
    const middle = await stored("2021-01-01T00:00:00Z");
    const newest = await stored("2022-01-01T00:00:00Z");
    const album = await newAlbum([oldest.id, middle.id, newest.id]);
    const pinned = await newAlbum([oldest.id, middle.id]);
    await call("PATCH", `/api/albums/${pinned}`, { json: { album_cover_asset_id: oldest.id } });
    await purgeAssets(deps(), [oldest.id, newest.id], asked());
    expect(await albumOf(album)).toMatchObject({ asset_count: 1, album_cover_asset_id: middle.id });
    expect((await albumOf(album)).start_date).toEqual((await albumOf(album)).end_date);
    expect(await albumOf(pinned)).toMatchObject({ asset_count: 1, album_cover_asset_id: middle.id });
    await purgeAssets(deps(), [middle.id], asked());
    expect(await albumOf(album)).toMatchObject({
      asset_count: 0,
      album_cover_asset_id: null,
      start_date: null,
      end_date: null,
    });
  });

  it("was not counted by its album when it was in the trash, and is not taken off twice", async () => {
    const [a, b] = [await stored(), await stored()];
    const album = await newAlbum([a.id, b.id]);
    await trash(a.id, Date.now());
    await purgeAssets(deps(), [a.id], asked());
    expect(await albumOf(album)).toMatchObject({ asset_count: 1, album_cover_asset_id: b.id });
  });

  it("can be deleted again, by name or by chance, and nothing more happens", async () => {
    const gone = await stored();
    await purgeAssets(deps(), [gone.id], asked());
    const before = await usage(libraryId);
    const { lastSeq } = await readEvents();
    expect(await purgeAssets(deps(), [gone.id, newId("asset")], asked())).toEqual([]);
    expect(await usage(libraryId)).toEqual(before);
    expect((await readEvents(lastSeq)).events).toEqual([]);
  });

  it("may be one of many", async () => {
    const owner = await insertTenant();
    const ids = await insertAssets(
      owner,
      Array.from({ length: 249 }, () => ({})),
    );
    const counted = countingD1(env.DB);
    const reason: PurgeReason = { kind: "asked", libraryId: owner.libraryId };
    await purgeAssets(deps({ db: openDatabase(counted.binding, "primary") }), [...ids, owner.assetId], reason);
    expect(counted.counts.roundTrips).toBe(2);
    expect(await usage(owner.libraryId)).toEqual({ count: 0, libraryBytes: 0, userBytes: 0 });
  });
});

describe("a deletion that breaks off", () => {
  it("before the database heard of it has changed nothing", async () => {
    const asset = await stored();
    const before = await usage(libraryId);
    const faulty = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1 is away");
      },
    });
    await expect(
      purgeAssets(deps({ db: openDatabase(faulty.binding, "primary") }), [asset.id], asked()),
    ).rejects.toThrow();
    expect(await usage(libraryId)).toEqual(before);
    expect(await keysOf(asset.id)).toHaveLength(4);
    expect(await purgeAssets(deps(), [asset.id], asked())).toEqual([asset.id]);
  });

  it("behind the database leaves objects that the schedule deletes", async () => {
    const asset = await stored();
    const faulty = countingD1(env.DB, {
      afterBatch: () => {
        throw new Error("nobody hears of it");
      },
    });
    await expect(
      purgeAssets(deps({ db: openDatabase(faulty.binding, "primary") }), [asset.id], asked()),
    ).rejects.toThrow();
    expect(await rowsOf(asset.id)).toBe(0);
    expect(await keysOf(asset.id)).toHaveLength(4);
    expect(await purgeAssets(deps(), [asset.id], asked())).toEqual([]);
    await cleanUpDeletions(deps({ nowMs: Date.now() + 2 * HOUR_MS }));
    expect(await keysOf(asset.id)).toEqual([]);
    expect(await noted()).toBe(0);
  });

  it("because the bucket is away succeeds, and the schedule deletes the objects when it is back", async () => {
    const asset = await stored();
    const { binding: bucket } = watchedBucket({ delete: "early" });
    expect(await purgeAssets(deps({ bucket }), [asset.id], asked())).toEqual([asset.id]);
    expect(await keysOf(asset.id)).toHaveLength(4);
    const later = Date.now() + 2 * HOUR_MS;
    await expect(cleanUpDeletions(deps({ bucket, nowMs: later }))).rejects.toThrow();
    expect(await noted()).toBe(1);
    await cleanUpDeletions(deps({ nowMs: later }));
    expect(await keysOf(asset.id)).toEqual([]);
    expect(await noted()).toBe(0);
  });

  it("between the objects and their note is finished by the next run", async () => {
    const asset = await stored();
    await purgeAssets(deps(), [asset.id], asked());
    const faulty = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("delete")) throw new Error("D1 is away");
      },
    });
    const later = Date.now() + 2 * HOUR_MS;
    await expect(
      cleanUpDeletions(deps({ db: openDatabase(faulty.binding, "primary"), nowMs: later })),
    ).rejects.toThrow();
    await cleanUpDeletions(deps({ nowMs: later }));
    expect(await noted()).toBe(0);
  });

  it("takes with it what a consumer still wrote of the asset afterwards", async () => {
    const asset = await stored();
    await purgeAssets(deps(), [asset.id], asked());
    await env.BUCKET.put(renditionKey(asset.id, asset.versionId, "a_rung_of_tomorrow", "webp"), "late");
    await cleanUpDeletions(deps({ nowMs: Date.now() + 2 * HOUR_MS }));
    expect(await keysOf(asset.id)).toEqual([]);
  });
});

describe("the trash", () => {
  it("is kept for as long as it is to be, and then purged", async () => {
    const now = Date.now();
    const [old, young, live] = [await stored(), await stored(), await stored()];
    await trash(old.id, now - 91 * DAY_MS);
    await trash(young.id, now - 89 * DAY_MS);
    expect(await purgeTrash(deps({ nowMs: now }), 90)).toBe(1);
    expect([await rowsOf(old.id), await keysOf(old.id)]).toEqual([0, []]);
    for (const kept of [young, live]) {
      expect(await rowsOf(kept.id)).toBeGreaterThan(0);
      expect(await env.BUCKET.head(originalKey(kept.id, kept.versionId))).not.toBeNull();
    }
    expect(await purgeTrash(deps({ nowMs: now }), 90)).toBe(0);
  });

  it("loses nothing that was restored in the last moment", async () => {
    const asset = await stored();
    await trash(asset.id, Date.now() - 100 * DAY_MS);
    const expired = await listExpiredTrash(deps().db, Date.now() - 90 * DAY_MS, 10);
    expect(expired).toEqual([asset.id]);
    await sqlAll("UPDATE assets SET trashed_at = NULL WHERE id = ?", asset.id);
    expect(await purgeAssets(deps(), expired, { kind: "trash", trashedBefore: Date.now() - 90 * DAY_MS })).toEqual([]);
    expect(await rowsOf(asset.id)).toBeGreaterThan(0);
  });

  it("is never purged by a retention longer than time itself", async () => {
    const asset = await stored();
    await trash(asset.id, Date.now() - 100 * DAY_MS);
    expect(await purgeTrash(deps(), 10 ** 9)).toBe(0);
    expect(await rowsOf(asset.id)).toBeGreaterThan(0);
  });
});

describe("what a deletion costs", () => {
  it("does not grow with the library", async () => {
    const owner = await rootOwner();
    const rowsRead: number[] = [];
    for (const count of [1000, 10_000]) {
      const seeded = await seedLibrary(owner.userId, count);
      const ids = await sqlAll("SELECT id FROM assets WHERE library_id = ? ORDER BY id LIMIT 200", seeded.libraryId);
      const counted = countingD1(env.DB);
      const db = openDatabase(counted.binding, "primary");
      await purgeAssets(
        deps({ db }),
        ids.map((row) => String(row.id)),
        { kind: "asked", libraryId: seeded.libraryId },
      );
      rowsRead.push(counted.counts.rowsRead);
    }
    expect(rowsRead[1]).toBeLessThanOrEqual((rowsRead[0] ?? 0) * 1.1);
    expect(rowsRead[1]).toBeLessThan(200 * 100);
  });
});
