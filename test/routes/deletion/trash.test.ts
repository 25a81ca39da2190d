import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, posterKey } from "../../../src/objects/keys.ts";
import { sweepEvents } from "../../../src/operations/maintenance/eventSweep.ts";
import { sqlAll, storageUsage } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { call, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { deliver, runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
  readEvents,
} from "../../support/clients/tenants.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";
import { rowsContaining } from "../../support/rows/rowSearch.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { readTasks } from "../../support/rows/taskRows.ts";
import { testContext } from "../../support/context.ts";

interface Owner {
  userId: string;
  libraryId: string;
  token: string;
}

async function newOwner(): Promise<Owner> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  return { userId, libraryId, token: (await insertKey({ userId })).secret };
}

let me: Owner;
const queue = recordingQueue();
beforeAll(async () => {
  me = await newOwner();
});

/** Verifies counts, denormalized copies, memberships and events after every test. */
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

type TrashAction = "trash" | "restore" | "delete" | "empty-trash";

async function callTrash(
  what: TrashAction,
  ids?: unknown,
  options: CallOptions & { query?: string } = {},
): Promise<Response> {
  const { query = "", ...rest } = options;
  const [method, path] = what === "delete" ? ["DELETE", "/api/assets"] : ["POST", `/api/assets/${what}`];
  const json = ids === undefined ? {} : { json: { ids } };
  const bindings = { QUEUE: queue.binding, ...rest.env };
  return await call(method, `${path}${query}`, { token: me.token, ...json, ...rest, env: bindings });
}

async function expectTrash(
  what: TrashAction,
  ids?: string[],
  options: CallOptions & { query?: string } = {},
): Promise<void> {
  const response = await callTrash(what, ids, options);
  const text = await response.text();
  expect([response.status, text], what).toEqual([200, "{}"]);
}

async function getJson<T>(path: string, token = me.token): Promise<T> {
  const response = await call("GET", path, { token });
  expect(response.status, path).toBe(200);
  return await response.json<T>();
}

async function statusOf(id: string, token = me.token): Promise<number> {
  return (await call("GET", `/api/assets/${id}`, { token })).status;
}

interface Page {
  data: { id: string; trashed_at: string | null; updated_at: string; stack_id: string | null; asset_urls: unknown }[];
}

async function listIds(state: "live" | "trashed" | "all", among?: string[]): Promise<string[]> {
  const ids = among === undefined ? "" : `&ids=${among.join(",")}`;
  const page = await getJson<Page>(`/api/assets?include=&limit=200&state=${state}${ids}`);
  return page.data.map((asset) => asset.id).toSorted();
}

/** Oldest capture first. */
async function newAssets(count: number, owner: Owner = me): Promise<string[]> {
  const fields = Array.from({ length: count }, (_, i) => ({
    capturedAt: new Date(Date.UTC(2020, 0, i + 1)).toISOString(),
  }));
  return await insertAssets(owner, fields);
}

const withId = z.object({ id: z.string() });

async function newAlbum(ids: string[]): Promise<string> {
  const created = await call("POST", "/api/albums", { token: me.token, json: { name: crypto.randomUUID() } });
  const { id } = withId.parse(await created.json());
  await call("POST", `/api/albums/${id}/assets`, { token: me.token, json: { asset_ids: ids } });
  return id;
}

async function newStack(ids: string[], primary?: string): Promise<string> {
  const json = { asset_ids: ids, ...(primary !== undefined && { primary_asset_id: primary }) };
  const created = await call("POST", "/api/stacks", { token: me.token, json });
  expect(created.status).toBe(201);
  return withId.parse(await created.json()).id;
}

async function eventsSince(since: number): Promise<[type: string, id: string, payload: unknown][]> {
  const { events } = await readEvents(since);
  return events.map((event) => [event.event_type, event.entity_id, event.payload]);
}

async function lastSeq(): Promise<number> {
  return (await readEvents()).lastSeq;
}

async function uploadUnique(bytes = uniqueBytes(100)) {
  return await expectAsset(await uploadWithoutConsumer(bytes, { token: me.token, libraryId: me.libraryId }), 201);
}

describe("trashed assets", () => {
  it("are only in the trash list with trashed_at, and return unchanged after a restore", async () => {
    const [a = "", b = ""] = await newAssets(2);
    const before = await getJson<Page["data"][number]>(`/api/assets/${a}`);
    await expectTrash("trash", [a]);
    expect([await listIds("live", [a, b]), await listIds("trashed", [a, b]), await listIds("all", [a, b])]).toEqual([
      [b],
      [a],
      [a, b].toSorted(),
    ]);
    const trashed = await getJson<Page["data"][number]>(`/api/assets/${a}`);
    expect(trashed.trashed_at).toMatch(/Z$/);
    const { trashed_at, updated_at, asset_urls } = trashed;
    // URLs that were signed for the live asset end with the trash, so a trashed asset has others.
    expect(asset_urls).not.toEqual(before.asset_urls);
    expect(trashed).toEqual({ ...before, trashed_at, updated_at, asset_urls });
    expect(trashed.updated_at > before.updated_at).toBe(true);
    await expectTrash("restore", [a]);
    const restored = await getJson<Page["data"][number]>(`/api/assets/${a}`);
    expect(restored).toEqual({ ...before, updated_at: restored.updated_at });
    expect(await listIds("live", [a, b])).toEqual([a, b].toSorted());
  });

  it("are excluded from their albums' lists, counts, dates and covers until restored", async () => {
    const [oldest = "", middle = "", newest = ""] = await newAssets(3);
    const album = await newAlbum([oldest, middle, newest]);
    await call("PATCH", `/api/albums/${album}`, { token: me.token, json: { album_cover_asset_id: oldest } });
    const shown = async () => {
      const { asset_count, album_cover_asset_id, start_date, end_date } = await getJson<Record<string, unknown>>(
        `/api/albums/${album}`,
      );
      const days = [start_date, end_date].map((date) => String(date).slice(0, 10));
      return [asset_count, album_cover_asset_id, ...days];
    };
    const whole = [3, oldest, "2020-01-01", "2020-01-03"];
    expect(await shown()).toEqual(whole);
    let since = await lastSeq();
    await expectTrash("trash", [oldest, newest]);
    expect(await shown()).toEqual([1, middle, "2020-01-02", "2020-01-02"]);
    expect(await eventsSince(since)).toEqual([
      ...[oldest, newest].toSorted().map((id) => ["asset_trashed", id, { stack_id: null }]),
      ["album_updated", album, { album_cover_asset_id: middle }],
    ]);
    await expectTrash("trash", [middle]);
    expect(await shown()).toEqual([0, null, "null", "null"]);
    since = await lastSeq();
    await expectTrash("restore", [oldest]);
    expect(await shown()).toEqual([1, oldest, "2020-01-01", "2020-01-01"]);
    expect(await eventsSince(since)).toEqual([
      ["asset_restored", oldest, { stack_id: null }],
      ["album_updated", album, { album_cover_asset_id: oldest }],
    ]);
    await expectTrash("restore", [newest, middle]);
    expect(await shown()).toEqual(whole);
    const page = await getJson<Page>(`/api/assets?include=&album_id=${album}`);
    expect(page.data.map((asset) => asset.id)).toEqual([newest, middle, oldest]);
  });

  it("are excluded from their stack's count but stay its chosen cover", async () => {
    const ids = (await newAssets(3)).toSorted();
    const [a = "", b = ""] = ids;
    const stack = await newStack(ids, a);
    const since = await lastSeq();
    await expectTrash("trash", [a, b]);
    expect(await eventsSince(since)).toEqual([
      ["asset_trashed", a, { stack_id: stack }],
      ["asset_trashed", b, { stack_id: stack }],
    ]);
    const left = await getJson<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(left).toMatchObject({ asset_count: 1, primary_asset_id: a });
    await expectTrash("restore", [a, b]);
    const back = await getJson<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(back).toMatchObject({ asset_count: 3, primary_asset_id: a });
    expect((await eventsSince(since)).filter(([type]) => type === "stack_updated")).toEqual([]);
  });

  it("leave the counts of their people without events of faces and people", async () => {
    const [a = "", b = ""] = await newAssets(2);
    const [ada, bob] = [await insertPerson(me), await insertPerson(me)];
    await insertFaces(me, [
      { assetId: a, personId: ada },
      { assetId: a, personId: bob },
      { assetId: b, personId: ada },
    ]);
    const counts = async (): Promise<unknown[]> => {
      const page = await getJson<{ data: { id: string; asset_count: number }[] }>(`/api/people?ids=${ada},${bob}`);
      return [ada, bob].map((person) => page.data.find(({ id }) => id === person)?.asset_count);
    };
    expect(await counts()).toEqual([2, 1]);
    const since = await lastSeq();
    await expectTrash("trash", [a]);
    expect(await counts()).toEqual([1, 0]);
    await expectTrash("restore", [a]);
    expect(await counts()).toEqual([2, 1]);
    expect((await eventsSince(since)).map(([type]) => type)).toEqual(["asset_trashed", "asset_restored"]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("can be trashed again and live ones restored again, without changes or events", async () => {
    const [a = "", b = ""] = await newAssets(2);
    await newAlbum([a, b]);
    await newStack([a, b]);
    await expectTrash("trash", [a]);
    const state = async () => JSON.stringify([await rowsContaining(a), await rowsContaining(b)]);
    const trashed = await state();
    const since = await lastSeq();
    await expectTrash("trash", [a, a]);
    await expectTrash("restore", [b]);
    expect(await state()).toBe(trashed);
    expect(await eventsSince(since)).toEqual([]);
  });

  it("belong to the named library: unknown and foreign ids are ignored", async () => {
    const other = { ...me, libraryId: await insertLibrary(me.userId, "other") };
    const otherTenant = await insertTenant();
    const [own = "", elsewhere = ""] = [...(await newAssets(1)), ...(await newAssets(1, other))];
    const ids = [newId("asset"), elsewhere, otherTenant.assetId, own];
    for (const what of ["trash", "restore", "delete"] as const) {
      expect((await callTrash(what, ids)).status, "several libraries").toBe(400);
      for (const libraryId of [otherTenant.libraryId, newId("library")]) {
        expect((await callTrash(what, ids, { query: `?library_id=${libraryId}` })).status).toBe(404);
      }
      expect((await callTrash(what, ids, { query: "?library_id=lib_x" })).status).toBe(422);
    }
    const query = `?library_id=${me.libraryId}`;
    const trashedAt = async () =>
      await sqlAll(
        "SELECT id FROM assets WHERE trashed_at IS NOT NULL AND id IN (?, ?, ?)",
        elsewhere,
        otherTenant.assetId,
        own,
      );
    await expectTrash("trash", ids, { query });
    expect(await trashedAt()).toEqual([{ id: own }]);
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id IN (?, ?)", elsewhere, otherTenant.assetId);
    await expectTrash("restore", ids, { query });
    expect(await trashedAt()).toHaveLength(2);
    await expectTrash("delete", ids, { query });
    expect([await statusOf(own), await statusOf(elsewhere)]).toEqual([404, 200]);
    expect(await statusOf(otherTenant.assetId, otherTenant.secret)).toBe(200);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other.libraryId);
  });

  it("require a key with the action and the library in its scope", async () => {
    const [a = ""] = await newAssets(1);
    const other = await insertLibrary(me.userId, "not the key's");
    const keyFor = async (actions: string[], libraryIds: string[]) =>
      (await insertKey({ userId: me.userId, actions, libraryIds })).secret;
    const deleting = await keyFor(["read", "delete"], [me.libraryId]);
    await expectTrash("trash", [a], { token: deleting });
    expect(await listIds("trashed", [a]).catch(() => "several libraries")).toBe("several libraries");
    expect((await callTrash("delete", [a], { token: deleting })).status).toBe(403);
    expect((await callTrash("empty-trash", undefined, { token: deleting })).status).toBe(403);
    expect((await call("DELETE", `/api/assets/${a}`, { token: deleting })).status).toBe(403);
    const elsewhere = await keyFor(["read", "delete", "delete_permanently"], [other]);
    expect((await callTrash("restore", [a], { token: elsewhere, query: `?library_id=${me.libraryId}` })).status).toBe(
      404,
    );
    expect((await call("DELETE", `/api/assets/${a}`, { token: elsewhere })).status).toBe(404);
    await expectTrash("delete", [a], { token: elsewhere });
    expect(await statusOf(a)).toBe(200);
    const permanent = await keyFor(["read", "delete_permanently"], [me.libraryId]);
    expect((await callTrash("restore", [a], { token: permanent })).status).toBe(403);
    await expectTrash("empty-trash", undefined, { token: permanent });
    expect(await statusOf(a)).toBe(404);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other);
  });

  it("are selected by 1 to 200 valid ids", async () => {
    const tooMany = Array.from({ length: 201 }, () => newId("asset"));
    for (const what of ["trash", "restore", "delete"] as const) {
      for (const ids of [[], tooMany, ["x"], [null], [newId("album")], "asset_x", { a: 1 }, 7, null]) {
        expect((await callTrash(what, ids)).status, `${what} ${JSON.stringify(ids).slice(0, 40)}`).toBe(422);
      }
      await expectTrash(what, tooMany.slice(0, 200));
    }
    expect((await call("DELETE", "/api/assets/asset_x", { token: me.token })).status).toBe(422);
  });
});

describe("the cost of trash operations", () => {
  it("is at most six statements plus authentication for 1 to 200 ids, and eleven for deletions", async () => {
    const database = countingD1(env.DB);
    for (const what of ["trash", "restore", "delete"] as const) {
      const counts: number[] = [];
      for (const count of [1, 200]) {
        const ids = await newAssets(count);
        await newAlbum(ids);
        if (count > 1) await newStack(ids.slice(0, 100));
        if (what === "restore") await expectTrash("trash", ids);
        database.reset();
        await expectTrash(what, ids, { env: { DB: database.binding } });
        counts.push(database.counts.statements.filter(({ sql }) => !sql.includes("api_keys")).length);
        await expectTrash("delete", ids);
      }
      expect(counts[1], what).toBe(counts[0]);
      // Four of a deletion are of faces.
      expect(counts[0], what).toBeLessThanOrEqual(what === "delete" ? 11 : 6);
    }
  });
});

describe("a trash, restore or delete call", () => {
  const cases = ["trash", "restore", "delete"] as const;

  it.each(cases)("changes nothing if it fails, and can be repeated: %s", async (what) => {
    const ids = (await newAssets(3)).toSorted();
    await newAlbum(ids);
    await newStack(ids);
    if (what === "restore") await expectTrash("trash", ids);
    const state = async () => JSON.stringify(await Promise.all(ids.map(rowsContaining)));
    const before = await state();
    const failing = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH changed")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    const refused = await callTrash(what, ids, { env: { DB: failing.binding } });
    expect(refused.status).toBe(503);
    expect(await state()).toBe(before);
    const lostResponse = countingD1(env.DB, {
      afterBatch: ([text = ""]) => {
        if (text.startsWith("WITH changed")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect((await callTrash(what, ids, { env: { DB: lostResponse.binding } })).status).toBe(503);
    const after = await state();
    const since = await lastSeq();
    await expectTrash(what, ids);
    expect(await state()).toBe(after);
    expect(await eventsSince(since)).toEqual([]);
  });

  it("keeps all counts correct under concurrent trash, restore, delete and album calls", async () => {
    const ids = await newAssets(12);
    const album = await newAlbum(ids.slice(0, 6));
    await newStack(ids.slice(0, 4), ids[0]);
    await newStack(ids.slice(6, 8), ids[6]);
    const path = `/api/albums/${album}/assets`;
    const json = (some: string[]) => ({ token: me.token, json: { asset_ids: some } });
    const since = await lastSeq();
    const answers = await Promise.all([
      callTrash("trash", ids.slice(0, 8)),
      call("POST", path, json(ids)),
      callTrash("restore", ids.slice(2, 10)),
      callTrash("trash", ids.slice(4, 12)),
      call("DELETE", path, json(ids.slice(3, 5))),
      callTrash("delete", ids.slice(5, 7)),
      callTrash("restore", ids.slice(0, 4)),
      call("POST", path, json(ids.slice(2, 8))),
      callTrash("delete", ids.slice(6, 8)),
      callTrash("trash", ids.slice(0, 12)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const deleted = (await eventsSince(since)).filter(([type]) => type === "asset_deleted").map(([, id]) => id);
    expect(deleted.toSorted()).toEqual(ids.slice(5, 8).toSorted());
    expect(await listIds("trashed", ids)).toHaveLength(9);
  });
});

describe("a permanently deleted asset", () => {
  /** Creates an asset with every kind of stored object and related row. */
  async function whole() {
    const asset = await uploadUnique();
    const { id, current_version_id: original } = asset;
    const derived = newId("assetVersion");
    await sqlAll(
      `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes, checksum, created_at)
       VALUES (?1, ?3, ?4, 0, 'original', 'image/jpeg', 1, 1, 100, 'x', 0), (?2, ?3, ?4, 1, 'edit', 'image/jpeg', 1, 1, 50, 'y', 0)`,
      original,
      derived,
      me.libraryId,
      id,
    );
    await sqlAll(
      "UPDATE assets SET original_version_id = ?, current_version_id = ?, version_bytes = 50 WHERE id = ?",
      original,
      derived,
      id,
    );
    const album = await newAlbum([id]);
    const people = [await insertPerson(me), await insertPerson(me)];
    const faces = await insertFaces(
      me,
      people.map((personId) => ({ assetId: id, personId, box: [1, 2, 3, 4] as const })),
    );
    const crop = `${faces[0]}-1-2-3-4`;
    await sqlAll("INSERT INTO derived_files VALUES (?, ?, ?, 7)", id, original, crop);
    await env.BUCKET.put(renditionKey(id, original, crop), "made of it");
    const keys = [original, derived].flatMap((versionId) => [
      originalKey(id, versionId),
      proxyKey(id, versionId),
      posterKey(id, versionId),
      renditionKey(id, versionId, "thumbnail"),
    ]);
    for (const key of keys) await env.BUCKET.put(key, "made of it");
    return { id, album, original, derived, faces };
  }

  const keysOf = async (id: string): Promise<string[]> => (await storedKeys()).filter((key) => key.includes(id));

  it.each(["live", "trashed"])("leaves nothing but its deletion event once the feed is swept: %s", async (state) => {
    const before = await storageUsage(me.libraryId);
    const { id, original, derived, faces } = await whole();
    expect(await keysOf(id)).toHaveLength(9);
    expect((await storageUsage(me.libraryId)).userBytes).toBe(before.userBytes + 157);
    if (state === "trashed") await expectTrash("trash", [id]);
    const purged = await call("DELETE", `/api/assets/${id}`, { token: me.token });
    expect([purged.status, await purged.text()]).toEqual([200, "{}"]);
    expect(await keysOf(id)).toEqual([]);
    expect(await storageUsage(me.libraryId)).toEqual(before);
    await sqlAll("DELETE FROM sweep_positions");
    await sweepEvents(testContext());
    const { events = [], asset_cleanups: cleanups = [], ...others } = await rowsContaining(id);
    expect(others).toEqual({});
    expect(cleanups).toHaveLength(1);
    // Album events contain the id of a cover and of removed assets, events of faces that of their asset.
    const types = events
      .map((event) => event.event_type)
      .filter((type) => type !== "album_updated" && type !== "face_deleted");
    expect(types).toEqual(["album_asset_removed", "asset_deleted"]);
    for (const version of [original, derived]) expect(await rowsContaining(version)).toEqual({});
    for (const face of faces) expect(Object.keys(await rowsContaining(face))).toEqual(["events"]);
    expect(await findInconsistencies()).toEqual({});
    expect((await call("DELETE", `/api/assets/${id}`, { token: me.token })).status).toBe(404);
    expect(await statusOf(id)).toBe(404);
  });

  it("can be uploaded again as a new asset", async () => {
    const bytes = uniqueBytes(80);
    const first = await uploadUnique(bytes);
    await expectTrash("delete", [first.id, first.id]);
    expect((await uploadUnique(bytes)).id).not.toBe(first.id);
  });

  it("is no longer the cover of its stack, which keeps the other members", async () => {
    const ids = (await newAssets(3)).toSorted();
    const [a = "", b = ""] = ids;
    const stack = await newStack(ids, a);
    await expectTrash("trash", [b]);
    const since = await lastSeq();
    await expectTrash("delete", [a]);
    expect(await eventsSince(since)).toEqual([
      ["stack_updated", stack, null],
      ["asset_deleted", a, null],
    ]);
    const left = await getJson<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(left).toMatchObject({ asset_count: 1, primary_asset_id: null });
  });

  it("deletes a stack with one remaining member, even a trashed one, and its event precedes the asset's", async () => {
    const [a = "", b = "", c = ""] = (await newAssets(3)).toSorted();
    const stack = await newStack([a, b, c], c);
    await expectTrash("trash", [c]);
    const before = await getJson<Page["data"][number]>(`/api/assets/${c}`);
    const since = await lastSeq();
    await expectTrash("delete", [a, b]);
    expect(await eventsSince(since)).toEqual([
      ["asset_updated", c, { stack_id: null }],
      ["stack_deleted", stack, null],
      ["asset_deleted", a, null],
      ["asset_deleted", b, null],
    ]);
    expect((await call("GET", `/api/stacks/${stack}`, { token: me.token })).status).toBe(404);
    const left = await getJson<Page["data"][number]>(`/api/assets/${c}`);
    expect(left.stack_id).toBeNull();
    expect(left.updated_at > before.updated_at).toBe(true);
  });

  it("is deleted with its stack if all members are deleted at once", async () => {
    const ids = (await newAssets(2)).toSorted();
    const stack = await newStack(ids);
    const since = await lastSeq();
    await expectTrash("delete", ids);
    expect((await eventsSince(since)).map(([type]) => type)).toEqual([
      "stack_deleted",
      "asset_deleted",
      "asset_deleted",
    ]);
    expect(await sqlAll("SELECT id FROM stacks WHERE id = ?", stack)).toEqual([]);
  });

  it("is deleted once by two concurrent calls: the other gets 404, and there is one event", async () => {
    const { id } = await uploadUnique();
    const since = await lastSeq();
    const answers = await Promise.all([1, 2, 3].map(() => call("DELETE", `/api/assets/${id}`, { token: me.token })));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["200", "404", "404"]);
    expect(await eventsSince(since)).toEqual([["asset_deleted", id, null]]);
  });

  it("is deleted although the bucket is unavailable", async () => {
    const { id } = await uploadUnique();
    const bucket = instrumentedBucket({ delete: "rejected" });
    await expectTrash("delete", [id], { env: { BUCKET: bucket.binding } });
    expect([await statusOf(id), (await keysOf(id)).length]).toEqual([404, 1]);
    await sqlAll("UPDATE asset_cleanups SET due_at = 0 WHERE asset_id = ?", id);
    await runSchedule();
    expect(await keysOf(id)).toEqual([]);
  });
});

describe("an emptied trash", () => {
  beforeEach(async () => {
    me = await newOwner();
    queue.sent.length = 0;
  });

  const trashRow = async (ids: string[], atMs: number) =>
    await sqlAll(
      "UPDATE assets SET trashed_at = ? WHERE id IN (SELECT value FROM json_each(?))",
      atMs,
      JSON.stringify(ids),
    );

  it("has lost all its assets and nothing else", async () => {
    const ids = await newAssets(5);
    const otherTenant = await insertTenant();
    await trashRow([otherTenant.assetId], 5);
    await expectTrash("empty-trash");
    await expectTrash("trash", ids.slice(0, 3));
    await expectTrash("empty-trash");
    expect([await listIds("trashed"), await listIds("all")]).toEqual([[], ids.slice(3).toSorted()]);
    for (const id of ids.slice(0, 3)) expect(await statusOf(id)).toBe(404);
    expect(await statusOf(otherTenant.assetId, otherTenant.secret)).toBe(200);
    const since = await lastSeq();
    await expectTrash("empty-trash");
    expect(await eventsSince(since)).toEqual([]);
    await expectTrash("delete", ids);
  });

  it("is empty for every read, while queue messages delete what exceeds one call", async () => {
    const bytes = uniqueBytes(90);
    const kept = await uploadUnique(bytes);
    const many = await newAssets(2300);
    await expectTrash("trash", [kept.id]);
    await trashRow(many, 50);
    const album = await newAlbum([]);
    const before = await storageUsage(me.libraryId);
    await expectTrash("empty-trash");
    expect(queue.sent).toEqual([{ emptyTrashLibraryId: me.libraryId }]);
    const { count } = await storageUsage(me.libraryId);
    expect(before.count - count).toBe(1000);

    // The asset trashed last is purged last, so it represents the remainder.
    expect(await sqlAll("SELECT id FROM assets WHERE id = ?", kept.id)).toHaveLength(1);
    expect(await listIds("trashed")).toEqual([]);
    expect(await listIds("all")).toEqual([]);
    for (const order of ["asc", "desc"]) {
      const page = await getJson<Page>(`/api/assets?include=&state=trashed&order=${order}`);
      expect(page.data).toEqual([]);
      const dated = `local_datetime_after=2000-01-01&local_datetime_before=2099-01-01`;
      expect((await getJson<Page>(`/api/assets?include=&state=trashed&order=${order}&${dated}`)).data).toEqual([]);
    }
    expect(await listIds("all", [kept.id])).toEqual([]);
    for (const [method, path] of [
      ["GET", `/api/assets/${kept.id}`],
      ["DELETE", `/api/assets/${kept.id}`],
      ["GET", `/api/tasks/asset/${kept.id}`],
    ] as const) {
      expect((await call(method, path, { token: me.token })).status, path).toBe(404);
    }
    await expectTrash("restore", [kept.id]);
    await expectTrash("trash", [kept.id]);
    expect(await statusOf(kept.id)).toBe(404);
    const [task] = await readTasks(kept.id);
    expect((await call("GET", `/api/tasks/${String(task?.id)}`, { token: me.token })).status).toBe(404);
    expect(await getJson<unknown[]>("/api/tasks/")).toEqual([]);
    const known = { token: me.token, json: { checksums: [kept.checksum] } };
    expect(await (await call("POST", "/api/assets/exist", known)).json()).toEqual({ assets: [] });
    for (const state of ["trashed", "all"]) {
      expect((await getJson<Page>(`/api/assets/counts?state=${state}`)).data, state).toEqual([]);
    }
    const added = await call("POST", `/api/albums/${album}/assets`, {
      token: me.token,
      json: { asset_ids: [kept.id] },
    });
    expect(await added.json()).toMatchObject({ not_found_assets: [kept.id] });

    // The same bytes can be uploaded again as a new asset.
    const again = await uploadUnique(bytes);
    expect(again.id).not.toBe(kept.id);
    await expectTrash("trash", [again.id]);

    for (let i = 0; i < 5 && queue.sent.length > 0; i++) {
      await deliver(queue.sent.splice(0), { env: { QUEUE: queue.binding } });
    }
    expect(await listIds("all")).toEqual([again.id]);
    expect((await storageUsage(me.libraryId)).count).toBe(1);
  });

  it("is purged by the schedule if its message is lost, except for assets restored before or trashed after", async () => {
    const [purged = "", restored = "", later = ""] = await newAssets(3);
    await expectTrash("trash", [purged, restored]);
    await expectTrash("restore", [restored]);
    const broken = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH changed")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect((await callTrash("empty-trash", undefined, { env: { DB: broken.binding } })).status).toBe(503);
    expect([await statusOf(purged), await statusOf(restored)]).toEqual([404, 200]);
    await expectTrash("trash", [later, restored]);
    await expectTrash("restore", [purged, restored]);
    expect([await statusOf(purged), await statusOf(later)]).toEqual([404, 200]);
    await runSchedule();
    expect(await sqlAll("SELECT id FROM assets WHERE id = ?", purged)).toEqual([]);
    expect([await listIds("trashed"), await listIds("live")]).toEqual([[later], [restored]]);
    await expectTrash("delete", [restored]);
  });

  it("excludes exactly the assets trashed before it was emptied, even if clocks disagree", async () => {
    const [early = "", late = ""] = await newAssets(2);
    await trashRow([early], Date.now() + 3600_000);
    const broken = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH changed")) throw new Error("away");
      },
    });
    await callTrash("empty-trash", undefined, { env: { DB: broken.binding } });
    expect(await statusOf(early)).toBe(404);
    await expectTrash("trash", [late]);
    expect(await listIds("trashed")).toEqual([late]);
    await runSchedule();
    expect(await listIds("trashed")).toEqual([late]);
    await expectTrash("restore", [late]);
    expect(await listIds("live")).toEqual([late]);
    await expectTrash("delete", [late]);
  });

  it("accepts no body and only a library in the credential's scope", async () => {
    const otherTenant = await insertTenant();
    for (const libraryId of [otherTenant.libraryId, newId("library")]) {
      await expectError(await callTrash("empty-trash", undefined, { query: `?library_id=${libraryId}` }), 404);
    }
    expect((await callTrash("empty-trash", undefined, { query: "?library_id=x" })).status).toBe(422);
    await expectTrash("empty-trash", undefined, { query: `?library_id=${me.libraryId}` });
  });
});

describe("stored objects", () => {
  it("match the rows after any mixture of uploads, trash, restores and deletions", async () => {
    me = await newOwner();
    let seed = 7;
    const below = (limit: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % limit;
    };
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) {
      const some = ids.filter(() => below(3) === 0).slice(0, 5);
      const deed = below(6);
      if (deed < 3 || some.length === 0) ids.push((await uploadUnique(uniqueBytes(50 + below(100)))).id);
      else if (deed === 3) await expectTrash("trash", some);
      else if (deed === 4) await expectTrash(below(2) === 0 ? "restore" : "delete", some);
      else if (below(3) === 0) await expectTrash("empty-trash");
    }
    const library = await getJson<Record<string, number>>(`/api/libraries/${me.libraryId}`);
    const user = await getJson<Record<string, number>>("/api/users/me");
    const [sum] = await sqlAll(
      "SELECT count(*) AS n, sum(file_size_bytes) AS bytes FROM assets WHERE user_id = ?",
      me.userId,
    );
    expect(Number(sum?.n)).toBeGreaterThan(3);
    expect(library).toMatchObject({ asset_count: sum?.n, storage_used_bytes: sum?.bytes });
    expect(user).toMatchObject({ storage_used_bytes: sum?.bytes });
  });
});
