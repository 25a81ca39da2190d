import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { drainLibraries } from "../../../src/operations/deletion/purgeLibraries.ts";
import type { PurgeDeps } from "../../../src/operations/deletion/purge.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { newLibrary, sqlAll, usage } from "../../support/clients/account.ts";
import { assetOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys } from "../../support/bindings/bucket.ts";
import { runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recount } from "../../support/rows/recount.ts";
import { insertAssets, rootOwner } from "../../support/clients/tenants.ts";
import { rowsWith } from "../../support/rows/traces.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const DAY_MS = 24 * 3600_000;

let userId = "";
beforeAll(async () => {
  ({ userId } = await rootOwner());
});
afterEach(async () => {
  expect(await recount()).toEqual({});
});

function deps(changes: Partial<PurgeDeps> = {}): PurgeDeps {
  return { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs: Date.now(), ...changes };
}

const withId = z.object({ id: z.string() });

async function made(path: string, json: unknown): Promise<string> {
  return withId.parse(await (await call("POST", path, { json })).json()).id;
}

/** Two uploads in an album and a stack, and a third in the trash. */
async function furnished(): Promise<{ libraryId: string; ids: string[]; albumId: string }> {
  const libraryId = await newLibrary("to be drained");
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await assetOf(await quietUpload(uniqueBytes(100), { libraryId }), 201)).id);
  const [a = "", b = "", c = ""] = ids;
  const albumId = await made("/api/albums", { name: "a", library_id: libraryId });
  await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [a, b] } });
  await made("/api/stacks", { asset_ids: [a, b], library_id: libraryId });
  await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [c] } });
  return { libraryId, ids, albumId };
}

async function ask(libraryId: string, what: "trash" | "restore" | "delete"): Promise<number> {
  const [method, end] = what === "delete" ? ["DELETE", ""] : ["POST", `/${what}`];
  return (await call(method, `/api/libraries/${libraryId}${end}`)).status;
}

const statusOf = async (path: string): Promise<number> => (await call("GET", path)).status;

async function doomed(libraryId: string): Promise<void> {
  expect([await ask(libraryId, "trash"), await ask(libraryId, "delete")]).toEqual([200, 200]);
}

describe("a library whose time in the trash is over", () => {
  it("is gone with the next scheduled run, and nothing of it is left", async () => {
    const before = await usage((await rootOwner()).libraryId);
    const { libraryId, ids } = await furnished();
    const keys = (await storedKeys()).filter((key) => ids.some((id) => key.includes(id)));
    expect(keys).toHaveLength(3);
    await doomed(libraryId);
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    await runSchedule();
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(404);
    expect(await rowsWith(libraryId)).toEqual({});
    for (const id of ids) expect(Object.keys(await rowsWith(id))).toEqual(["deletions"]);
    expect((await storedKeys()).filter((key) => ids.some((id) => key.includes(id)))).toEqual([]);
    expect((await usage((await rootOwner()).libraryId)).userBytes).toBe(before.userBytes);
    expect([await ask(libraryId, "restore"), await ask(libraryId, "delete")]).toEqual([404, 404]);
  });

  it("is left alone until then, and when it is live", async () => {
    const trashed = await furnished();
    const live = await furnished();
    await ask(trashed.libraryId, "trash");
    await drainLibraries(deps({ nowMs: Date.now() + 89 * DAY_MS }));
    for (const { libraryId } of [trashed, live]) expect((await usage(libraryId)).count).toBe(3);
    await drainLibraries(deps({ nowMs: Date.now() + 91 * DAY_MS }));
    expect(await sqlAll("SELECT id FROM libraries WHERE id = ?", trashed.libraryId)).toEqual([]);
    expect((await usage(live.libraryId)).count).toBe(3);
  });

  it("may be named by a key, which then reaches nothing", async () => {
    const { libraryId } = await furnished();
    const json = {
      name: "k",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [libraryId],
    };
    const created = await (await call("POST", "/api/api-keys/", { json })).json();
    const { api_key: token, id } = z.object({ api_key: z.string(), id: z.string() }).parse(created);
    await doomed(libraryId);
    await drainLibraries(deps());
    expect(await (await call("GET", "/api/libraries?state=all", { token })).json()).toEqual([]);
    expect((await call("GET", "/api/assets", { token })).status).toBe(400);
    await sqlAll("DELETE FROM api_keys WHERE id = ?", id);
  });

  it("that is large goes part by part, each run where the last one stopped, and no run does more than its part", async () => {
    const libraryId = await newLibrary("large");
    await insertAssets(
      { userId, libraryId },
      Array.from({ length: 4100 }, () => ({})),
    );
    await sqlAll(
      `INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at)
       SELECT 'album_' || a.id, library_id, user_id, '', 0, 0 FROM assets a WHERE library_id = ? LIMIT 1500`,
      libraryId,
    );
    await doomed(libraryId);
    const left: number[] = [];
    for (let run = 0; run < 3; run++) {
      const counted = countingD1(env.DB);
      await drainLibraries(deps({ db: openDatabase(counted.binding, "primary") }));
      expect(counted.counts.roundTrips).toBeLessThanOrEqual(25);
      const [row] = await sqlAll("SELECT asset_count FROM libraries WHERE id = ?", libraryId);
      left.push(Number(row?.asset_count ?? -1));
    }
    expect(left).toEqual([2100, 100, -1]);
    expect(await rowsWith(libraryId)).toEqual({});
  });
});

describe("several libraries whose time is over", () => {
  it("share the parts of a run, and all come to their end", async () => {
    const libraryIds = [await newLibrary("one"), await newLibrary("two"), await newLibrary("three")];
    for (const libraryId of libraryIds) {
      await sqlAll(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 32000)
         INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
         SELECT ?, 'asset_deleted', 'asset', 'asset_' || i, (SELECT max(created_at) FROM events) FROM n`,
        libraryId,
      );
      await doomed(libraryId);
    }
    for (let run = 0; run < 3; run++) {
      const counted = countingD1(env.DB);
      await drainLibraries(deps({ db: openDatabase(counted.binding, "primary") }));
      expect(counted.counts.statements.length).toBeLessThan(70);
    }
    for (const libraryId of libraryIds) expect(await rowsWith(libraryId)).toEqual({});
  });
});

describe("a library that is restored while it is drained", () => {
  it("comes back with what was not deleted yet, told of in its feed", async () => {
    const { libraryId, ids, albumId } = await furnished();
    await doomed(libraryId);
    const dying = countingD1(env.DB, {
      afterBatch: ([text = ""]) => {
        if (text.startsWith("WITH turned")) throw new Error("the consumer died");
      },
    });
    await expect(drainLibraries(deps({ db: openDatabase(dying.binding, "primary") }))).rejects.toThrow();
    expect((await usage(libraryId)).count).toBe(0);
    expect(await ask(libraryId, "restore")).toBe(200);
    await drainLibraries(deps());
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    const album = await call("GET", `/api/albums/${albumId}`);
    expect(await album.json()).toMatchObject({ asset_count: 0, album_cover_asset_id: null });
    const feed = await sqlAll(
      "SELECT entity_id FROM events WHERE library_id = ? AND event_type = 'asset_deleted'",
      libraryId,
    );
    expect(feed.map((event) => String(event.entity_id)).toSorted()).toEqual(ids.toSorted());
  });

  it("between the look at it and the deletion loses nothing", async () => {
    const { libraryId, ids } = await furnished();
    await doomed(libraryId);
    const late = countingD1(env.DB, {
      beforeBatch: async ([text = ""]) => {
        if (text.startsWith("WITH turned")) await ask(libraryId, "restore");
      },
    });
    await drainLibraries(deps({ db: openDatabase(late.binding, "primary") }));
    expect((await usage(libraryId)).count).toBe(3);
    for (const id of ids) expect(await statusOf(`/api/assets/${id}`)).toBe(200);
  });

  it("between its last asset and its row stays, empty", async () => {
    const { libraryId, albumId } = await furnished();
    await doomed(libraryId);
    const late = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => text.includes("'album_deleted'"))) await ask(libraryId, "restore");
      },
    });
    await drainLibraries(deps({ db: openDatabase(late.binding, "primary") }));
    expect(await statusOf(`/api/libraries/${libraryId}`)).toBe(200);
    expect(await statusOf(`/api/albums/${albumId}`)).toBe(200);
    expect(await (await call("GET", `/api/assets?include=&library_id=${libraryId}`)).json()).toEqual({
      data: [],
      has_more: false,
    });
  });
});

describe("a drain that breaks off", () => {
  it("at any of its calls is finished by a later run", async () => {
    for (let fatal = 1; fatal <= 4; fatal++) {
      const { libraryId } = await furnished();
      await doomed(libraryId);
      let calls = 0;
      const dying = countingD1(env.DB, {
        beforeBatch: () => {
          calls += 1;
          if (calls === fatal) throw new Error("D1 is away");
        },
      });
      await expect(drainLibraries(deps({ db: openDatabase(dying.binding, "primary") }))).rejects.toThrow();
      await drainLibraries(deps());
      expect(await rowsWith(libraryId), `call ${fatal}`).toEqual({});
    }
  });

  it("is no harm when two runs are at it", async () => {
    const { libraryId } = await furnished();
    await doomed(libraryId);
    await Promise.all([drainLibraries(deps()), drainLibraries(deps()), drainLibraries(deps())]);
    await drainLibraries(deps());
    expect(await rowsWith(libraryId)).toEqual({});
  });
});

describe("an upload", () => {
  it("whose library went to the trash while it was on its way is refused, and leaves nothing", async () => {
    const libraryId = await newLibrary("leaving");
    const keys = await storedKeys();
    const late = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => /insert into "assets"/i.test(text))) await ask(libraryId, "trash");
      },
    });
    const response = await quietUpload(uniqueBytes(), { libraryId, env: { DB: late.binding } });
    expect(response.status).toBe(404);
    expect(await storedKeys()).toEqual(keys);
    expect(Object.keys(await rowsWith(libraryId))).toEqual(["libraries"]);
  });
});
