import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { purgeLibraries } from "../../../src/operations/deletion/purgeLibraries.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { createLibrary, getRootOwner, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys } from "../../support/bindings/bucket.ts";
import { runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { insertAssets } from "../../support/clients/tenants.ts";
import { rowsContaining } from "../../support/rows/rowSearch.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import { findByText, indexAll } from "../../support/search/textIndex.ts";

const DAY_MS = 24 * 3600_000;

let userId = "";
beforeAll(async () => {
  ({ userId } = await getRootOwner());
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

const withId = z.object({ id: z.string() });

async function create(path: string, json: unknown): Promise<string> {
  return withId.parse(await (await call("POST", path, { json })).json()).id;
}

/** Creates a library with two uploads in an album and a stack, and a third in the trash. */
async function filledLibrary(): Promise<{ libraryId: string; ids: string[]; albumId: string }> {
  const libraryId = await createLibrary();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++)
    ids.push((await expectAsset(await uploadWithoutConsumer(uniqueBytes(100), { libraryId }), 201)).id);
  const [a = "", b = "", c = ""] = ids;
  const albumId = await create("/api/albums", { name: "a", library_id: libraryId });
  await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [a, b] } });
  await create("/api/stacks", { asset_ids: [a, b], library_id: libraryId });
  await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [c] } });
  return { libraryId, ids, albumId };
}

async function changeLibrary(libraryId: string, what: "trash" | "restore" | "delete"): Promise<number> {
  const [method, end] = what === "delete" ? ["DELETE", ""] : ["POST", `/${what}`];
  return (await call(method, `/api/libraries/${libraryId}${end}`)).status;
}

const statusOf = async (path: string): Promise<number> => (await call("GET", path)).status;

async function trashAndDelete(libraryId: string): Promise<void> {
  expect([await changeLibrary(libraryId, "trash"), await changeLibrary(libraryId, "delete")]).toEqual([200, 200]);
}

describe("a library whose retention ended", () => {
  it("leaves nothing in the text index", async () => {
    const { libraryId, ids } = await filledLibrary();
    await indexAll();
    expect((await findByText(libraryId, "photo")).toSorted()).toEqual(ids.slice(0, 2).toSorted());
    await trashAndDelete(libraryId);
    await purgeLibraries(testContext({ nowMs: Date.now() + 91 * DAY_MS }));
    expect(await findByText(libraryId, "photo")).toEqual([]);
    expect((await env.SEARCH_DB.prepare("SELECT name FROM search_names").all()).results).toEqual([]);
  });

  it("is deleted completely by the next scheduled run", async () => {
    const before = await storageUsage((await getRootOwner()).libraryId);
    const { libraryId, ids } = await filledLibrary();
    const keys = (await storedKeys()).filter((key) => ids.some((id) => key.includes(id)));
    expect(keys).toHaveLength(3);
    await trashAndDelete(libraryId);
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    await runSchedule();
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(404);
    expect(await rowsContaining(libraryId)).toEqual({});
    for (const id of ids) expect(Object.keys(await rowsContaining(id))).toEqual(["asset_cleanups"]);
    expect((await storedKeys()).filter((key) => ids.some((id) => key.includes(id)))).toEqual([]);
    expect((await storageUsage((await getRootOwner()).libraryId)).userBytes).toBe(before.userBytes);
    expect([await changeLibrary(libraryId, "restore"), await changeLibrary(libraryId, "delete")]).toEqual([404, 404]);
  });

  it("is kept until then, and while it is live", async () => {
    const trashed = await filledLibrary();
    const live = await filledLibrary();
    await changeLibrary(trashed.libraryId, "trash");
    await purgeLibraries(testContext({ nowMs: Date.now() + 89 * DAY_MS }));
    for (const { libraryId } of [trashed, live]) expect((await storageUsage(libraryId)).count).toBe(3);
    await purgeLibraries(testContext({ nowMs: Date.now() + 91 * DAY_MS }));
    expect(await sqlAll("SELECT id FROM libraries WHERE id = ?", trashed.libraryId)).toEqual([]);
    expect((await storageUsage(live.libraryId)).count).toBe(3);
  });

  it("can be the only library of an API key, which then has access to none", async () => {
    const { libraryId } = await filledLibrary();
    const json = {
      name: "k",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [libraryId],
    };
    const created = await (await call("POST", "/api/api-keys/", { json })).json();
    const { api_key: token, id } = z.object({ api_key: z.string(), id: z.string() }).parse(created);
    await trashAndDelete(libraryId);
    await purgeLibraries(testContext());
    expect(await (await call("GET", "/api/libraries?state=all", { token })).json()).toEqual([]);
    expect((await call("GET", "/api/assets", { token })).status).toBe(400);
    await sqlAll("DELETE FROM api_keys WHERE id = ?", id);
  });

  it("is purged in bounded parts over several runs when it is large", async () => {
    const libraryId = await createLibrary("large");
    await insertAssets(
      { userId, libraryId },
      Array.from({ length: 4100 }, () => ({})),
    );
    await sqlAll(
      `INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at)
       SELECT 'album_' || a.id, library_id, user_id, '', 0, 0 FROM assets a WHERE library_id = ? LIMIT 1500`,
      libraryId,
    );
    await trashAndDelete(libraryId);
    const left: number[] = [];
    for (let run = 0; run < 3; run++) {
      const counted = countingD1(env.DB);
      await purgeLibraries(testContext({ db: openDatabase(counted.binding, "primary") }));
      expect(counted.counts.roundTrips).toBeLessThanOrEqual(25);
      const [row] = await sqlAll("SELECT asset_count FROM libraries WHERE id = ?", libraryId);
      left.push(Number(row?.asset_count ?? -1));
    }
    expect(left).toEqual([2100, 100, -1]);
    expect(await rowsContaining(libraryId)).toEqual({});
  });
});

describe("several libraries whose retention ended", () => {
  it("share the budget of a run and are all deleted eventually", async () => {
    const libraryIds = [await createLibrary("one"), await createLibrary("two"), await createLibrary("three")];
    for (const libraryId of libraryIds) {
      await sqlAll(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 32000)
         INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
         SELECT ?, 'asset_deleted', 'asset', 'asset_' || i, (SELECT max(created_at) FROM events) FROM n`,
        libraryId,
      );
      await trashAndDelete(libraryId);
    }
    for (let run = 0; run < 3; run++) {
      const counted = countingD1(env.DB);
      await purgeLibraries(testContext({ db: openDatabase(counted.binding, "primary") }));
      expect(counted.counts.statements.length).toBeLessThan(80);
    }
    for (const libraryId of libraryIds) expect(await rowsContaining(libraryId)).toEqual({});
  });
});

describe("a library restored during its purge", () => {
  it("keeps the remaining assets and has events for the deleted ones", async () => {
    const { libraryId, ids, albumId } = await filledLibrary();
    await trashAndDelete(libraryId);
    const crashing = countingD1(env.DB, {
      afterBatch: ([text = ""]) => {
        if (text.startsWith("WITH changed")) throw new Error("consumer crashed");
      },
    });
    await expect(purgeLibraries(testContext({ db: openDatabase(crashing.binding, "primary") }))).rejects.toThrow();
    expect((await storageUsage(libraryId)).count).toBe(0);
    expect(await changeLibrary(libraryId, "restore")).toBe(200);
    await purgeLibraries(testContext());
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    const album = await call("GET", `/api/albums/${albumId}`);
    expect(await album.json()).toMatchObject({ asset_count: 0, album_cover_asset_id: null });
    const feed = await sqlAll(
      "SELECT entity_id FROM events WHERE library_id = ? AND event_type = 'asset_deleted'",
      libraryId,
    );
    expect(feed.map((event) => String(event.entity_id)).toSorted()).toEqual(ids.toSorted());
  });

  it("loses nothing when restored between the listing and the deletion", async () => {
    const { libraryId, ids } = await filledLibrary();
    await trashAndDelete(libraryId);
    const intercepted = countingD1(env.DB, {
      beforeBatch: async ([text = ""]) => {
        if (text.startsWith("WITH changed")) await changeLibrary(libraryId, "restore");
      },
    });
    await purgeLibraries(testContext({ db: openDatabase(intercepted.binding, "primary") }));
    expect((await storageUsage(libraryId)).count).toBe(3);
    for (const id of ids) expect(await statusOf(`/api/assets/${id}`)).toBe(200);
  });

  it("stays empty when restored after its last asset was deleted", async () => {
    const { libraryId, albumId } = await filledLibrary();
    await trashAndDelete(libraryId);
    const intercepted = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => text.includes("'album_deleted'"))) await changeLibrary(libraryId, "restore");
      },
    });
    await purgeLibraries(testContext({ db: openDatabase(intercepted.binding, "primary") }));
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    expect(await statusOf(`/api/albums/${albumId}`)).toBe(200);
    expect(await (await call("GET", `/api/assets?include=&library_id=${libraryId}`)).json()).toEqual({
      data: [],
      has_more: false,
    });
  });
});

describe("an interrupted library purge", () => {
  it("is completed by a later run after a failure at any call", async () => {
    for (let failingCall = 1; failingCall <= 4; failingCall++) {
      const { libraryId } = await filledLibrary();
      await trashAndDelete(libraryId);
      let calls = 0;
      const crashing = countingD1(env.DB, {
        beforeBatch: () => {
          calls += 1;
          if (calls === failingCall) throw new Error("D1 unavailable");
        },
      });
      await expect(purgeLibraries(testContext({ db: openDatabase(crashing.binding, "primary") }))).rejects.toThrow();
      await purgeLibraries(testContext());
      expect(await rowsContaining(libraryId), `call ${failingCall}`).toEqual({});
    }
  });

  it("is harmless when two runs overlap", async () => {
    const { libraryId } = await filledLibrary();
    await trashAndDelete(libraryId);
    await Promise.all([purgeLibraries(testContext()), purgeLibraries(testContext()), purgeLibraries(testContext())]);
    await purgeLibraries(testContext());
    expect(await rowsContaining(libraryId)).toEqual({});
  });
});

describe("an upload in progress", () => {
  it("is rejected and leaves nothing when its library is trashed meanwhile", async () => {
    const libraryId = await createLibrary("leaving");
    const keys = await storedKeys();
    const intercepted = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => /insert into "assets"/i.test(text))) await changeLibrary(libraryId, "trash");
      },
    });
    const response = await uploadWithoutConsumer(uniqueBytes(), { libraryId, env: { DB: intercepted.binding } });
    expect(response.status).toBe(404);
    expect(await storedKeys()).toEqual(keys);
    // The library, the event of its trashing, and its owner as a member.
    expect(Object.keys(await rowsContaining(libraryId)).toSorted()).toEqual(["events", "libraries", "library_members"]);
  });
});
