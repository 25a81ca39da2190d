import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey, proxyKey, renditionKey, stillKey } from "../../../src/objects/keys.ts";
import { sqlAll, usage } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { deliver, runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { recount } from "../../support/rows/recount.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
  readEvents,
} from "../../support/clients/tenants.ts";
import { rowsWith } from "../../support/rows/traces.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

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
const queue = keptQueue();
beforeAll(async () => {
  me = await newOwner();
});

/** Whatever a test did: no count, copy, link or event is wrong afterwards. */
afterEach(async () => {
  expect(await recount()).toEqual({});
});

type Act = "trash" | "restore" | "delete" | "empty-trash";

async function act(what: Act, ids?: unknown, options: CallOptions & { query?: string } = {}): Promise<Response> {
  const { query = "", ...rest } = options;
  const [method, path] = what === "delete" ? ["DELETE", "/api/assets"] : ["POST", `/api/assets/${what}`];
  const json = ids === undefined ? {} : { json: { ids } };
  const bindings = { QUEUE: queue.binding, ...rest.env };
  return await call(method, `${path}${query}`, { token: me.token, ...json, ...rest, env: bindings });
}

async function done(what: Act, ids?: string[], options: CallOptions & { query?: string } = {}): Promise<void> {
  const response = await act(what, ids, options);
  const text = await response.text();
  expect([response.status, text], what).toEqual([200, "{}"]);
}

async function answer<T>(path: string, token = me.token): Promise<T> {
  const response = await call("GET", path, { token });
  expect(response.status, path).toBe(200);
  return await response.json<T>();
}

async function statusOf(id: string, token = me.token): Promise<number> {
  return (await call("GET", `/api/assets/${id}`, { token })).status;
}

interface Page {
  data: { id: string; trashed_at: string | null; updated_at: string; stack_id: string | null }[];
}

async function listed(state: "live" | "trashed" | "all", among?: string[]): Promise<string[]> {
  const ids = among === undefined ? "" : `&ids=${among.join(",")}`;
  const page = await answer<Page>(`/api/assets?include=&limit=200&state=${state}${ids}`);
  return page.data.map((asset) => asset.id).toSorted();
}

/** Oldest capture first. */
async function newAssets(count: number, owner: Owner = me): Promise<string[]> {
  const fields = Array.from({ length: count }, (_, i) => ({ taken: new Date(Date.UTC(2020, 0, i + 1)).toISOString() }));
  return await insertAssets(owner, fields);
}

const withId = z.object({ id: z.string() });

async function newAlbum(ids: string[]): Promise<string> {
  const created = await call("POST", "/api/albums", { token: me.token, json: { name: "a" } });
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

async function told(since: number): Promise<[type: string, id: string, payload: unknown][]> {
  const { events } = await readEvents(since);
  return events.map((event) => [event.event_type, event.entity_id, event.payload]);
}

async function lastSeq(): Promise<number> {
  return (await readEvents()).lastSeq;
}

async function uploaded(bytes = uniqueBytes(100)) {
  return await assetOf(await quietUpload(bytes, { token: me.token, libraryId: me.libraryId }), 201);
}

describe("assets in the trash", () => {
  it("leave every list but the trash's, say when they went, and come back as they were", async () => {
    const [a = "", b = ""] = await newAssets(2);
    const before = await answer<Page["data"][number]>(`/api/assets/${a}`);
    await done("trash", [a]);
    expect([await listed("live", [a, b]), await listed("trashed", [a, b]), await listed("all", [a, b])]).toEqual([
      [b],
      [a],
      [a, b].toSorted(),
    ]);
    const trashed = await answer<Page["data"][number]>(`/api/assets/${a}`);
    expect(trashed.trashed_at).toMatch(/Z$/);
    expect(trashed).toEqual({ ...before, trashed_at: trashed.trashed_at, updated_at: trashed.updated_at });
    expect(trashed.updated_at > before.updated_at).toBe(true);
    await done("restore", [a]);
    const restored = await answer<Page["data"][number]>(`/api/assets/${a}`);
    expect(restored).toEqual({ ...before, updated_at: restored.updated_at });
    expect(await listed("live", [a, b])).toEqual([a, b].toSorted());
  });

  it("are not shown by their albums, nor counted, dated or covering them; back, they are", async () => {
    const [oldest = "", middle = "", newest = ""] = await newAssets(3);
    const album = await newAlbum([oldest, middle, newest]);
    await call("PATCH", `/api/albums/${album}`, { token: me.token, json: { album_cover_asset_id: oldest } });
    const shown = async () => {
      const { asset_count, album_cover_asset_id, start_date, end_date } = await answer<Record<string, unknown>>(
        `/api/albums/${album}`,
      );
      const days = [start_date, end_date].map((date) => String(date).slice(0, 10));
      return [asset_count, album_cover_asset_id, ...days];
    };
    const whole = [3, oldest, "2020-01-01", "2020-01-03"];
    expect(await shown()).toEqual(whole);
    let since = await lastSeq();
    await done("trash", [oldest, newest]);
    expect(await shown()).toEqual([1, middle, "2020-01-02", "2020-01-02"]);
    expect(await told(since)).toEqual([
      ...[oldest, newest].toSorted().map((id) => ["asset_updated", id, { stack_id: null }]),
      ["album_updated", album, { album_cover_asset_id: middle }],
    ]);
    await done("trash", [middle]);
    expect(await shown()).toEqual([0, null, "null", "null"]);
    since = await lastSeq();
    await done("restore", [oldest]);
    expect(await shown()).toEqual([1, oldest, "2020-01-01", "2020-01-01"]);
    expect(await told(since)).toEqual([
      ["asset_updated", oldest, { stack_id: null }],
      ["album_updated", album, { album_cover_asset_id: oldest }],
    ]);
    await done("restore", [newest, middle]);
    expect(await shown()).toEqual(whole);
    const page = await answer<Page>(`/api/assets?include=&album_id=${album}`);
    expect(page.data.map((asset) => asset.id)).toEqual([newest, middle, oldest]);
  });

  it("are not counted by their stack, whose chosen cover stays chosen", async () => {
    const ids = (await newAssets(3)).toSorted();
    const [a = "", b = ""] = ids;
    const stack = await newStack(ids, a);
    const since = await lastSeq();
    await done("trash", [a, b]);
    expect(await told(since)).toEqual([
      ["asset_updated", a, { stack_id: stack }],
      ["asset_updated", b, { stack_id: stack }],
      ["stack_updated", stack, null],
    ]);
    const left = await answer<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(left).toMatchObject({ asset_count: 1, primary_asset_id: a });
    await done("restore", [a, b]);
    const back = await answer<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(back).toMatchObject({ asset_count: 3, primary_asset_id: a });
    expect((await told(since)).filter(([type]) => type === "stack_updated")).toHaveLength(2);
  });

  it("can be trashed again, and live ones restored again: nothing changes and nobody hears of it", async () => {
    const [a = "", b = ""] = await newAssets(2);
    await newAlbum([a, b]);
    await newStack([a, b]);
    await done("trash", [a]);
    const state = async () => JSON.stringify([await rowsWith(a), await rowsWith(b)]);
    const trashed = await state();
    const since = await lastSeq();
    await done("trash", [a, a]);
    await done("restore", [b]);
    expect(await state()).toBe(trashed);
    expect(await told(since)).toEqual([]);
  });

  it("are those of the named library: unknown ids, another library's and another owner's are left alone", async () => {
    const other = { ...me, libraryId: await insertLibrary(me.userId, "other") };
    const theirs = await insertTenant();
    const [mine = "", elsewhere = ""] = [...(await newAssets(1)), ...(await newAssets(1, other))];
    const ids = [newId("asset"), elsewhere, theirs.assetId, mine];
    for (const what of ["trash", "restore", "delete"] as const) {
      expect((await act(what, ids)).status, "several libraries").toBe(400);
      for (const libraryId of [theirs.libraryId, newId("library")]) {
        expect((await act(what, ids, { query: `?library_id=${libraryId}` })).status).toBe(404);
      }
      expect((await act(what, ids, { query: "?library_id=lib_x" })).status).toBe(422);
    }
    const query = `?library_id=${me.libraryId}`;
    const trashedAt = async () =>
      await sqlAll(
        "SELECT id FROM assets WHERE trashed_at IS NOT NULL AND id IN (?, ?, ?)",
        elsewhere,
        theirs.assetId,
        mine,
      );
    await done("trash", ids, { query });
    expect(await trashedAt()).toEqual([{ id: mine }]);
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id IN (?, ?)", elsewhere, theirs.assetId);
    await done("restore", ids, { query });
    expect(await trashedAt()).toHaveLength(2);
    await done("delete", ids, { query });
    expect([await statusOf(mine), await statusOf(elsewhere)]).toEqual([404, 200]);
    expect(await statusOf(theirs.assetId, theirs.secret)).toBe(200);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other.libraryId);
  });

  it("are for a key with the action, in the library that it is for", async () => {
    const [a = ""] = await newAssets(1);
    const other = await insertLibrary(me.userId, "not the key's");
    const keyFor = async (actions: string[], libraryIds: string[]) =>
      (await insertKey({ userId: me.userId, actions, libraryIds })).secret;
    const deleting = await keyFor(["read", "delete"], [me.libraryId]);
    await done("trash", [a], { token: deleting });
    expect(await listed("trashed", [a]).catch(() => "several libraries")).toBe("several libraries");
    expect((await act("delete", [a], { token: deleting })).status).toBe(403);
    expect((await act("empty-trash", undefined, { token: deleting })).status).toBe(403);
    expect((await call("DELETE", `/api/assets/${a}`, { token: deleting })).status).toBe(403);
    const elsewhere = await keyFor(["read", "delete", "delete_permanently"], [other]);
    expect((await act("restore", [a], { token: elsewhere, query: `?library_id=${me.libraryId}` })).status).toBe(404);
    expect((await call("DELETE", `/api/assets/${a}`, { token: elsewhere })).status).toBe(404);
    await done("delete", [a], { token: elsewhere });
    expect(await statusOf(a)).toBe(200);
    const permanent = await keyFor(["read", "delete_permanently"], [me.libraryId]);
    expect((await act("restore", [a], { token: permanent })).status).toBe(403);
    await done("empty-trash", undefined, { token: permanent });
    expect(await statusOf(a)).toBe(404);
    await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", other);
  });

  it("are 1 to 200 ids, well-formed ones", async () => {
    const tooMany = Array.from({ length: 201 }, () => newId("asset"));
    for (const what of ["trash", "restore", "delete"] as const) {
      for (const ids of [[], tooMany, ["x"], [null], [newId("album")], "asset_x", { a: 1 }, 7, null]) {
        expect((await act(what, ids)).status, `${what} ${JSON.stringify(ids).slice(0, 40)}`).toBe(422);
      }
      await done(what, tooMany.slice(0, 200));
    }
    expect((await call("DELETE", "/api/assets/asset_x", { token: me.token })).status).toBe(422);
    expect((await call("DELETE", "/api/assets/trash", { token: me.token })).status).toBe(422);
  });
});

describe("what the trash costs", () => {
  it("is the same number of statements for 1 id and for 200: at most six beside the credential", async () => {
    const database = countingD1(env.DB);
    for (const what of ["trash", "restore", "delete"] as const) {
      const counts: number[] = [];
      for (const count of [1, 200]) {
        const ids = await newAssets(count);
        await newAlbum(ids);
        if (count > 1) await newStack(ids.slice(0, 100));
        if (what === "restore") await done("trash", ids);
        database.reset();
        await done(what, ids, { env: { DB: database.binding } });
        counts.push(database.counts.statements.filter(({ sql }) => !sql.includes("api_keys")).length);
        await done("delete", ids);
      }
      expect(counts[1], what).toBe(counts[0]);
      expect(counts[0], what).toBeLessThanOrEqual(6);
    }
  });
});

describe("a move into the trash or out of it", () => {
  const cases = ["trash", "restore", "delete"] as const;

  it.each(cases)("that breaks off changes nothing at all, and can be asked for again: %s", async (what) => {
    const ids = (await newAssets(3)).toSorted();
    await newAlbum(ids);
    await newStack(ids);
    if (what === "restore") await done("trash", ids);
    const state = async () => JSON.stringify(await Promise.all(ids.map(rowsWith)));
    const before = await state();
    const failing = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH turned")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    const refused = await act(what, ids, { env: { DB: failing.binding } });
    expect(refused.status).toBe(503);
    expect(await state()).toBe(before);
    const silent = countingD1(env.DB, {
      afterBatch: ([text = ""]) => {
        if (text.startsWith("WITH turned")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect((await act(what, ids, { env: { DB: silent.binding } })).status).toBe(503);
    const after = await state();
    const since = await lastSeq();
    await done(what, ids);
    expect(await state()).toBe(after);
    expect(await told(since)).toEqual([]);
  });

  it("leaves everything in order when trash, restore, deletion and albums meet", async () => {
    const ids = await newAssets(12);
    const album = await newAlbum(ids.slice(0, 6));
    await newStack(ids.slice(0, 4), ids[0]);
    await newStack(ids.slice(6, 8), ids[6]);
    const path = `/api/albums/${album}/assets`;
    const json = (some: string[]) => ({ token: me.token, json: { asset_ids: some } });
    const since = await lastSeq();
    const answers = await Promise.all([
      act("trash", ids.slice(0, 8)),
      call("POST", path, json(ids)),
      act("restore", ids.slice(2, 10)),
      act("trash", ids.slice(4, 12)),
      call("DELETE", path, json(ids.slice(3, 5))),
      act("delete", ids.slice(5, 7)),
      act("restore", ids.slice(0, 4)),
      call("POST", path, json(ids.slice(2, 8))),
      act("delete", ids.slice(6, 8)),
      act("trash", ids.slice(0, 12)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const deleted = (await told(since)).filter(([type]) => type === "asset_deleted").map(([, id]) => id);
    expect(deleted.toSorted()).toEqual(ids.slice(5, 8).toSorted());
    expect(await listed("trashed", ids)).toHaveLength(9);
  });
});

describe("an asset that is deleted for good", () => {
  /** With everything that can be stored of one, and told of one. */
  async function whole() {
    const asset = await uploaded();
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
    const keys = [original, derived].flatMap((versionId) => [
      originalKey(id, versionId),
      proxyKey(id, versionId),
      stillKey(id, versionId),
      renditionKey(id, versionId, "thumbnail", "webp"),
    ]);
    for (const key of keys) await env.BUCKET.put(key, "made of it");
    return { id, album, original, derived };
  }

  const keysOf = async (id: string): Promise<string[]> => (await storedKeys()).filter((key) => key.includes(id));

  it.each(["live", "trashed"])("leaves nothing of itself but the words that it is gone: %s", async (state) => {
    const before = await usage(me.libraryId);
    const { id, original, derived } = await whole();
    expect(await keysOf(id)).toHaveLength(8);
    expect((await usage(me.libraryId)).userBytes).toBe(before.userBytes + 150);
    if (state === "trashed") await done("trash", [id]);
    const gone = await call("DELETE", `/api/assets/${id}`, { token: me.token });
    expect([gone.status, await gone.text()]).toEqual([200, "{}"]);
    expect(await keysOf(id)).toEqual([]);
    expect(await usage(me.libraryId)).toEqual(before);
    const { events = [], deletions = [], ...others } = await rowsWith(id);
    expect(others).toEqual({});
    expect(deletions).toHaveLength(1);
    // An album's cover is told of by its id; so is what was taken out of it.
    const types = events.map((event) => event.event_type).filter((type) => type !== "album_updated");
    expect(types).toEqual(["album_asset_removed", "asset_deleted"]);
    for (const version of [original, derived]) expect(await rowsWith(version)).toEqual({});
    expect((await call("DELETE", `/api/assets/${id}`, { token: me.token })).status).toBe(404);
    expect(await statusOf(id)).toBe(404);
  });

  it("may be uploaded again, and is then another", async () => {
    const bytes = uniqueBytes(80);
    const first = await uploaded(bytes);
    await done("delete", [first.id, first.id]);
    expect((await uploaded(bytes)).id).not.toBe(first.id);
  });

  it("is no cover of its stack any more, which goes on with the others", async () => {
    const ids = (await newAssets(3)).toSorted();
    const [a = "", b = ""] = ids;
    const stack = await newStack(ids, a);
    await done("trash", [b]);
    const since = await lastSeq();
    await done("delete", [a]);
    expect(await told(since)).toEqual([
      ["stack_updated", stack, null],
      ["asset_deleted", a, null],
    ]);
    const left = await answer<Record<string, unknown>>(`/api/stacks/${stack}`);
    expect(left).toMatchObject({ asset_count: 1, primary_asset_id: null });
  });

  it("dissolves a stack that it leaves with one member, even one in the trash: first its end for that one, then its own", async () => {
    const [a = "", b = "", c = ""] = (await newAssets(3)).toSorted();
    const stack = await newStack([a, b, c], c);
    await done("trash", [c]);
    const before = await answer<Page["data"][number]>(`/api/assets/${c}`);
    const since = await lastSeq();
    await done("delete", [a, b]);
    expect(await told(since)).toEqual([
      ["asset_updated", c, { stack_id: null }],
      ["stack_deleted", stack, null],
      ["asset_deleted", a, null],
      ["asset_deleted", b, null],
    ]);
    expect((await call("GET", `/api/stacks/${stack}`, { token: me.token })).status).toBe(404);
    const left = await answer<Page["data"][number]>(`/api/assets/${c}`);
    expect(left.stack_id).toBeNull();
    expect(left.updated_at > before.updated_at).toBe(true);
  });

  it("takes its stack with it when all members go at once", async () => {
    const ids = (await newAssets(2)).toSorted();
    const stack = await newStack(ids);
    const since = await lastSeq();
    await done("delete", ids);
    expect((await told(since)).map(([type]) => type)).toEqual(["stack_deleted", "asset_deleted", "asset_deleted"]);
    expect(await sqlAll("SELECT id FROM stacks WHERE id = ?", stack)).toEqual([]);
  });

  it("is deleted once by two who ask at once: the other hears 404, and the feed says it once", async () => {
    const { id } = await uploaded();
    const since = await lastSeq();
    const answers = await Promise.all([1, 2, 3].map(() => call("DELETE", `/api/assets/${id}`, { token: me.token })));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["200", "404", "404"]);
    expect(await told(since)).toEqual([["asset_deleted", id, null]]);
  });

  it("is gone though the bucket does not answer", async () => {
    const { id } = await uploaded();
    const bucket = watchedBucket({ delete: "early" });
    await done("delete", [id], { env: { BUCKET: bucket.binding } });
    expect([await statusOf(id), (await keysOf(id)).length]).toEqual([404, 1]);
    await sqlAll("UPDATE deletions SET due_at = 0 WHERE asset_id = ?", id);
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

  it("has lost all that was in it, and nothing else", async () => {
    const ids = await newAssets(5);
    const theirs = await insertTenant();
    await trashRow([theirs.assetId], 5);
    await done("empty-trash");
    await done("trash", ids.slice(0, 3));
    await done("empty-trash");
    expect([await listed("trashed"), await listed("all")]).toEqual([[], ids.slice(3).toSorted()]);
    for (const id of ids.slice(0, 3)) expect(await statusOf(id)).toBe(404);
    expect(await statusOf(theirs.assetId, theirs.secret)).toBe(200);
    const since = await lastSeq();
    await done("empty-trash");
    expect(await told(since)).toEqual([]);
    await done("delete", ids);
  });

  it("is as empty to every reader when it held more than a call deletes, whose rest follows by messages", async () => {
    const bytes = uniqueBytes(90);
    const kept = await uploaded(bytes);
    const many = await newAssets(2300);
    await done("trash", [kept.id]);
    await trashRow(many, 50);
    const album = await newAlbum([]);
    const before = await usage(me.libraryId);
    await done("empty-trash");
    expect(queue.sent).toEqual([{ emptiedLibraryId: me.libraryId }]);
    const { count } = await usage(me.libraryId);
    expect(before.count - count).toBe(1000);

    // The one that was trashed last is purged last: it stands for the rest.
    expect(await sqlAll("SELECT id FROM assets WHERE id = ?", kept.id)).toHaveLength(1);
    expect(await listed("trashed")).toEqual([]);
    expect(await listed("all")).toEqual([]);
    for (const order of ["asc", "desc"]) {
      const page = await answer<Page>(`/api/assets?include=&state=trashed&order=${order}`);
      expect(page.data).toEqual([]);
      const dated = `local_datetime_after=2000-01-01&local_datetime_before=2099-01-01`;
      expect((await answer<Page>(`/api/assets?include=&state=trashed&order=${order}&${dated}`)).data).toEqual([]);
    }
    expect(await listed("all", [kept.id])).toEqual([]);
    for (const [method, path] of [
      ["GET", `/api/assets/${kept.id}`],
      ["DELETE", `/api/assets/${kept.id}`],
      ["GET", `/api/tasks/asset/${kept.id}`],
    ] as const) {
      expect((await call(method, path, { token: me.token })).status, path).toBe(404);
    }
    await done("restore", [kept.id]);
    await done("trash", [kept.id]);
    expect(await statusOf(kept.id)).toBe(404);
    const [task] = await sqlAll("SELECT id FROM tasks WHERE asset_id = ?", kept.id);
    expect((await call("GET", `/api/tasks/${String(task?.id)}`, { token: me.token })).status).toBe(404);
    expect(await answer<unknown[]>("/api/tasks/")).toEqual([]);
    const known = { token: me.token, json: { checksums: [kept.checksum] } };
    expect(await (await call("POST", "/api/assets/exist", known)).json()).toEqual({ assets: [] });
    for (const state of ["trashed", "all"]) {
      expect((await answer<Page>(`/api/assets/counts?state=${state}`)).data, state).toEqual([]);
    }
    const added = await call("POST", `/api/albums/${album}/assets`, {
      token: me.token,
      json: { asset_ids: [kept.id] },
    });
    expect(await added.json()).toMatchObject({ not_found_assets: [kept.id] });

    // What was in it may be sent again, and is new.
    const again = await uploaded(bytes);
    expect(again.id).not.toBe(kept.id);
    await done("trash", [again.id]);

    for (let i = 0; i < 5 && queue.sent.length > 0; i++) {
      await deliver(queue.sent.splice(0), { env: { QUEUE: queue.binding } });
    }
    expect(await listed("all")).toEqual([again.id]);
    expect((await usage(me.libraryId)).count).toBe(1);
  });

  it("is purged by the schedule when its message is lost, without what was restored before or trashed after", async () => {
    const [gone = "", restored = "", later = ""] = await newAssets(3);
    await done("trash", [gone, restored]);
    await done("restore", [restored]);
    const broken = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH turned")) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect((await act("empty-trash", undefined, { env: { DB: broken.binding } })).status).toBe(503);
    expect([await statusOf(gone), await statusOf(restored)]).toEqual([404, 200]);
    await done("trash", [later, restored]);
    await done("restore", [gone, restored]);
    expect([await statusOf(gone), await statusOf(later)]).toEqual([404, 200]);
    await runSchedule();
    expect(await sqlAll("SELECT id FROM assets WHERE id = ?", gone)).toEqual([]);
    expect([await listed("trashed"), await listed("live")]).toEqual([[later], [restored]]);
    await done("delete", [restored]);
  });

  it("holds whatever the clocks say: of what a machine ahead of time trashed, and of what one behind it trashes after", async () => {
    const [early = "", late = ""] = await newAssets(2);
    await trashRow([early], Date.now() + 3600_000);
    const broken = countingD1(env.DB, {
      beforeBatch: ([text = ""]) => {
        if (text.startsWith("WITH turned")) throw new Error("away");
      },
    });
    await act("empty-trash", undefined, { env: { DB: broken.binding } });
    expect(await statusOf(early)).toBe(404);
    await done("trash", [late]);
    expect(await listed("trashed")).toEqual([late]);
    await runSchedule();
    expect(await listed("trashed")).toEqual([late]);
    await done("restore", [late]);
    expect(await listed("live")).toEqual([late]);
    await done("delete", [late]);
  });

  it("takes no body, a library that is reached, and no unknown one", async () => {
    const theirs = await insertTenant();
    for (const libraryId of [theirs.libraryId, newId("library")]) {
      await refusalOf(await act("empty-trash", undefined, { query: `?library_id=${libraryId}` }), 404);
    }
    expect((await act("empty-trash", undefined, { query: "?library_id=x" })).status).toBe(422);
    await done("empty-trash", undefined, { query: `?library_id=${me.libraryId}` });
  });
});

describe("what is stored", () => {
  it("is what the rows say after any mixture of uploads, trash, restores and deletions", async () => {
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
      if (deed < 3 || some.length === 0) ids.push((await uploaded(uniqueBytes(50 + below(100)))).id);
      else if (deed === 3) await done("trash", some);
      else if (deed === 4) await done(below(2) === 0 ? "restore" : "delete", some);
      else if (below(3) === 0) await done("empty-trash");
    }
    const library = await answer<Record<string, number>>(`/api/libraries/${me.libraryId}`);
    const user = await answer<Record<string, number>>("/api/users/me");
    const [sum] = await sqlAll(
      "SELECT count(*) AS n, sum(file_size_bytes) AS bytes FROM assets WHERE user_id = ?",
      me.userId,
    );
    expect(Number(sum?.n)).toBeGreaterThan(3);
    expect(library).toMatchObject({ asset_count: sum?.n, storage_used_bytes: sum?.bytes });
    expect(user).toMatchObject({ storage_used_bytes: sum?.bytes });
  });
});
