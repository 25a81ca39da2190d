import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, posterKey } from "../../../src/objects/keys.ts";
import { cleanUpDeletedAssets, purgeAssets, purgeTrash } from "../../../src/operations/deletion/purge.ts";
import { openDatabase } from "../../../src/records/database.ts";
import type { PurgeReason } from "../../../src/records/deletion/purge.ts";
import { listExpiredTrash } from "../../../src/records/deletion/trash.ts";
import { createLibrary, getRootOwner, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary } from "../../support/rows/seed.ts";
import { insertAssets, insertTenant, readEvents } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext, testConfig } from "../../support/context.ts";

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
  libraryId = await createLibrary("purged");
});

beforeEach(async () => {
  await sqlAll("DELETE FROM asset_cleanups");
});

/** Purge reason of a user's request in the test library. */
function requestedReason(): PurgeReason {
  return { kind: "requested", libraryId };
}

/** Stores an asset with every kind of object. */
async function storeAsset(fileCreatedAt = "2024-05-06T07:08:09Z"): Promise<Stored> {
  const bytes = uniqueBytes(100);
  const { id, current_version_id: versionId } = await expectAsset(
    await uploadWithoutConsumer(bytes, { libraryId, fileCreatedAt }),
    201,
  );
  for (const key of [proxyKey(id, versionId), posterKey(id, versionId), renditionKey(id, versionId, "thumbnail")]) {
    await env.BUCKET.put(key, "derived bytes");
  }
  return { id, versionId, sizeBytes: bytes.byteLength };
}

/** Trashes an asset at the given time. */
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
    ["asset_tasks", "asset_id"],
    ["album_assets", "asset_id"],
  ] as const;
  const [row] = await sqlAll(
    `SELECT ${tables.map(([table, column]) => `(SELECT count(*) FROM ${table} WHERE ${column} = '${id}')`).join(" + ")} AS n`,
  );
  return Number(row?.n);
}

const pendingCleanups = async (): Promise<number> => (await sqlAll("SELECT * FROM asset_cleanups")).length;

async function createAlbum(ids: string[]): Promise<string> {
  const album = await (
    await call("POST", "/api/albums", { json: { name: crypto.randomUUID(), library_id: libraryId } })
  ).json();
  const { id } = z.object({ id: z.string() }).parse(album);
  await call("POST", `/api/albums/${id}/assets`, { json: { asset_ids: ids } });
  return id;
}

async function albumOf(id: string): Promise<Record<string, unknown>> {
  return await (await call("GET", `/api/albums/${id}`)).json<Record<string, unknown>>();
}

describe("a permanently deleted asset", () => {
  it("leaves no row and no object, frees its storage, and its cleanup record ends after an hour", async () => {
    const retained = await storeAsset();
    const before = await storageUsage(libraryId);
    const deleted = await storeAsset();
    expect(await keysOf(deleted.id)).toHaveLength(4);
    expect(await purgeAssets(testContext(), [deleted.id], requestedReason())).toEqual([deleted.id]);
    expect(await rowsOf(deleted.id)).toBe(0);
    expect(await keysOf(deleted.id)).toEqual([]);
    expect(await storageUsage(libraryId)).toEqual(before);
    expect(await keysOf(retained.id)).toHaveLength(4);
    expect((await call("GET", `/api/assets/${deleted.id}`)).status).toBe(404);
    expect(await pendingCleanups()).toBe(1);
    await cleanUpDeletedAssets(testContext());
    expect(await pendingCleanups()).toBe(1);
    await cleanUpDeletedAssets(testContext({ nowMs: Date.now() + HOUR_MS }));
    expect(await pendingCleanups()).toBe(0);
  });

  it("has events for its album removals, the updated albums and its deletion", async () => {
    const [a, b] = [await storeAsset(), await storeAsset()];
    const album = await createAlbum([a.id, b.id]);
    const { lastSeq } = await readEvents();
    await purgeAssets(testContext(), [a.id], requestedReason());
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

  it("has an album event with the visible cover while the pinned cover is trashed", async () => {
    const [pinned, live, deleted] = [await storeAsset(), await storeAsset("2025-01-01T00:00:00Z"), await storeAsset()];
    const album = await createAlbum([pinned.id, live.id, deleted.id]);
    await call("PATCH", `/api/albums/${album}`, { json: { album_cover_asset_id: pinned.id } });
    await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.now(), pinned.id);
    const { lastSeq } = await readEvents();
    await purgeAssets(testContext(), [deleted.id], requestedReason());
    const albumEvent = (await readEvents(lastSeq)).events.find((event) => event.event_type === "album_updated");
    expect(albumEvent?.payload).toEqual({ album_cover_asset_id: live.id });
    expect(await albumOf(album)).toMatchObject({ album_cover_asset_id: live.id });
  });

  it("is subtracted from the counts, dates and cover of its albums", async () => {
    const oldest = await storeAsset("2020-01-01T00:00:00Z");
    const middle = await storeAsset("2021-01-01T00:00:00Z");
    const newest = await storeAsset("2022-01-01T00:00:00Z");
    const album = await createAlbum([oldest.id, middle.id, newest.id]);
    const pinned = await createAlbum([oldest.id, middle.id]);
    await call("PATCH", `/api/albums/${pinned}`, { json: { album_cover_asset_id: oldest.id } });
    await purgeAssets(testContext(), [oldest.id, newest.id], requestedReason());
    expect(await albumOf(album)).toMatchObject({ asset_count: 1, album_cover_asset_id: middle.id });
    expect((await albumOf(album)).start_date).toEqual((await albumOf(album)).end_date);
    expect(await albumOf(pinned)).toMatchObject({ asset_count: 1, album_cover_asset_id: middle.id });
    await purgeAssets(testContext(), [middle.id], requestedReason());
    expect(await albumOf(album)).toMatchObject({
      asset_count: 0,
      album_cover_asset_id: null,
      start_date: null,
      end_date: null,
    });
  });

  it("is not subtracted twice from its album when it was trashed before", async () => {
    const [a, b] = [await storeAsset(), await storeAsset()];
    const album = await createAlbum([a.id, b.id]);
    await trash(a.id, Date.now());
    await purgeAssets(testContext(), [a.id], requestedReason());
    expect(await albumOf(album)).toMatchObject({ asset_count: 1, album_cover_asset_id: b.id });
  });

  it("can be deleted again without any effect", async () => {
    const deleted = await storeAsset();
    await purgeAssets(testContext(), [deleted.id], requestedReason());
    const before = await storageUsage(libraryId);
    const { lastSeq } = await readEvents();
    expect(await purgeAssets(testContext(), [deleted.id, newId("asset")], requestedReason())).toEqual([]);
    expect(await storageUsage(libraryId)).toEqual(before);
    expect((await readEvents(lastSeq)).events).toEqual([]);
  });

  it("can be deleted together with many others", async () => {
    const owner = await insertTenant();
    const ids = await insertAssets(
      owner,
      Array.from({ length: 249 }, () => ({})),
    );
    const counted = countingD1(env.DB);
    const reason: PurgeReason = { kind: "requested", libraryId: owner.libraryId };
    await purgeAssets(testContext({ db: openDatabase(counted.binding, "primary") }), [...ids, owner.assetId], reason);
    expect(counted.counts.roundTrips).toBe(2);
    expect(await storageUsage(owner.libraryId)).toEqual({ count: 0, libraryBytes: 0, userBytes: 0 });
  });
});

describe("an interrupted deletion", () => {
  it("changes nothing when it fails before the database write", async () => {
    const asset = await storeAsset();
    const before = await storageUsage(libraryId);
    const faulty = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1 unavailable");
      },
    });
    await expect(
      purgeAssets(testContext({ db: openDatabase(faulty.binding, "primary") }), [asset.id], requestedReason()),
    ).rejects.toThrow();
    expect(await storageUsage(libraryId)).toEqual(before);
    expect(await keysOf(asset.id)).toHaveLength(4);
    expect(await purgeAssets(testContext(), [asset.id], requestedReason())).toEqual([asset.id]);
  });

  it("leaves objects to the scheduled cleanup when it fails after the database write", async () => {
    const asset = await storeAsset();
    const faulty = countingD1(env.DB, {
      afterBatch: () => {
        throw new Error("response lost");
      },
    });
    await expect(
      purgeAssets(testContext({ db: openDatabase(faulty.binding, "primary") }), [asset.id], requestedReason()),
    ).rejects.toThrow();
    expect(await rowsOf(asset.id)).toBe(0);
    expect(await keysOf(asset.id)).toHaveLength(4);
    expect(await purgeAssets(testContext(), [asset.id], requestedReason())).toEqual([]);
    await cleanUpDeletedAssets(testContext({ nowMs: Date.now() + 2 * HOUR_MS }));
    expect(await keysOf(asset.id)).toEqual([]);
    expect(await pendingCleanups()).toBe(0);
  });

  it("succeeds while R2 is unavailable, and the scheduled cleanup deletes the objects later", async () => {
    const asset = await storeAsset();
    const { binding: bucket } = instrumentedBucket({ delete: "rejected" });
    expect(await purgeAssets(testContext({ bucket }), [asset.id], requestedReason())).toEqual([asset.id]);
    expect(await keysOf(asset.id)).toHaveLength(4);
    const later = Date.now() + 2 * HOUR_MS;
    await expect(cleanUpDeletedAssets(testContext({ bucket, nowMs: later }))).rejects.toThrow();
    expect(await pendingCleanups()).toBe(1);
    await cleanUpDeletedAssets(testContext({ nowMs: later }));
    expect(await keysOf(asset.id)).toEqual([]);
    expect(await pendingCleanups()).toBe(0);
  });

  it("is completed by the next cleanup when the record could not be removed", async () => {
    const asset = await storeAsset();
    await purgeAssets(testContext(), [asset.id], requestedReason());
    const faulty = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("delete")) throw new Error("D1 unavailable");
      },
    });
    const later = Date.now() + 2 * HOUR_MS;
    await expect(
      cleanUpDeletedAssets(testContext({ db: openDatabase(faulty.binding, "primary"), nowMs: later })),
    ).rejects.toThrow();
    await cleanUpDeletedAssets(testContext({ nowMs: later }));
    expect(await pendingCleanups()).toBe(0);
  });

  it("removes objects that a consumer wrote after the deletion", async () => {
    const asset = await storeAsset();
    await purgeAssets(testContext(), [asset.id], requestedReason());
    await env.BUCKET.put(renditionKey(asset.id, asset.versionId, "a_future_variant"), "late");
    await cleanUpDeletedAssets(testContext({ nowMs: Date.now() + 2 * HOUR_MS }));
    expect(await keysOf(asset.id)).toEqual([]);
  });
});

describe("the trash", () => {
  it("is purged when the retention ends", async () => {
    const now = Date.now();
    const [old, young, live] = [await storeAsset(), await storeAsset(), await storeAsset()];
    await trash(old.id, now - 91 * DAY_MS);
    await trash(young.id, now - 89 * DAY_MS);
    expect(await purgeTrash(testContext({ nowMs: now }))).toBe(1);
    expect([await rowsOf(old.id), await keysOf(old.id)]).toEqual([0, []]);
    for (const retained of [young, live]) {
      expect(await rowsOf(retained.id)).toBeGreaterThan(0);
      expect(await env.BUCKET.head(originalKey(retained.id, retained.versionId))).not.toBeNull();
    }
    expect(await purgeTrash(testContext({ nowMs: now }))).toBe(0);
  });

  it("keeps assets restored just before the purge", async () => {
    const asset = await storeAsset();
    await trash(asset.id, Date.now() - 100 * DAY_MS);
    const expired = await listExpiredTrash(testContext().db, Date.now() - 90 * DAY_MS, 10);
    expect(expired).toEqual([asset.id]);
    await sqlAll("UPDATE assets SET trashed_at = NULL WHERE id = ?", asset.id);
    expect(
      await purgeAssets(testContext(), expired, { kind: "trash", trashedBefore: Date.now() - 90 * DAY_MS }),
    ).toEqual([]);
    expect(await rowsOf(asset.id)).toBeGreaterThan(0);
  });

  it("is never purged with a retention beyond the representable time", async () => {
    const asset = await storeAsset();
    await trash(asset.id, Date.now() - 100 * DAY_MS);
    expect(await purgeTrash(testContext({ config: testConfig({ trashRetentionDays: 10 ** 9 }) }))).toBe(0);
    expect(await rowsOf(asset.id)).toBeGreaterThan(0);
  });
});

describe("the cost of a deletion", () => {
  it("does not grow with the library", async () => {
    const owner = await getRootOwner();
    const rowsRead: number[] = [];
    for (const count of [1000, 10_000]) {
      const seeded = await seedLibrary(owner.userId, count);
      const ids = await sqlAll("SELECT id FROM assets WHERE library_id = ? ORDER BY id LIMIT 200", seeded.libraryId);
      const counted = countingD1(env.DB);
      const db = openDatabase(counted.binding, "primary");
      await purgeAssets(
        testContext({ db }),
        ids.map((row) => String(row.id)),
        { kind: "requested", libraryId: seeded.libraryId },
      );
      rowsRead.push(counted.counts.rowsRead);
    }
    expect(rowsRead[1]).toBeLessThanOrEqual((rowsRead[0] ?? 0) * 1.1);
    expect(rowsRead[1]).toBeLessThan(200 * 100);
  });
});
