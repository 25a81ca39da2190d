import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, uploadForm, type CallOptions } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import {
  insertAlbum,
  insertAlbumMembership,
  insertAssets,
  insertKey,
  insertLibrary,
  insertMember,
  insertTenant,
  insertUser,
  readEvents,
} from "../../support/clients/tenants.ts";
import { solidPng, versionForm } from "../../support/clients/versions.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";

const QUEUE = recordingQueue().binding;

let userId: string;
let source: string;
let destination: string;
let token: string;
beforeEach(async () => {
  userId = await insertUser();
  source = await insertLibrary(userId, "source");
  destination = await insertLibrary(userId, "destination");
  token = (await insertKey({ userId })).secret;
});

async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  return await call(method, path, { token, ...options, env: { QUEUE, ...options.env } });
}

async function uploadTo(libraryId: string, bytes = uniqueBytes(), name = "photo.jpg"): Promise<string> {
  const response = await send("POST", "/api/assets", { body: uploadForm(bytes, { libraryId, name }) });
  expect(response.status).toBe(201);
  return (await response.json<{ id: string }>()).id;
}

async function requestMove(ids: string[], options: CallOptions = {}): Promise<Response> {
  const json = { asset_ids: ids, source_library_id: source, destination_library_id: destination };
  return await send("POST", "/api/assets/move", { json, ...options });
}

/** The outcome of each id, or the failure. */
async function move(ids: string[], options: CallOptions = {}): Promise<string[]> {
  const response = await requestMove(ids, options);
  expect(response.status).toBe(200);
  const { data } = await response.json<{ data: { asset_id: string; outcome: string; failure: string | null }[] }>();
  expect(data.map(({ asset_id }) => asset_id)).toEqual([...new Set(ids)]);
  return data.map(({ outcome, failure }) => failure ?? outcome);
}

async function trash(change: "trash" | "restore", id: string, libraryId: string): Promise<void> {
  const response = await send("POST", `/api/assets/${change}?library_id=${libraryId}`, { json: { ids: [id] } });
  expect(response.status).toBe(200);
}

async function libraryOf(assetId: string): Promise<unknown> {
  return (await sqlAll("SELECT library_id FROM assets WHERE id = ?", assetId))[0]?.["library_id"];
}

async function countOf(libraryId: string): Promise<number> {
  const response = await send("GET", `/api/assets/counts?library_id=${libraryId}`);
  const { data } = await response.json<{ data: { count: number }[] }>();
  return data.reduce((sum, { count }) => sum + count, 0);
}

describe("a move", () => {
  it("keeps the id, the files, the versions, the tasks and what the user wrote", async () => {
    const id = await uploadTo(source, await solidPng(1), "photo.png");
    await send("PATCH", `/api/assets/${id}`, { json: { description: "text", latitude: 5, longitude: 6 } });
    await send("POST", `/api/assets/${id}/versions`, { body: versionForm(await solidPng(2)) });
    const read = async () =>
      await (await send("GET", `/api/assets/${id}?include=metadata,file_data`)).json<Record<string, unknown>>();
    const file = async () => await (await send("GET", `/api/assets/${id}/download`)).text();
    const tasksOf = async () => await (await send("GET", `/api/tasks/asset/${id}`)).json<unknown[]>();
    const before = { asset: await read(), bytes: await file(), tasks: await tasksOf() };
    expect(await move([id])).toEqual(["moved"]);
    expect(await read()).toEqual({ ...before.asset, updated_at: expect.any(String), asset_urls: expect.anything() });
    expect(await libraryOf(id)).toBe(destination);
    expect(await file()).toBe(before.bytes);
    expect(await tasksOf()).toEqual(before.tasks);
    const versions = await (await send("GET", `/api/assets/${id}/versions`)).json<unknown[]>();
    expect(versions).toHaveLength(2);
    expect([await countOf(source), await countOf(destination)]).toEqual([0, 1]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("takes the faces along with their ids, and leaves the people and their portraits", async () => {
    const owner = { userId, libraryId: source };
    const [id = "", kept = ""] = await insertAssets(owner, [{}, {}]);
    const [ada, bob] = [await insertPerson(owner, "Ada"), await insertPerson(owner, "Bob")];
    const faces = await insertFaces(owner, [
      { assetId: id, personId: ada },
      { assetId: id, personId: ada },
      { assetId: id },
      { assetId: kept, personId: ada },
    ]);
    await sqlAll("UPDATE people SET thumbnail_face_id = ? WHERE id = ?", faces[0], ada);
    await sqlAll("UPDATE people SET thumbnail_face_id = ? WHERE id = ?", faces[2], bob);
    const { lastSeq } = await readEvents();
    expect(await move([id])).toEqual(["moved"]);
    const response = await send("GET", `/api/assets/${id}?include=faces,people`);
    const asset = await response.json<{ faces: { id: string; person_id: null }[]; people: [] }>();
    expect(new Set(asset.faces.map((face) => face.id))).toEqual(new Set(faces.slice(0, 3)));
    expect(asset.faces.every((face) => face.person_id === null)).toBe(true);
    expect(asset.people).toEqual([]);
    const listed = await send("GET", `/api/people?library_id=${source}`);
    const { data } = await listed.json<{
      data: { name: string; asset_count: number; thumbnail_face_id: string | null }[];
    }>();
    expect(new Map(data.map((person) => [person.name, [person.asset_count, person.thumbnail_face_id]]))).toEqual(
      new Map([
        ["Ada", [1, faces[3]]],
        ["Bob", [0, null]],
      ]),
    );
    const { events } = await readEvents(lastSeq);
    const ofFaces = events.filter(({ entity_type }) => entity_type === "face");
    expect(ofFaces.map(({ library_id, entity_id, payload }) => [library_id, entity_id, payload])).toEqual(
      faces
        .slice(0, 2)
        .toSorted()
        .map((face) => [source, face, { person_id: null, previous_person_id: ada }]),
    );
    expect(
      new Set(events.filter(({ event_type }) => event_type === "person_updated").map(({ entity_id }) => entity_id)),
    ).toEqual(new Set([ada, bob]));
    expect(await findInconsistencies()).toEqual({});
  });

  it("moves counts by day and month, the map and the storage with the assets", async () => {
    const position: [number, number] = [13.4, 52.5];
    const ids = await insertAssets({ userId, libraryId: source }, [
      { capturedAt: "2024-05-06T07:08:09", position },
      { capturedAt: "2024-05-06T07:08:10", position, mediaType: "video" },
      { capturedAt: "2021-01-01T00:00:00" },
    ]);
    await insertAssets({ userId, libraryId: source }, [{ position }]);
    await insertAssets({ userId, libraryId: destination }, [{ position }]);
    expect(await move(ids)).toEqual(["moved", "moved", "moved"]);
    const map = async (libraryId: string) =>
      await (
        await send("GET", `/api/assets/geo-clusters?bbox=-180,-90,180,90&cell_size=1&library_id=${libraryId}`)
      ).json<{ data: { count: number }[] }>();
    expect((await map(source)).data).toMatchObject([{ count: 1 }]);
    expect((await map(destination)).data).toMatchObject([{ count: 3 }]);
    expect([await countOf(source), await countOf(destination)]).toEqual([1, 4]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("takes the assets out of albums and stacks, and deletes a stack of one", async () => {
    const owner = { userId, libraryId: source };
    const [a = "", b = "", c = "", d = "", e = ""] = await insertAssets(owner, [{}, {}, {}, {}, {}]);
    const albumIds = [await insertAlbum(owner), await insertAlbum(owner)];
    for (const album of albumIds) await send("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [a, b, c] } });
    const stackOf = async (ids: string[]) => {
      const json = { asset_ids: ids, library_id: source, primary_asset_id: ids[0] };
      return (await (await send("POST", "/api/stacks", { json })).json<{ id: string }>()).id;
    };
    const pair = await stackOf([a, b]);
    const trio = await stackOf([c, d, e]);
    const { lastSeq } = await readEvents();
    expect(await move([a, c])).toEqual(["moved", "moved"]);
    expect((await send("GET", `/api/stacks/${pair}`)).status).toBe(404);
    const left = await (await send("GET", `/api/stacks/${trio}`)).json();
    expect(left).toMatchObject({ asset_count: 2, primary_asset_id: expect.not.stringContaining(c) });
    for (const album of albumIds)
      expect(await (await send("GET", `/api/albums/${album}`)).json()).toMatchObject({ asset_count: 1 });
    const rows = await sqlAll("SELECT id, stack_id, album_count FROM assets WHERE id IN (?, ?, ?)", a, b, c);
    expect(new Map(rows.map(({ id, stack_id, album_count }) => [id, [stack_id, album_count]]))).toEqual(
      new Map([
        [a, [null, 0]],
        [b, [null, 2]],
        [c, [null, 0]],
      ]),
    );
    const { events } = await readEvents(lastSeq);
    const summary = events.map(
      ({ event_type, library_id }) => `${event_type} ${library_id === source ? "source" : "destination"}`,
    );
    const count = (type: string) => summary.filter((each) => each === type).length;
    expect(count("album_asset_removed source")).toBe(4);
    expect(count("stack_deleted source")).toBe(1);
    expect(count("stack_updated source")).toBe(1);
    expect(count("asset_updated source")).toBe(1);
    expect(summary.slice(-4)).toEqual([
      "asset_moved_out source",
      "asset_moved_out source",
      "asset_moved_in destination",
      "asset_moved_in destination",
    ]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is repeatable, and answers each distinct id once, in order", async () => {
    const [a = "", b = ""] = await insertAssets({ userId, libraryId: source }, [{}, {}]);
    expect(await move([b, a, b])).toEqual(["moved", "moved"]);
    const { lastSeq } = await readEvents();
    expect(await move([a, b])).toEqual(["already_in_destination", "already_in_destination"]);
    expect((await readEvents(lastSeq)).events).toEqual([]);
  });

  it("back and forth ends where it began", async () => {
    const id = await uploadTo(source);
    expect(await move([id])).toEqual(["moved"]);
    [source, destination] = [destination, source];
    expect(await move([id])).toEqual(["moved"]);
    expect(await libraryOf(id)).toBe(destination);
    expect(await findInconsistencies()).toEqual({});
  });

  it("ends the cached responses of the asset", async () => {
    const id = await uploadTo(source);
    await move([id]);
    expect(await sqlAll("SELECT library_id FROM cache_purges WHERE tag = ?", id)).toEqual([{ library_id: source }]);
  });
});

describe("a move fails for", () => {
  it("an unknown, foreign or trashed asset: unavailable", async () => {
    const other = await insertTenant();
    const [trashed = "", trashedThere = ""] = [
      ...(await insertAssets({ userId, libraryId: source }, [{ trashedAt: 5 }])),
      ...(await insertAssets({ userId, libraryId: destination }, [{ trashedAt: 5 }])),
    ];
    const ids = ["asset_2222222222222222222222", other.assetId, trashed, trashedThere];
    expect(await move(ids)).toEqual(Array(4).fill("unavailable"));
    expect(await libraryOf(other.assetId)).toBe(other.libraryId);
    expect(await libraryOf(trashed)).toBe(source);
  });

  it("an asset of a third library: changed_source", async () => {
    const third = await insertLibrary(userId, "third");
    const [id = ""] = await insertAssets({ userId, libraryId: third }, [{}]);
    expect(await move([id])).toEqual(["changed_source"]);
    expect(await libraryOf(id)).toBe(third);
  });

  it("a file that the destination has, live or trashed: duplicate; in a cleared trash: busy", async () => {
    const [live, trashed, cleared] = [uniqueBytes(), uniqueBytes(), uniqueBytes()];
    const ids = [await uploadTo(source, live), await uploadTo(source, trashed), await uploadTo(source, cleared)];
    await uploadTo(destination, live);
    await trash("trash", await uploadTo(destination, trashed), destination);
    expect(await move(ids)).toEqual(["duplicate", "duplicate", "moved"]);
    [source, destination] = [destination, source];
    const twin = await uploadTo(destination, cleared);
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", twin);
    await sqlAll("UPDATE libraries SET trash_cleared_at = 5 WHERE id = ?", destination);
    expect(await move(ids.slice(2))).toEqual(["busy"]);
  });

  it("a destination at its storage limit: quota, and only from there on", async () => {
    const ids = await insertAssets({ userId, libraryId: source }, [{}, {}, {}, {}]);
    await sqlAll("UPDATE libraries SET storage_limit_bytes = 15 WHERE id = ?", destination);
    expect(await move(ids)).toEqual(["moved", "moved", "quota", "quota"]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("some assets while the others move", async () => {
    const [a = "", b = ""] = await insertAssets({ userId, libraryId: source }, [{}, { trashedAt: 5 }]);
    expect(await move(["asset_2222222222222222222222", a, b])).toEqual(["unavailable", "moved", "unavailable"]);
  });
});

describe("a move is refused", () => {
  it("with 422 for equal libraries, no assets, more than 200, and malformed ids", async () => {
    const [id = ""] = await insertAssets({ userId, libraryId: source }, [{}]);
    const body = (json: Record<string, unknown>) => ({
      json: { asset_ids: [id], source_library_id: source, destination_library_id: destination, ...json },
    });
    for (const json of [
      { destination_library_id: source },
      { asset_ids: [] },
      { asset_ids: Array(201).fill(id) },
      { asset_ids: ["nothing"] },
      { source_library_id: undefined },
    ])
      expect((await requestMove([], body(json))).status, JSON.stringify(json).slice(0, 80)).toBe(422);
    expect((await requestMove([], body({ asset_ids: Array(200).fill(id) }))).status).toBe(200);
  });

  it("with 403 for a key without write or delete_permanently", async () => {
    for (const actions of [
      ["read", "write", "delete"],
      ["read", "delete", "delete_permanently"],
    ]) {
      const key = await insertKey({ userId, actions });
      await expectError(await requestMove(["asset_2222222222222222222222"], { token: key.secret }), 403);
    }
  });

  it("with 404 for a library that is unknown, foreign, trashed or outside of the key", async () => {
    const [id = ""] = await insertAssets({ userId, libraryId: source }, [{}]);
    const foreign = await insertTenant();
    const trashed = await insertLibrary(userId, "trashed");
    await sqlAll("UPDATE libraries SET trashed_at = 5 WHERE id = ?", trashed);
    const restricted = await insertKey({ userId, libraryIds: [source] });
    await expectError(await requestMove([id], { token: restricted.secret }), 404);
    for (const libraryId of ["lib_2222222222222222222222", foreign.libraryId, trashed]) {
      const pairs = [
        [source, libraryId],
        [libraryId, destination],
      ];
      for (const [from, to] of pairs) {
        const json = { asset_ids: [id], source_library_id: from, destination_library_id: to };
        await expectError(await send("POST", "/api/assets/move", { json }), 404);
      }
    }
    expect(await libraryOf(id)).toBe(source);
  });

  it("with 403 for a member of one of the libraries who doesn't own it", async () => {
    const owner = await insertTenant();
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    const [id = ""] = await insertAssets({ userId, libraryId: source }, [{}]);
    destination = owner.libraryId;
    await expectError(await requestMove([id]), 403);
    [source, destination] = [owner.libraryId, source];
    await expectError(await requestMove([owner.assetId]), 403);
    expect(await libraryOf(owner.assetId)).toBe(owner.libraryId);
  });
});

describe("a move and a concurrent change", () => {
  /** Runs `change` once, before the batch that moves. */
  function interrupted(change: () => Promise<unknown>, times = 1): D1Database {
    let left = times;
    const faults: D1Faults = {
      beforeBatch: async (statements) => {
        if (left === 0 || !statements.some((text) => text.includes("asset_moved_in"))) return;
        left -= 1;
        await change();
      },
    };
    return countingD1(env.DB, faults).binding;
  }

  it("see each other: a trashed asset stays, an upload of the same bytes wins", async () => {
    const bytes = uniqueBytes();
    const [trashed, twin, plain] = [await uploadTo(source), await uploadTo(source, bytes), await uploadTo(source)];
    const DB = interrupted(async () => {
      await trash("trash", trashed, source);
      await uploadTo(destination, bytes);
    });
    expect(await move([trashed, twin, plain], { env: { DB } })).toEqual(["unavailable", "duplicate", "moved"]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("move each asset once when two moves run at once", async () => {
    const ids = await insertAssets(
      { userId, libraryId: source },
      Array.from({ length: 20 }, () => ({})),
    );
    const outcomes = await Promise.all([move(ids), move(ids.toReversed())]);
    for (const outcome of outcomes.flat()) expect(["moved", "already_in_destination"]).toContain(outcome);
    expect(outcomes.flat().filter((outcome) => outcome === "moved")).toHaveLength(20);
    expect(await findInconsistencies()).toEqual({});
  });

  it("return 409 without any change if the assets never stay the same", async () => {
    const [a = "", b = ""] = await insertAssets({ userId, libraryId: source }, [{}, {}]);
    let isTrashed = false;
    const DB = interrupted(async () => {
      isTrashed = !isTrashed;
      await trash(isTrashed ? "trash" : "restore", b, source);
    }, 9);
    await expectError(await requestMove([a, b], { env: { DB } }), 409);
    expect(await libraryOf(a)).toBe(source);
    expect(await findInconsistencies()).toEqual({});
  });

  it("end with 404 if the destination is trashed meanwhile", async () => {
    const [id = ""] = await insertAssets({ userId, libraryId: source }, [{}]);
    const DB = interrupted(async () => sqlAll("UPDATE libraries SET trashed_at = 5 WHERE id = ?", destination));
    await expectError(await requestMove([id], { env: { DB } }), 404);
    expect(await libraryOf(id)).toBe(source);
  });
});

describe("the cost of a move", () => {
  it("is two round trips and seventeen statements for 1 asset as for 200, each written with a bounded number of rows", async () => {
    const owner = { userId, libraryId: source };
    const database = countingD1(env.DB);
    const bindings = { env: { DB: database.binding } };
    const [one = "", ...ids] = await insertAssets(
      owner,
      Array.from({ length: 201 }, (_, at) => ({ position: [at / 10, at / 10] as [number, number] })),
    );
    const album = await insertAlbum(owner);
    for (const id of ids.slice(0, 20)) await insertAlbumMembership(owner, album, id);
    await sqlAll(
      "UPDATE assets SET album_count = 1 WHERE id IN (SELECT asset_id FROM album_assets WHERE album_id = ?)",
      album,
    );
    const countsOf = async (moved: string[]) => {
      await send("GET", "/api/libraries");
      database.reset();
      expect(new Set(await move(moved, bindings))).toEqual(new Set(["moved"]));
      const { statements, rowsWritten } = database.counts;
      const ofMove = statements.filter(({ sql }) => !sql.includes("api_keys"));
      return { statements: ofMove.length, rowsWritten };
    };
    const single = await countsOf([one]);
    const many = await countsOf(ids);
    expect(many.statements).toBe(single.statements);
    expect(single.statements).toBe(17);
    expect(single.rowsWritten).toBeLessThanOrEqual(50);
    expect(many.rowsWritten).toBeLessThanOrEqual(200 * 50);
  });

  it("of a photo from a camera is bounded", async () => {
    const database = countingD1(env.DB);
    const id = await uploadTo(source, await sampleBytes("thompson-springs.jpg"));
    expect(await move([id], { env: { DB: database.binding } })).toEqual(["moved"]);
    expect(database.counts.rowsWritten).toBeLessThanOrEqual(60);
  });
});
