import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { insertAssetIfNew, type NewAsset } from "../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { emptyMetadata } from "../../../src/records/assets/metadata/metadata.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner, countUploadRows, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer, storedState } from "../../support/clients/uploads.ts";

let owner = { userId: "", libraryId: "" };

beforeAll(async () => {
  owner = await getRootOwner();
});

describe("insertAssetIfNew called twice with the same asset", () => {
  function newAsset(): NewAsset {
    const now = Date.now();
    return {
      asset: {
        id: newId("asset"),
        libraryId: owner.libraryId,
        userId: owner.userId,
        checksum: crypto.randomUUID(),
        checksumSha1: "sha1",
        fileSizeBytes: 77,
        mimeType: "image/jpeg",
        mediaType: "image",
        originalFileName: "a.jpg",
        deviceId: "d",
        deviceAssetId: "a",
        fileCreatedAt: "2024-01-01T00:00:00",
        fileModifiedAt: "2024-01-01T00:00:00",
        localUs: 0,
        currentVersionId: newId("assetVersion"),
        metadata: emptyMetadata(),
        metadataUpdatedAt: now,
        createdAt: now,
        updatedAt: now,
      },
      parts: null,
      taskTypes: ["thumbhash"],
      errorMessage: null,
    };
  }

  it("changes no row, counter, event or task the second time", async () => {
    const db = openDatabase(env.DB, "primary");
    const upload = newAsset();
    const first = await insertAssetIfNew(db, upload);
    const state = async () => [await countUploadRows(), await storageUsage(owner.libraryId)];
    const before = await state();
    expect(await insertAssetIfNew(db, upload)).toEqual(first);
    expect(first).toMatchObject({ created: true, trashCleared: false });
    expect(await state()).toEqual(before);
    const other = { ...upload, asset: { ...upload.asset, id: newId("asset") } };
    expect(await insertAssetIfNew(db, other)).toEqual({ ...first, created: false });
    expect(await state()).toEqual(before);
    await sqlAll("DELETE FROM assets WHERE id = ?", upload.asset.id);
  });

  it("returns the existing row even if that row has filled the library", async () => {
    const db = openDatabase(env.DB, "primary");
    const upload = newAsset();
    const first = await insertAssetIfNew(db, upload);
    await sqlAll("UPDATE libraries SET storage_limit_bytes = 1 WHERE id = ?", owner.libraryId);
    expect(await insertAssetIfNew(db, upload)).toEqual(first);
    expect(await insertAssetIfNew(db, newAsset())).toBeNull();
    await sqlAll("UPDATE libraries SET storage_limit_bytes = NULL WHERE id = ?", owner.libraryId);
    await sqlAll("DELETE FROM assets WHERE id = ?", upload.asset.id);
  });
});

describe("concurrent uploads", () => {
  it("of the same bytes create one asset and one object: one returns 201, the others 200", async () => {
    const bytes = uniqueBytes(2000);
    const before = await storedState();
    const counters = await storageUsage(owner.libraryId);
    const responses = await Promise.all(Array.from({ length: 5 }, () => uploadWithoutConsumer(bytes)));
    expect(responses.map(({ status }) => String(status)).sort()).toEqual(["200", "200", "200", "200", "201"]);
    const ids = await Promise.all(responses.map(async (response) => (await response.json<{ id: string }>()).id));
    expect(new Set(ids).size).toBe(1);
    const after = await storedState();
    expect(after.keys).toHaveLength(before.keys.length + 1);
    const { assets, events, tasks } = before.rows;
    expect(after.rows).toEqual({ assets: assets + 1, events: events + 2, tasks: tasks + 5 });
    expect(await storageUsage(owner.libraryId)).toEqual({
      count: counters.count + 1,
      libraryBytes: counters.libraryBytes + 2000,
      userBytes: counters.userBytes + 2000,
    });
  });

  it("of ten files are all counted", async () => {
    const before = await storedState();
    const counters = await storageUsage(owner.libraryId);
    const sizes = Array.from({ length: 10 }, (_, i) => 100 + i);
    const responses = await Promise.all(sizes.map(async (size) => await uploadWithoutConsumer(uniqueBytes(size))));
    for (const response of responses) await expectAsset(response, 201);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(await storageUsage(owner.libraryId)).toEqual({
      count: counters.count + 10,
      libraryBytes: counters.libraryBytes + total,
      userBytes: counters.userBytes + total,
    });
    expect((await storedState()).rows.assets).toBe(before.rows.assets + 10);
  });
});
